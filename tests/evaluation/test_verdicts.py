"""Stored sheets: one row a subject, judged for what changed, written when it changed, listed."""

import asyncio
from datetime import date, timedelta

import pytest

from contracts.procurement import ContractSigned
from contracts.registry import PackActivated
from services.evaluation import judging
from services.evaluation.decide.verdicts import RANKS
from services.evaluation.judging import Judge, Left, catch_up, step
from services.evaluation.models import Due, Sheet
from tests import told
from tests.conftest import NOW, who
from tests.e2e.house import eventually
from tests.evaluation.test_compliance import staffed
from tests.http import actor


async def sheets(city):
    """Return what is stored, by kind and id."""
    async with city.database.begin(who()) as tx:
        return {(s.kind, s.subject_id): s for s in await tx.find(Sheet)}


async def judged_are(city, number):
    """Whether so many are stored."""
    return len(await sheets(city)) == number


async def words(city, kind, identity):
    """Return stored words by rule."""
    stored = (await sheets(city))[kind, str(identity)]
    return {rule: word for rule, word, _ in (text.split(":") for text in stored.verdicts)}


def signed(station, agency, **more):
    said = {
        "contract_id": told.some_id(),
        "station_id": station,
        "agency_id": agency,
        "purchaser_kind": "township",
        "signed_on": date(2025, 12, 20),
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "renewal_of": None,
        "staffing": 3,
        "facts": {},
    }
    return ContractSigned(**said | more)


async def test_everybody_has_one_row_with_what_a_question_would_answer(wuhan):
    station, agency = await staffed(wuhan), told.some_id()
    await wuhan.hear(told.agency(agency), agency)
    contract = signed(station, agency)
    await wuhan.hear(contract, contract.contract_id)
    await wuhan.judge()

    stored = await sheets(wuhan)

    kinds = sorted(kind for kind, _ in stored)
    assert kinds == ["agency", "city", "contract", "station", "worker", "worker", "worker"]
    for kind, identity in stored:
        asked = await wuhan.verdicts(f"{kind}:{identity}")
        assert await words(wuhan, kind, identity) == {r: v["verdict"] for r, v in asked.items()}


async def test_one_changed_fact_changes_its_own_familys_rows_and_no_other(wuhan, monkeypatch):
    first, second = await staffed(wuhan), await staffed(wuhan, division="420102008")
    await wuhan.judge()
    before = await sheets(wuhan)
    later, worker = NOW + timedelta(hours=1), told.some_id()
    monkeypatch.setattr(wuhan.database, "clock", lambda: later)

    await wuhan.hear(told.station(first, facts={"rooms": ["office"]}), first)
    await wuhan.hear(told.worker(worker, told.posting(first)), worker)
    await wuhan.judge()

    after = await sheets(wuhan)
    assert after.keys() - before.keys() == {("worker", str(worker))}
    assert {key for key in before if after[key].changed_at == later} == {("station", str(first))}
    assert after["station", str(second)].changed_at == NOW


async def test_a_row_is_written_only_when_its_verdicts_change(wuhan, monkeypatch):
    station = await staffed(wuhan)
    await wuhan.judge()
    before = (await sheets(wuhan))["station", str(station)]
    later = NOW + timedelta(hours=1)
    monkeypatch.setattr(wuhan.database, "clock", lambda: later)

    await wuhan.hear(told.station(station, facts={"brand_projects": 2}), station)
    await wuhan.judge()
    same = (await sheets(wuhan))["station", str(station)]
    await wuhan.hear(told.station(station, facts={"rooms": ["office"]}), station)
    await wuhan.judge()
    other = (await sheets(wuhan))["station", str(station)]

    assert before.changed_at == same.changed_at == NOW
    assert other.changed_at == later
    assert "rooms:broken:in_principle" in other.verdicts


async def test_a_worker_who_goes_leaves_the_stations_row_and_the_lists(wuhan):
    station, worker = await staffed(wuhan, workers=2), told.some_id()
    await wuhan.hear(told.worker(worker, told.posting(station)), worker)
    await wuhan.judge()
    assert (await words(wuhan, "station", station))["full-time"] == "met"

    await wuhan.hear(told.worker(worker, status="left"), worker)
    await wuhan.judge()

    assert (await words(wuhan, "station", station))["full-time"] == "broken"
    assert ("worker", str(worker)) not in await sheets(wuhan)


async def test_a_station_that_closed_is_listed_no_more_and_can_still_be_asked_for(wuhan):
    station = await staffed(wuhan, workers=0)
    await wuhan.judge()

    await wuhan.hear(told.station(station, status="closed"), station)
    await wuhan.judge()

    assert ("station", str(station)) not in await sheets(wuhan)
    assert (await wuhan.verdicts(f"station:{station}"))["rooms"]["verdict"] == "undecided"


async def test_a_new_day_judges_everybody_again(wuhan, monkeypatch):
    station, worker = await staffed(wuhan, workers=2), told.some_id()
    post = told.posting(station, starts_on=date(2026, 11, 21))
    await wuhan.hear(told.worker(worker, post), worker)
    await wuhan.judge()
    assert (await words(wuhan, "station", station))["full-time"] == "broken"

    monkeypatch.setattr(wuhan.database, "clock", lambda: NOW + timedelta(days=1))
    await wuhan.judge()

    assert (await words(wuhan, "station", station))["full-time"] == "met"


async def test_a_pack_in_force_judges_everybody_again_in_bounded_steps(wuhan, monkeypatch):
    stations = [await staffed(wuhan, workers=3) for _ in range(3)]
    await wuhan.judge()
    monkeypatch.setitem(judging.KINDS, "station", 2)
    _, text = told.shipped("420100")
    more = text.replace("{central: 3, new: 2}", "{central: 4, new: 4}")
    stricter = PackActivated(version="stricter", in_force=date(2025, 1, 1), text=more)

    await wuhan.hear(stricter, told.some_id())
    first = await step(wuhan.database, "420100")
    half = [(await words(wuhan, "station", each))["full-time"] for each in stations]
    await wuhan.judge()
    whole = [(await words(wuhan, "station", each))["full-time"] for each in stations]

    assert first is Left.MORE
    assert sorted(half) == ["broken", "broken", "met"]
    assert whole == ["broken"] * 3


async def test_what_was_taken_is_due_again_when_judging_fails(wuhan, monkeypatch):
    station = await staffed(wuhan)

    async def fail(*_args):
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(judging, "families", fail)
        with pytest.raises(ConnectionError):
            await wuhan.judge()

    async with wuhan.database.begin(who()) as tx:
        assert await tx.count(Due) > 0
    await wuhan.judge()
    assert ("station", str(station)) in await sheets(wuhan)


async def test_without_a_pack_what_is_due_waits_for_it(heard):
    station = told.some_id()
    await heard.hear(told.station(station), station)
    await heard.judge()
    assert await sheets(heard) == {}

    await heard.hear(told.pack("420100"), told.some_id())
    await heard.judge()

    assert ("station", str(station)) in await sheets(heard)


async def test_the_judge_wakes_by_itself_when_something_is_told(wuhan):
    judge = Judge(wuhan.database)
    running = asyncio.create_task(judge.run())
    try:
        station = await staffed(wuhan)
        await eventually(lambda: judged_are(wuhan, 5))
    finally:
        judge.stop()
        await running
    assert (await words(wuhan, "station", station))["full-time"] == "met"


async def test_a_city_that_cannot_be_judged_keeps_nobody_else_waiting(wuhan, monkeypatch):
    station, really = await staffed(wuhan), judging.step

    async def step_but_one(database, city, **more):
        if city == "330100":
            raise KeyError("operator_id")
        return await really(database, city, **more)

    monkeypatch.setattr(judging, "step", step_but_one)
    judge = Judge(wuhan.database)
    judge.wake("330100")
    judge.wake("420100")
    running = asyncio.create_task(judge.run())
    try:
        await eventually(lambda: judged_are(wuhan, 5))
    finally:
        judge.stop()
        await running
    assert (await words(wuhan, "station", station))["full-time"] == "met"


async def test_a_city_where_something_was_told_goes_before_those_only_looked_at(wuhan):
    judge = Judge(wuhan.database)
    for number in range(10):
        judge._visit(f"99{number:02}00")
    judge.wake("420100")
    judge.wake("330100")

    turns = [judge._next() for _ in range(5)]

    assert turns[:2] == ["420100", "330100"]
    assert turns[2:] == ["990000", "990100", "990200"]
    for _ in range(20):
        judge.wake("420100")
        turns.append(judge._next())
    assert turns.count("420100") > 12
    assert len({t for t in turns if t.startswith("99")}) >= 6
    wuhan.database.on_follow_up.clear()


async def test_two_who_judge_at_once_leave_the_newest_verdicts(wuhan):
    station = told.some_id()
    for rooms in (["office"], ["office", "case", "group", "multi"]):
        await wuhan.hear(told.station(station, facts={"rooms": rooms}), station)
        await asyncio.gather(*(catch_up(wuhan.database, "420100") for _ in range(3)))

    assert (await words(wuhan, "station", station))["rooms"] == "met"


async def test_the_list_is_filtered_sorted_and_paged_and_nothing_is_lost(wuhan):
    stations = [await staffed(wuhan, workers=w) for w in (2, 3)]
    await staffed(wuhan, division="420103001", workers=2)
    await wuhan.judge()

    async def everything(**asked):
        found, after = [], {}
        while True:
            page = await wuhan.listed(**asked, limit=7, **after)
            found += [(i["subject"]["kind"], i["subject"]["id"], i["rule"]) for i in page["items"]]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    whole = await everything()
    stored = await sheets(wuhan)
    assert len(whole) == len(set(whole)) == sum(len(s.verdicts) for s in stored.values())
    for sort in ("-subject", "division", "-division", "rule", "-rule", "severity", "-severity"):
        assert sorted(await everything(sort=sort)) == sorted(whole)
    assert await everything(sort="-subject") == whole[::-1]
    broken = await wuhan.listed(rule="full-time", verdict="broken", district="420102")
    [line] = broken["items"]
    assert line["subject"] == {"kind": "station", "id": str(stations[0])}
    assert (line["severity"], line["modality"]) == ("violation", "must")
    assert line["cite"]["number"] == "武民政〔2021〕26号"
    assert line["name"] == "一元街道社工站"
    assert broken["judged"]["waiting"] == 0
    assert (await wuhan.listed(severity="hint", rule="full-time"))["items"] == []
    assert {i["modality"] for i in (await wuhan.listed(modality="duty"))["items"]} <= {"duty"}
    assert {i["subject"]["kind"] for i in (await wuhan.listed(kind="worker"))["items"]} <= {
        "worker"
    }


async def test_the_worst_comes_first(wuhan):
    await staffed(wuhan, workers=1)
    await wuhan.judge()
    order = [*RANKS][:5]

    for asked in ({}, {"known_at": "2026-11-20T03:00:00Z"}):
        worst = (await wuhan.listed(sort="severity", limit=200, **asked))["items"]
        mildest = (await wuhan.listed(sort="-severity", limit=200, **asked))["items"]

        assert worst == mildest[::-1]
        broken = [each["severity"] for each in worst if each["severity"]]
        assert broken == sorted(broken, key=order.index)
        assert len(set(broken)) > 1
        words = [each["verdict"] for each in worst]
        assert words[: len(broken)] == ["broken"] * len(broken)
        unknown = words.count("undecided")
        assert words[len(broken) : len(broken) + unknown] == ["undecided"] * unknown


async def test_a_list_of_another_day_is_judged_from_the_history_the_same_way(wuhan):
    station = await staffed(wuhan, workers=2)
    worker = told.some_id()
    await wuhan.hear(told.worker(worker, told.posting(station, starts_on=date(2023, 3, 1))), worker)
    await wuhan.judge()
    asked = {"rule": "full-time", "kind": "station"}

    then = await wuhan.listed(as_of="2023-02-28", **asked)
    since = await wuhan.listed(as_of="2023-03-01", **asked)
    now = await wuhan.listed(**asked)
    before = await wuhan.listed(known_at="2026-10-31T00:00:00Z", **asked)

    assert [i["verdict"] for page in (then, since, now) for i in page["items"]] == [
        "broken",
        "met",
        "met",
    ]
    assert before["items"] == []
    whole, today = await wuhan.listed(limit=200), {"as_of": "2026-11-20"}
    again = await wuhan.listed(limit=200, known_at="2026-11-20T03:00:00Z", **today)
    assert whole["items"] == again["items"]


async def test_a_list_shows_no_more_than_its_reader_reaches(wuhan):
    agency = told.some_id()
    here, there = (
        await staffed(wuhan),
        await staffed(wuhan, division="420103001", operator_id=agency),
    )
    await wuhan.hear(told.agency(agency), agency)
    await wuhan.judge()
    readers = {
        actor("district_bureau", division="420102"): {"420102007"},
        actor("station_head", station_id=here): {"420102007"},
        actor("worker", station_id=there): {"420103001"},
        actor("agency", agency_id=agency): {"420103001"},
        actor("evaluator"): set(),
        actor("supervisor"): set(),
    }
    for reader, divisions in readers.items():
        for asked in ({}, {"as_of": "2026-11-19"}):
            page = await wuhan.listed(reader, limit=200, **asked)
            assert {i["division"] for i in page["items"]} == divisions, (reader.role, asked)
        for station, division in ((here, "420102007"), (there, "420103001")):
            answer = await wuhan.ask(reader, f"verdicts/station:{station}")
            assert answer.status_code == (200 if division in divisions else 404), reader.role
    assert (await wuhan.ask(actor("partner"), "verdicts")).status_code == 403


async def test_on_another_day_only_who_may_be_seen_is_judged(wuhan, monkeypatch):
    agency, other = told.some_id(), told.some_id()
    here = await staffed(wuhan)
    there = await staffed(wuhan, division="420103001", operator_id=agency)
    for each in (agency, other):
        await wuhan.hear(told.agency(each), each)
    asked_for, really = [], judging.judged

    async def judged(tx, j, found, when):
        asked_for.append({(case.kind, case.id) for case in found.cases})
        return await really(tx, j, found, when)

    monkeypatch.setattr(judging, "judged", judged)

    async def seen(who, **more):
        await wuhan.listed(who, as_of="2026-11-19", limit=200, **more)
        return asked_for.pop()

    own = await seen(actor("station_head", station_id=here))
    assert {kind for kind, _ in own} == {"station", "worker"}
    assert ("station", str(here)) in own
    theirs = await seen(actor("agency", agency_id=agency))
    assert {one for one in theirs if one[0] in ("station", "agency")} == {
        ("station", str(there)),
        ("agency", str(agency)),
    }
    district = await seen(actor("district_bureau", division="420103"))
    assert {one for one in district if one[0] == "station"} == {("station", str(there))}
    assert await seen(actor("township", division="420102007"), kind="station") == {
        ("station", str(here))
    }
    whole = await seen(actor("city_bureau"))
    assert whole > own | theirs
    assert await seen(actor("city_bureau"), district="420102") < whole


async def test_one_subjects_stored_sheet_counts_what_it_holds(wuhan):
    station = await staffed(wuhan)
    await wuhan.judge()

    answer = await wuhan.ask(actor("city_bureau"), f"verdicts/station:{station}")

    sheet = answer.json()
    assert sum(sheet["counts"].values()) == len(sheet["verdicts"])
    line = next(v for v in sheet["verdicts"] if v["rule"] == "full-time")
    assert (line["verdict"], line["cite"]["number"]) == ("met", "武民政〔2021〕26号")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"rule": "Full"}, 422),
        ({"rule": "no-such-rule"}, 422),
        ({"district": "330106"}, 422),
        ({"verdict": "good"}, 422),
        ({"sort": "name"}, 422),
        ({"after": "WzFd"}, 400),
        ({"after": "WzEsMiwzXQ"}, 400),
        ({"colour": "red"}, 400),
    ],
)
async def test_what_cannot_be_listed_is_refused(wuhan, asked, status):
    assert (await wuhan.ask(actor("city_bureau"), "verdicts", **asked)).status_code == status


async def test_a_sheet_opens_to_the_events_its_facts_come_from(wuhan):
    station = await staffed(wuhan, workers=1)

    answer = await wuhan.ask(actor("city_bureau"), "compliance", subject=f"station:{station}")

    sources = answer.json()["sources"]
    assert {each["type"] for each in sources} == {
        "registry.station.changed.v1",
        "registry.worker.changed.v1",
    }
    mine = next(each for each in sources if each["aggregate"] == f"station/{station}")
    assert (mine["epoch"], mine["version"], mine["at"]) == (1, 1, "2026-11-01T10:00:00.000+08:00")
    assert mine["event"]


async def test_a_station_that_closed_later_was_there_before_whatever_was_told_of_then(wuhan):
    station, stages = told.some_id(), [{"status": "open", "on": "2022-01-01"}]
    first = told.station(station, as_of=date(2022, 1, 1), stages=stages)
    stages = [*stages, {"status": "closed", "on": "2024-01-31"}]
    shut = {"status": "closed", "stages": stages}
    await wuhan.hear(first, station)
    await wuhan.hear(told.station(station, as_of=date(2024, 1, 31), **shut), station)
    await wuhan.hear(told.station(station, as_of=date(2022, 3, 1), name="新名", **shut), station)

    then = await wuhan.listed(as_of="2023-06-01", kind="station")
    after = await wuhan.listed(as_of="2024-06-01", kind="station")

    assert {each["name"] for each in then["items"]} == {"新名"}
    assert after["items"] == []
