"""Stations over HTTP: status, view, row, event, retry, version, and where they may stand."""

from uuid import uuid4

import pytest

from chassis.tables import EventLog
from services.registry.app import service
from services.registry.models import Station
from tests.conftest import HANGZHOU, WUHAN, who
from tests.http import actor, client
from tests.registry.conftest import a_station, added

PATH = f"/v1/{WUHAN}/stations"


async def told(database, city=WUHAN):
    async with database.begin(who(city)) as tx:
        return await tx.count(EventLog, EventLog.agg_type == "station")


async def test_a_retry_enters_one_station_and_gets_the_same_bytes(served, bureau):
    same = {"headers": {"idempotency-key": "one"}, "json": a_station()}

    first, second = [await bureau.post(PATH, **same) for _ in range(2)]

    assert (first.status_code, first.content) == (201, second.content)
    assert second.headers["idempotent-replay"] == "true"
    assert second.headers["location"] == first.headers["location"]
    assert await told(served) == 1


async def test_a_change_needs_the_version_it_saw(served, bureau):
    place = f"{PATH}/{await added(bureau, 'stations', a_station())}"

    blind = await bureau.patch(place, json={"name": "新名"})
    late = await bureau.patch(place, json={"name": "新名"}, headers={"if-match": '"7"'})
    seen = await bureau.patch(place, json={"name": "新名"}, headers={"if-match": '"1"'})

    assert [each.status_code for each in (blind, late, seen)] == [428, 412, 200]
    assert late.headers["etag"] == '"1"'
    assert seen.headers["etag"] == '"2"'
    assert (await bureau.get(place)).json()["name"] == "新名"
    assert await told(served) == 2


@pytest.mark.usefixtures("wuhan")
async def test_a_status_that_does_not_follow_is_refused_with_those_that_do(bureau):
    place = f"{PATH}/{await added(bureau, 'stations', a_station())}"

    answer = await bureau.patch(place, json={"status": "planned"}, headers={"if-match": '"1"'})

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/wrong-status"
    assert answer.json()["allowed"] == ["closed", "suspended"]


@pytest.mark.parametrize(
    ("more", "slug", "at"),
    [
        ({"division": "420199001"}, "unknown-division", "/division"),
        ({"division": "330102001"}, "unknown-division", "/division"),
        ({"division_name": "车站街道"}, "division-name-mismatch", "/division_name"),
        ({"division_system": "mca"}, "unknown-division", "/division"),
        ({"facts": {"rooms": "one"}}, "invalid", "/facts/rooms"),
        ({"facts": {"wings": 2}}, "invalid", "/facts/wings"),
        ({"facts": {"workers": []}}, "invalid", "/facts/workers"),
        ({"facts": {"office_m2": "20"}}, "invalid", "/facts/office_m2"),
        ({"facts": {"rooms": ["case", "cellar"]}}, "invalid", "/facts/rooms/1"),
        ({"tier": "moon"}, "invalid", "/tier"),
        ({"colour": "red"}, "invalid", "/colour"),
    ],
)
async def test_a_station_is_refused_by_the_place_that_is_wrong(wuhan, bureau, more, slug, at):
    answer = await bureau.post(PATH, json=a_station(**more))

    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == f"/problems/{slug}"
    assert [each["at"] for each in answer.json()["errors"]] == [at]
    assert await told(wuhan) == 0


async def test_a_station_of_another_city_is_absent(served, bureau):
    async with client(service, served, actor("city_bureau", HANGZHOU)) as neighbour:
        theirs = await added(neighbour, "stations", a_station(division="330102001"), city=HANGZHOU)

    foreign, absent = [await bureau.get(f"{PATH}/{each}") for each in (theirs, uuid4())]
    through = await bureau.get(f"/v1/{HANGZHOU}/stations/{theirs}")

    assert foreign.status_code == absent.status_code == 404
    strip = {"trace_id": None}
    assert foreign.json() | strip == absent.json() | strip
    assert through.status_code == 403


async def test_lists_are_filtered_and_paged(bureau):
    for name, division, status in (
        ("一元街道社工站", "420102007", "open"),
        ("一元和平社工点", "420102007001", "planned"),
        ("车站街道社工站", "420102008", "open"),
        ("民族街道社工站", "420103001", "open"),
    ):
        body = a_station(name=name, division=division, status=status)
        if status == "planned":
            del body["open_on"]
        await added(bureau, "stations", body)

    async def names(**query):
        answer = await bureau.get(PATH, params=query)
        assert answer.status_code == 200, answer.text
        return [each["name"][:2] for each in answer.json()["items"]]

    assert await names() == ["一元", "一元", "车站", "民族"]
    assert await names(division="420102") == ["一元", "一元", "车站"]
    assert await names(division="420102007") == ["一元", "一元"]
    assert await names(status="planned") == ["一元"]
    assert await names(name="车站街") == ["车站"]
    assert await names(tier="community") == []
    assert (await bureau.get(PATH, params={"nmae": "x"})).status_code == 400
    seen, after = [], None
    while True:
        page = (
            await bureau.get(PATH, params={"limit": 3} | ({"after": after} if after else {}))
        ).json()
        seen.append(len(page["items"]))
        after = page["next"]
        if after is None:
            break
    assert seen == [3, 1]


async def test_a_station_may_move_within_the_city(served, bureau):
    station = await added(bureau, "stations", a_station())

    answer = await bureau.patch(
        f"{PATH}/{station}",
        json={"division": "420103001", "division_name": "民族街道"},
        headers={"if-match": '"1"'},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["district"] == "420103"
    async with served.begin(who()) as tx:
        assert (await tx.get(Station, station)).division_name == "民族街道"
