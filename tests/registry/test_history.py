"""The past of a record: what changed from version to version, and how it stood on a day."""

import pytest

from chassis.rows import Aggregate
from services.registry import models
from services.registry.app import service
from services.registry.decide.history import Change, changes
from services.registry.routes.history import KINDS
from tests.conftest import WUHAN
from tests.http import actor, client
from tests.registry.conftest import a_station, added, person
from tests.registry.test_workers import a_posting, a_worker

STATIONS = f"/v1/{WUHAN}/stations"
NOT_RECORDS = {"City", "Pack", "Register"}
"""Kinds whose past is shown elsewhere, or told by their own versions."""


@pytest.fixture
async def station(wuhan, bureau):
    """A station that was renamed in 2023 and, as was learnt later, had got rooms in 2022."""
    assert wuhan
    made = await added(bureau, "stations", a_station())
    for version, ask in enumerate(
        (
            {"name": "新站", "effective_on": "2023-05-01"},
            {"profile": {"rooms": [{"kind": "case"}]}, "effective_on": "2022-03-01"},
        ),
        1,
    ):
        place, seen = f"{STATIONS}/{made}", {"if-match": f'"{version}"'}
        assert (await bureau.patch(place, json=ask, headers=seen)).status_code == 200
    return made


def test_every_kind_of_record_has_a_past():
    kinds = {
        name
        for name in models.__all__
        if isinstance(made := getattr(models, name), type) and issubclass(made, Aggregate)
    }

    assert {kind.model.__name__ for kind in KINDS} == kinds - NOT_RECORDS


def test_changes_are_told_by_field_and_by_part():
    before = {
        "as_of": "2022-01-01",
        "name": "甲",
        "facts": {"demo": True, "rooms": []},
        "tier": "x",
    }
    after = {
        "as_of": "2023-01-01",
        "name": "乙",
        "facts": {"demo": True, "plaque": None},
        "tier": "x",
    }

    assert changes(before, after) == [
        Change("facts.rooms", [], None),
        Change("name", "甲", "乙"),
    ]
    assert changes(before, before) == []


async def test_the_versions_of_a_station_are_listed_newest_first(bureau, station):
    place = f"{STATIONS}/{station}/history"
    first = (await bureau.get(place, params={"limit": 2})).json()
    rest = (await bureau.get(place, params={"limit": 2, "after": first["next"]})).json()

    assert [each["version"] for each in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None
    told = [{each["field"]: each["now"] for each in item["changes"]} for item in first["items"]]
    assert told[0] == {"facts.rooms": ["case"], "profile.rooms": [{"kind": "case"}]}
    assert told[1] == {"name": "新站"}
    entered = rest["items"][0]
    assert (entered["as_of"], entered["type"]) == ("2021-12-01", "registry.station.changed.v1")
    assert {"field": "status", "was": None, "now": "open"} in entered["changes"]
    assert entered["client"] == f"{WUHAN}.city_bureau"


async def test_a_station_is_shown_as_it_stood_and_as_it_was_known(bureau, station):
    versions = (await bureau.get(f"{STATIONS}/{station}/history")).json()["items"]

    async def stood(**query):
        answer = await bureau.get(f"{STATIONS}/{station}/state", params=query)
        if answer.status_code != 200:
            return answer.status_code
        said = answer.json()
        return said["version"], said["state"]["name"], said["state"]["facts"]

    assert await stood(as_of="2021-11-30") == 404
    assert await stood(as_of="2022-01-01") == (1, "一元街道社工站", {})
    assert await stood(as_of="2022-06-01") == (3, "新站", {"rooms": ["case"]})
    assert await stood(as_of="2023-06-01", known_at=versions[1]["at"]) == (2, "新站", {})
    assert await stood(as_of="2022-06-01", known_at=versions[1]["at"]) == (1, "一元街道社工站", {})
    assert await stood() == (3, "新站", {"rooms": ["case"]})


async def test_a_change_of_what_is_told_to_nobody_names_no_field(wuhan, bureau):
    station = await added(bureau, "stations", a_station())
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(station)]))
    place = f"/v1/{WUHAN}/workers/{worker}"
    await bureau.patch(place, json={"phone": "13900139000"}, headers={"if-match": '"1"'})

    async with client(service, wuhan, actor("station_head", station_id=station)) as head:
        answer = await head.get(f"{place}/history")

    newest = answer.json()["items"][0]
    assert (newest["version"], newest["changes"]) == (2, [])
    assert (newest["client"], newest["purpose"]) == (None, None)
    for word in ("张小明", "13900139000", "13800138000"):
        assert word not in answer.text


async def test_the_past_is_within_reach_as_the_record_is(wuhan, bureau, station):
    async with client(service, wuhan, person("far", "district_bureau", division="420103")) as far:
        answers = [await far.get(f"{STATIONS}/{station}/{past}") for past in ("history", "state")]
    agencies = await bureau.get(f"/v1/{WUHAN}/agencies/{station}/history")

    assert {each.status_code for each in (*answers, agencies)} == {404}


@pytest.mark.parametrize(
    "after", ["WzEsInAiXQ", "WzEsMV0x", "WzEsMTAwMDAwMDAwMDAwMDAwMDAwMDAwXQ", "x"]
)
async def test_a_broken_cursor_is_refused(bureau, station, after):
    answer = await bureau.get(f"{STATIONS}/{station}/history", params={"after": after})

    assert answer.status_code == 400
