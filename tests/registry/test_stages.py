"""Stages of stations: in order whatever order they are told in, and the state of any day by them."""

from datetime import date

import pytest

from chassis.problems import Problem
from services.registry.decide.stations import open_station
from services.registry.shapes import OpenStation
from tests.conftest import WUHAN
from tests.registry.conftest import a_station, added
from tests.registry.test_decisions import STREET, TODAY, WORDS, change, refused

STATIONS = f"/v1/{WUHAN}/stations"


def entered(status, **more):
    asked = {"name": "站", "tier": "township", "mode": "procured", "division": STREET.code}
    made, _ = open_station(OpenStation(status=status, **asked, **more), STREET, WORDS, TODAY)
    return made


def days(made):
    return [(each["status"], each["on"]) for each in made.stages]


@pytest.fixture
async def opened(bureau):
    """A station planned at New Year 2022 and open in June."""
    body = a_station(status="planned", effective_on="2022-01-01")
    del body["open_on"]
    made = await added(bureau, "stations", body)
    await changed(bureau, made, 1, status="open", effective_on="2022-06-01")
    return made


async def changed(bureau, made, version, **more):
    answer = await bureau.patch(
        f"{STATIONS}/{made}", json=more, headers={"if-match": f'"{version}"'}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def status(bureau, made, day):
    answer = await bureau.get(f"{STATIONS}/{made}/state", params={"as_of": day})
    return answer.json()["state"]["status"] if answer.status_code == 200 else answer.status_code


async def test_a_station_does_not_close_before_it_opened(bureau, opened):
    answer = await bureau.patch(
        f"{STATIONS}/{opened}",
        json={"status": "closed", "effective_on": "2020-01-01"},
        headers={"if-match": '"2"'},
    )

    assert answer.status_code == 422
    assert [(e["at"], e["code"]) for e in answer.json()["errors"]] == [
        ("/effective_on", "before-start")
    ]
    assert await status(bureau, opened, "2021-01-01") == 404
    assert await status(bureau, opened, "2022-05-31") == "planned"
    assert await status(bureau, opened, "2022-07-01") == "open"


async def test_a_word_of_an_earlier_day_does_not_bring_a_later_stage_with_it(bureau, opened):
    await changed(bureau, opened, 2, name="新名", effective_on="2022-03-01")

    assert await status(bureau, opened, "2022-03-15") == "planned"
    assert await status(bureau, opened, "2022-06-01") == "open"


async def test_stages_that_are_corrected_were_so_on_their_days(bureau, opened):
    stages = [("open", "2022-02-01"), ("suspended", "2023-01-01"), ("open", "2023-06-01")]
    said = await changed(
        bureau, opened, 2, stages=[{"status": which, "on": on} for which, on in stages]
    )

    assert said["open_on"] == "2022-02-01"
    assert await status(bureau, opened, "2022-01-31") == 404
    assert await status(bureau, opened, "2022-03-01") == "open"
    assert await status(bureau, opened, "2023-02-01") == "suspended"


def test_a_first_stage_nobody_dated_gives_way_and_a_dated_one_does_not():
    made, event = change(entered("planned"), status="building", effective_on=date(2022, 4, 1))

    assert days(made) == [("planned", "2022-04-01"), ("building", "2022-04-01")]
    assert event.stages == made.stages
    with pytest.raises(Problem) as late:
        change(made, status="open", effective_on=date(2022, 3, 1))
    assert refused(late) == ["/effective_on before-start"]

    dated = entered("planned", effective_on=TODAY)
    with pytest.raises(Problem) as wrong:
        change(dated, status="building", effective_on=date(2022, 4, 1))
    assert refused(wrong) == ["/effective_on before-start"]


def test_a_stage_says_that_nobody_dated_it():
    silent, said = entered("planned"), entered("planned", effective_on=date(2022, 1, 1))

    assert silent.stages == [{"status": "planned", "on": TODAY.isoformat(), "assumed": True}]
    assert said.stages == [{"status": "planned", "on": "2022-01-01"}]
    assert entered("open", open_on=date(2022, 1, 1)).stages == [
        {"status": "open", "on": "2022-01-01"}
    ]


def test_the_day_of_opening_is_the_day_of_that_stage():
    made = entered("planned", effective_on=date(2022, 1, 1))
    made, _ = change(made, status="open", open_on=date(2022, 6, 1))
    assert days(made) == [("planned", "2022-01-01"), ("open", "2022-06-01")]

    made, _ = change(made, open_on=date(2022, 5, 1))
    assert days(made)[1] == ("open", "2022-05-01")
    with pytest.raises(Problem) as wrong:
        change(made, open_on=date(2021, 12, 31))
    assert refused(wrong) == ["/open_on out-of-order"]


def test_no_stage_has_begun_tomorrow():
    with pytest.raises(Problem) as wrong:
        change(entered("planned"), stages=[{"status": "planned", "on": date(2026, 11, 21)}])

    assert refused(wrong) == ["/stages/0/on in-future"]
