"""What is entered late speaks of the days it names: a first word holds from the earliest of them."""

import pytest

from tests.conftest import WUHAN
from tests.registry.conftest import a_station, added, an_agency
from tests.registry.test_dues import a_duty, a_filing, a_target
from tests.registry.test_network import a_link, a_unit
from tests.registry.test_sheets import STATION, sheet, taken, words
from tests.registry.test_supervision import a_supervision, a_supervisor
from tests.registry.test_trainings import a_training
from tests.registry.test_workers import NUMBER, a_posting, a_worker

__all__ = ["words"]
TODAY = "2026-11-20"


def silent(body):
    """Leave out the day a body is said to hold from."""
    return {name: value for name, value in body.items() if name != "effective_on"}


@pytest.fixture
async def held(bureau):
    """Return the day from which each record's first state is known."""

    async def since(kind, made):
        items = (await bureau.get(f"/v1/{WUHAN}/{kind}/{made}/history")).json()["items"]
        day = items[-1]["as_of"]
        state = f"/v1/{WUHAN}/{kind}/{made}/state"
        assert (await bureau.get(state, params={"as_of": day})).status_code == 200
        return day

    return since


@pytest.mark.usefixtures("wuhan")
async def test_what_is_entered_late_holds_since_the_first_day_it_names(bureau, held):
    async def entered(kind, body):
        made = await added(bureau, kind, body)
        return made, await held(kind, made)

    station, since = await entered("stations", silent(a_station()))
    assert since == "2021-12-01"
    posted = [a_posting(station, starts_on="2022-01-10", ends_on="2022-12-31")]
    worker, since = await entered("workers", a_worker(postings=posted))
    assert since == "2022-01-10"
    term, since = await entered("supervisors", a_supervisor(worker, station))
    assert since == "2024-01-01"
    other = await added(bureau, "stations", a_station(division="420103001"))
    for kind, body, day in (
        ("supervisions", a_supervision(station, term), "2026-03-02"),
        ("trainings", a_training(worker), "2026-03-02"),
        ("agencies", an_agency(established_on="2018-05-04"), "2018-05-04"),
        ("units", a_unit(since="2019-01-01"), "2019-01-01"),
        ("links", a_link(other, station), "2026-01-01"),
        ("targets", a_target(), "2023-01-01"),
        ("filings", a_filing(due_on="2026-06-30"), "2026-06-30"),
        ("filings", a_filing(due_on="2027-06-30"), TODAY),
        ("duties", a_duty(due_on="2026-03-31"), "2026-03-31"),
    ):
        assert (await entered(kind, body))[1] == day, kind


@pytest.mark.usefixtures("wuhan")
async def test_stages_say_since_when_a_station_is_known_and_a_change_holds_from_today(bureau, held):
    stages = [{"status": "planned", "on": "2021-03-01"}, {"status": "open", "on": "2021-12-01"}]
    made = await added(bureau, "stations", silent(a_station(stages=stages)))
    place = f"/v1/{WUHAN}/stations/{made}"

    changed = await bureau.patch(place, json={"name": "新名"}, headers={"if-match": '"1"'})

    assert await held("stations", made) == "2021-03-01"
    assert changed.json()["as_of"] == TODAY
    state = (await bureau.get(f"{place}/state", params={"as_of": "2021-06-01"})).json()["state"]
    assert (state["status"], state["name"]) == ("planned", "一元街道社工站")


@pytest.mark.usefixtures("words")
async def test_a_sheet_without_days_to_hold_from_says_the_days_of_its_rows(
    wuhan, bureau, held, tmp_path
):
    shut = STATION | {"名称*": "旧站", "状态*": "撤销", "生效日期": "2024-05-01"}
    assert (await taken(wuhan, sheet(tmp_path, "stations", STATION, shut)))[0] == {"new": 2}
    person = {"姓名*": "张小明", "证件号码*": NUMBER, "职业资格*": "none", "任职起": "2022-01-10"}
    person["站点名称"] = STATION["名称*"]
    assert (await taken(wuhan, sheet(tmp_path, "workers", person)))[0] == {"new": 1}

    stations = (await bureau.get(f"/v1/{WUHAN}/stations")).json()["items"]
    [worker] = (await bureau.get(f"/v1/{WUHAN}/workers")).json()["items"]
    assert {await held("stations", each["id"]) for each in stations} == {"2021-12-01"}
    assert await held("workers", worker["id"]) == "2022-01-10"
    [old] = [each["id"] for each in stations if each["name"] == "旧站"]
    told = (await bureau.get(f"/v1/{WUHAN}/stations/{old}")).json()["stages"]
    assert told == [
        {"status": "open", "on": "2021-12-01"},
        {"status": "closed", "on": "2024-05-01"},
    ]


@pytest.mark.usefixtures("words")
async def test_a_sheet_of_postings_holds_from_the_day_it_says(wuhan, bureau, tmp_path):
    station = await added(bureau, "stations", a_station())
    worker = await added(
        bureau, "workers", a_worker(postings=[a_posting(station, full_time=False)])
    )
    row = {"证件号码*": NUMBER, "站点名称*": "一元街道社工站", "任职起*": "2025-01-01"}
    row |= {"是否专职": "否", "生效日期": "2025-01-01"}

    await taken(wuhan, sheet(tmp_path, "postings", row))

    [last] = (await bureau.get(f"/v1/{WUHAN}/workers/{worker}/history?limit=1")).json()["items"]
    assert last["as_of"] == "2025-01-01"
