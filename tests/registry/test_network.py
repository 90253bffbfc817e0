"""The network beside divisions: units without a code, stations anywhere, who stands over whom."""

import asyncio
from uuid import uuid4

import pytest

from services.registry.app import service
from tests.conftest import WUHAN
from tests.http import actor, client
from tests.registry.conftest import a_station, added, an_agency
from tests.registry.test_bodies import last

UNITS, LINKS, STATIONS = (f"/v1/{WUHAN}/{kind}" for kind in ("units", "links", "stations"))


def a_unit(**more):
    said = {"name": "东湖高新区", "kind": "development_zone", "division": "420102"}
    return said | {"covers": ["420102008", "420102007"]} | more


def a_link(one, other, **more):
    said = {"kind": "supervises", "from_kind": "station", "from_id": str(one)}
    return said | {"to_kind": "station", "to_id": str(other), "starts_on": "2026-01-01"} | more


async def test_a_unit_covers_townships_and_is_told_whole(wuhan, bureau):
    made = await bureau.post(UNITS, json=a_unit())

    assert made.status_code == 201, made.text
    kind, data = await last(wuhan, "unit")
    assert kind == "registry.unit.changed.v1"
    assert data["covers"] == made.json()["covers"] == ["420102007", "420102008"]
    assert data["unit_id"] == made.json()["id"]


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"kind": "kingdom"}, "/kind"),
        ({"division": "330102"}, "/division"),
        ({"covers": ["420102007", "330102001"]}, "/covers/1"),
        ({"parent_id": str(uuid4())}, "/parent_id"),
        ({"since": "2024-01-01", "until": "2023-01-01"}, ""),
    ],
)
async def test_a_unit_is_refused_by_the_place_that_is_wrong(bureau, more, at):
    answer = await bureau.post(UNITS, json=a_unit(**more))

    assert answer.status_code == 422
    assert [each["at"] for each in answer.json()["errors"]] == [at]


@pytest.mark.usefixtures("wuhan")
async def test_a_unit_that_is_over_is_replaced_and_never_belongs_to_itself(bureau):
    unit = await added(bureau, "units", a_unit())
    place = f"{UNITS}/{unit}"

    itself = await bureau.put(place, json=a_unit(parent_id=str(unit)), headers={"if-match": '"1"'})
    over = await bureau.put(
        place, json=a_unit(status="abolished", until="2026-06-30"), headers={"if-match": '"1"'}
    )

    assert (itself.status_code, itself.json()["errors"][0]["code"]) == (422, "itself")
    assert (over.status_code, over.json()["status"]) == (200, "abolished")
    listed = await bureau.get(UNITS, params={"status": "abolished", "division": "4201"})
    assert [each["id"] for each in listed.json()["items"]] == [str(unit)]


@pytest.mark.usefixtures("wuhan")
async def test_a_station_stands_outside_any_township_and_serves_several(bureau):
    unit = await added(bureau, "units", a_unit())
    body = a_station(division="420102", unit_id=str(unit), serves=["420102008", "420102007"])

    made = await bureau.post(STATIONS, json=body)

    assert made.status_code == 201, made.text
    shown = (await bureau.get(f"{STATIONS}/{made.json()['id']}")).json()
    assert (shown["division"], shown["district"]) == ("420102", "420102")
    assert (shown["unit_id"], shown["serves"]) == (str(unit), ["420102008", "420102007"])
    inside = await bureau.get(STATIONS, params={"unit_id": str(unit)})
    assert [each["id"] for each in inside.json()["items"]] == [shown["id"]]


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"unit_id": str(uuid4())}, "/unit_id"),
        ({"agency_id": str(uuid4())}, "/agency_id"),
        ({"serves": ["420102007", "330102001"]}, "/serves/1"),
    ],
)
async def test_a_station_names_nothing_that_is_not_there(bureau, more, at):
    place = f"{STATIONS}/{await added(bureau, 'stations', a_station())}"

    entered = await bureau.post(STATIONS, json=a_station(**more))
    changed = await bureau.patch(place, json=more, headers={"if-match": '"1"'})

    for answer in (entered, changed):
        assert answer.status_code == 422
        assert [each["at"] for each in answer.json()["errors"]] == [at]


@pytest.mark.usefixtures("wuhan")
async def test_a_centre_that_provides_services_is_a_body_too_until_it_is_not(bureau):
    agency = await added(bureau, "agencies", an_agency())
    centre = a_station(tier="county", division="420102", agency_id=str(agency))
    place = f"{STATIONS}/{await added(bureau, 'stations', centre)}"

    none = await bureau.patch(place, json={"agency_id": None}, headers={"if-match": '"1"'})

    assert none.status_code == 200
    assert none.json()["agency_id"] is None


async def test_a_link_holds_for_a_period_and_is_told(wuhan, bureau):
    centre, station = [await added(bureau, "stations", a_station()) for _ in range(2)]
    made = await bureau.post(LINKS, json=a_link(centre, station, note="一季一次"))
    place = f"{LINKS}/{made.json()['id']}"

    twice = await bureau.post(LINKS, json=a_link(centre, station, starts_on="2026-06-01"))
    wrong = await bureau.patch(place, json={"ends_on": "2025-12-31"}, headers={"if-match": '"1"'})
    ended = await bureau.patch(place, json={"ends_on": "2026-05-31"}, headers={"if-match": '"1"'})
    again = await bureau.post(LINKS, json=a_link(centre, station, starts_on="2026-06-01"))

    assert (made.status_code, again.status_code) == (201, 201)
    assert (twice.status_code, twice.json()["errors"][0]["at"]) == (409, "/starts_on")
    assert (wrong.status_code, ended.status_code) == (422, 200)
    kind, data = await last(wuhan, "link")
    assert kind == "registry.link.changed.v1"
    assert (data["from_id"], data["to_id"]) == (str(centre), str(station))
    assert "note" not in data
    for on, number in (("2026-05-31", 1), ("2026-06-01", 1), ("2025-12-31", 0)):
        listed = await bureau.get(LINKS, params={"of": str(station), "on": on})
        assert len(listed.json()["items"]) == number, on


@pytest.mark.usefixtures("wuhan")
async def test_links_have_the_ends_their_kind_allows(bureau):
    station = await added(bureau, "stations", a_station())
    agency = await added(bureau, "agencies", an_agency())
    sends = {"kind": "dispatches", "from_kind": "agency", "from_id": str(agency)}

    wrong = await bureau.post(LINKS, json=a_link(station, station) | sends | {"kind": "controls"})
    itself = await bureau.post(LINKS, json=a_link(station, station))
    absent = await bureau.post(LINKS, json=a_link(uuid4(), station))
    right = await bureau.post(LINKS, json=a_link(station, station) | sends)

    assert [e["at"] for e in wrong.json()["errors"]] == ["/kind"]
    assert [e["at"] for e in itself.json()["errors"]] == ["/to_id"]
    assert absent.json()["type"] == "/problems/unknown-reference"
    assert right.status_code == 201


@pytest.mark.usefixtures("wuhan")
async def test_who_stands_over_is_not_stood_over(bureau):
    one, two, three = [await added(bureau, "stations", a_station()) for _ in range(3)]
    first = await bureau.post(LINKS, json=a_link(one, two))
    await bureau.post(LINKS, json=a_link(two, three))

    circle = await bureau.post(LINKS, json=a_link(three, one))
    await bureau.patch(
        f"{LINKS}/{first.json()['id']}",
        json={"ends_on": "2026-02-01"},
        headers={"if-match": '"1"'},
    )
    early = await bureau.post(LINKS, json=a_link(three, one, starts_on="2026-02-01"))
    loosened = await bureau.post(LINKS, json=a_link(three, one, starts_on="2026-02-02"))

    assert (circle.status_code, circle.json()["errors"][0]["code"]) == (422, "circular")
    assert (early.status_code, loosened.status_code) == (422, 201)


@pytest.mark.usefixtures("wuhan")
async def test_a_period_that_is_changed_makes_no_circle_either(bureau):
    one, two = [await added(bureau, "stations", a_station()) for _ in range(2)]
    over = await added(bureau, "links", a_link(one, two, ends_on="2026-03-31"))
    back = await added(bureau, "links", a_link(two, one, starts_on="2026-04-01"))

    async def changed(link, **said):
        answer = await bureau.patch(f"{LINKS}/{link}", json=said, headers={"if-match": '"1"'})
        return answer.status_code, [each["at"] for each in answer.json().get("errors", [])]

    assert await changed(over, ends_on=None) == (422, ["/ends_on"])
    assert await changed(back, starts_on="2026-03-31") == (422, ["/starts_on"])
    assert await changed(back, ends_on="2026-12-31") == (200, [])


@pytest.mark.usefixtures("wuhan")
async def test_of_two_links_made_at_once_that_close_a_circle_one_is_refused(bureau):
    for _ in range(6):
        one, two = [await added(bureau, "stations", a_station()) for _ in range(2)]

        answers = await asyncio.gather(
            bureau.post(LINKS, json=a_link(one, two)), bureau.post(LINKS, json=a_link(two, one))
        )

        assert sorted(each.status_code for each in answers) == [201, 422]


@pytest.mark.usefixtures("wuhan")
async def test_a_unit_belongs_to_none_that_belongs_to_it(bureau):
    for _ in range(4):
        top, middle, low = [await added(bureau, "units", a_unit()) for _ in range(3)]

        async def under(unit, parent):
            said = a_unit(parent_id=str(parent))
            return await bureau.put(f"{UNITS}/{unit}", json=said, headers={"if-match": '"1"'})

        assert (await under(middle, top)).status_code == 200
        both = await asyncio.gather(under(low, middle), under(top, low))

        assert sorted(each.status_code for each in both) == [200, 422]
        wrong = next(each for each in both if each.status_code != 200)
        assert wrong.json()["errors"][0]["code"] == "circular"


async def test_a_district_links_what_stands_in_it_and_a_station_sees_its_own(wuhan, bureau):
    own, away = [
        await added(bureau, "stations", a_station(division=code))
        for code in ("420102007", "420103001")
    ]
    agencies = [
        await added(bureau, "agencies", an_agency(credit_code=code))
        for code in ("52420100MJH000000R", "52420100MJH000001W")
    ]
    tie = {"kind": "related", "from_kind": "agency", "from_id": str(agencies[0])}
    tie |= {"to_kind": "agency", "to_id": str(agencies[1])}
    sends = {"kind": "dispatches", "from_kind": "agency", "from_id": str(agencies[0])}
    unit = await added(bureau, "units", a_unit())
    await bureau.patch(
        f"{STATIONS}/{own}", json={"unit_id": str(unit)}, headers={"if-match": '"1"'}
    )
    far = await added(bureau, "links", a_link(own, away) | sends)
    between = await added(bureau, "links", a_link(own, own) | tie)

    async with client(service, wuhan, actor("district_bureau", division="420102")) as district:
        near = await district.post(LINKS, json=a_link(own, own) | sends)
        answers = [
            await district.post(LINKS, json=a_link(own, away) | sends),
            await district.post(LINKS, json=a_link(own, own) | tie),
            await district.post(UNITS, json=a_unit(division="420103", covers=[])),
        ]
        seen = [each["id"] for each in (await district.get(LINKS)).json()["items"]]
    async with client(service, wuhan, actor("station_head", station_id=own)) as head:
        held = [each["id"] for each in (await head.get(LINKS)).json()["items"]]
        around = [each["id"] for each in (await head.get(UNITS)).json()["items"]]
        refused = await head.post(LINKS, json=a_link(own, own) | sends)
    async with client(service, wuhan, actor("agency", agency_id=agencies[1])) as agency:
        ties = [each["id"] for each in (await agency.get(LINKS)).json()["items"]]

    assert near.status_code == 201
    assert [each.status_code for each in answers] == [422, 403, 403]
    assert seen == held == [near.json()["id"]]
    assert around == [str(unit)]
    assert refused.status_code == 403
    assert ties == [str(between)]
    assert str(far) not in seen
