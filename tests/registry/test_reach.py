"""Who reaches what: every role against stations, people, agencies and partners of one city."""

from dataclasses import replace

import pytest

from chassis.identity import ROLE_SCOPES
from services.registry.app import service
from services.registry.reach import READS, WRITES
from services.registry.reactions import reactions
from tests import told
from tests.conftest import WUHAN
from tests.http import actor, client
from tests.registry.conftest import a_station, added, an_agency
from tests.registry.test_operators import signed
from tests.registry.test_supervision import a_supervision, a_supervisor
from tests.registry.test_trainings import a_training
from tests.registry.test_workers import OTHER, a_posting, a_worker

HERE, THERE = "420102007", "420103001"


@pytest.fixture
async def city(wuhan, bureau):
    """Two stations in two districts, each with its worker and its operator, and a partner."""
    ids = {
        "here": await added(bureau, "stations", a_station(division=HERE)),
        "there": await added(bureau, "stations", a_station(division=THERE)),
        "agency": await added(bureau, "agencies", an_agency()),
        "other_agency": await added(
            bureau, "agencies", an_agency(credit_code="52420100MJH000001W")
        ),
        "partner": await added(bureau, "partners", {"name": "江岸区人民法院", "kind": "court"}),
    }
    for name, number, station, employer in (
        ("worker", None, "here", "agency"),
        ("other_worker", OTHER, "there", "other_agency"),
    ):
        more = {"id_number": number} if number else {}
        ids[name] = await added(
            bureau,
            "workers",
            a_worker(employer_id=str(ids[employer]), postings=[a_posting(ids[station])], **more),
        )
    for here, worker in (("here", "worker"), ("there", "other_worker")):
        prefix = "" if here == "here" else "other_"
        ids[f"{prefix}training"] = await added(bureau, "trainings", a_training(ids[worker]))
        guide = await added(bureau, "workers", {"name": "督导某"})
        ids[f"{prefix}guide"] = guide
        ids[f"{prefix}supervisor"] = await added(
            bureau, "supervisors", a_supervisor(guide, ids[here])
        )
        ids[f"{prefix}supervision"] = await added(
            bureau, "supervisions", a_supervision(ids[here], ids[f"{prefix}supervisor"])
        )
    tell = told.Teller()
    await reactions.deliver(
        [
            tell(signed(ids["here"], ids["agency"], 1), told.some_id()),
            tell(signed(ids["there"], ids["other_agency"], 2), told.some_id()),
        ],
        wuhan,
    )
    return ids


def caller(role, ids, **more):
    if role in ("district_bureau", "township"):
        more = {"division": "420102" if role == "district_bureau" else HERE}
    if role in ("station_head", "worker"):
        more = {"station_id": ids["here"]}
    if role == "supervisor":
        more = {"worker_id": ids["guide"]}
    if role == "agency":
        more = {"agency_id": ids["agency"]}
    return actor(role, **more)


OTHERS = {"there", "other_worker", "other_training", "other_supervisor", "other_supervision"}
STAFF = {"here", "worker", "training", "supervisor", "supervision"}
ALL = STAFF | OTHERS | {"agency", "other_agency", "partner"}
DISTRICT = ALL - OTHERS
SEEN = {
    "city_bureau": ALL,
    "auditor": ALL,
    "district_bureau": DISTRICT,
    "township": DISTRICT,
    "station_head": STAFF | {"agency"},
    "worker": STAFF | {"agency"},
    "agency": STAFF | {"agency"},
    "supervisor": STAFF,
}
KINDS = {
    "here": "stations",
    "there": "stations",
    "agency": "agencies",
    "other_agency": "agencies",
    "partner": "partners",
    "worker": "workers",
    "other_worker": "workers",
    "training": "trainings",
    "other_training": "trainings",
    "supervisor": "supervisors",
    "other_supervisor": "supervisors",
    "supervision": "supervisions",
    "other_supervision": "supervisions",
}


@pytest.mark.parametrize("role", SEEN)
async def test_a_role_sees_its_part_in_lists_and_one_by_one(wuhan, city, role):
    listed, opened = set(), set()
    async with client(service, wuhan, caller(role, city)) as someone:
        for name, kind in KINDS.items():
            items = (await someone.get(f"/v1/{WUHAN}/{kind}")).json()["items"]
            if str(city[name]) in {each["id"] for each in items}:
                listed.add(name)
            answer = await someone.get(f"/v1/{WUHAN}/{kind}/{city[name]}")
            assert answer.status_code in (200, 404)
            if answer.status_code == 200:
                opened.add(name)

    assert listed == opened == SEEN[role]


@pytest.mark.parametrize("role", sorted(ROLE_SCOPES.keys() - SEEN.keys() - {"platform_admin"}))
@pytest.mark.usefixtures("city")
async def test_other_roles_have_no_business_here(wuhan, role):
    async with client(service, wuhan, actor(role)) as someone:
        answers = [await someone.get(f"/v1/{WUHAN}/{kind}") for kind in set(KINDS.values())]

    assert {answer.status_code for answer in answers} == {403}


async def test_every_role_that_reads_is_tried_here():
    assert READS.keys() <= SEEN.keys()
    assert WRITES.keys() == {
        role
        for role, scopes in ROLE_SCOPES.items()
        if scopes & {"registry:write", "supervision:write"}
    }


async def test_a_district_writes_inside_itself_only(wuhan, city):
    async with client(service, wuhan, caller("district_bureau", city)) as district:
        inside = await district.post(f"/v1/{WUHAN}/stations", json=a_station(division=HERE))
        outside = await district.post(f"/v1/{WUHAN}/stations", json=a_station(division=THERE))
        away = await district.patch(
            f"/v1/{WUHAN}/stations/{city['here']}",
            json={"division": THERE},
            headers={"if-match": '"2"'},
        )
        foreign = await district.patch(
            f"/v1/{WUHAN}/stations/{city['there']}",
            json={"name": "别名"},
            headers={"if-match": '"2"'},
        )
        elsewhere = await district.post(
            f"/v1/{WUHAN}/workers/{city['worker']}/postings",
            json=a_posting(city["there"], full_time=False),
        )
        unposted = await district.post(f"/v1/{WUHAN}/workers", json={"name": "王五"})
        agency = await district.post(f"/v1/{WUHAN}/agencies", json=an_agency())

    assert [inside.status_code, outside.status_code, away.status_code] == [201, 403, 403]
    assert (foreign.status_code, elsewhere.status_code) == (404, 422)
    assert (unposted.status_code, agency.status_code) == (403, 403)


@pytest.mark.usefixtures("city")
async def test_a_district_without_a_division_reaches_nothing(wuhan):
    async with client(service, wuhan, actor("district_bureau")) as nobody:
        listed = await nobody.get(f"/v1/{WUHAN}/stations")
        wrote = await nobody.post(f"/v1/{WUHAN}/stations", json=a_station())

    assert listed.json()["items"] == []
    assert wrote.status_code == 403


async def test_a_head_keeps_the_own_stations_facts_and_people(wuhan, city):
    async with client(service, wuhan, caller("station_head", city)) as head:
        place = f"/v1/{WUHAN}/stations/{city['here']}"
        version = {"if-match": (await head.get(place)).headers["etag"]}
        facts = await head.patch(place, json={"facts": {"volunteers": True}}, headers=version)
        version = {"if-match": facts.headers["etag"]}
        status = await head.patch(place, json={"status": "closed"}, headers=version)
        hired = await head.post(
            f"/v1/{WUHAN}/workers",
            json={"name": "赵六", "postings": [a_posting(city["here"])]},
        )
    someone = replace(caller("station_head", city), division=HERE)
    async with client(service, wuhan, someone) as head:
        opened = await head.post(f"/v1/{WUHAN}/stations", json=a_station())

    assert [facts.status_code, status.status_code] == [200, 403]
    assert [hired.status_code, opened.status_code] == [201, 403]


async def test_a_district_ends_the_postings_at_its_own_stations_only(wuhan, city, bureau):
    path = f"/v1/{WUHAN}/workers/{city['worker']}"
    [first] = (await bureau.get(path)).json()["postings"]
    part_time = {"full_time": False}  # who is somewhere full-time is nowhere else
    one = {"if-match": '"1"'}
    await bureau.patch(f"{path}/postings/{first['id']}", json=part_time, headers=one)
    await bureau.post(f"{path}/postings", json=a_posting(city["there"], **part_time))
    shown = (await bureau.get(path)).json()["postings"]
    at = {each["station_id"]: f"{path}/postings/{each['id']}" for each in shown}

    async with client(service, wuhan, caller("district_bureau", city)) as district:
        version = {"if-match": '"3"'}
        away = await district.patch(
            at[str(city["there"])], json={"full_time": False}, headers=version
        )
        own = await district.patch(
            at[str(city["here"])], json={"dispatched": False}, headers=version
        )

    assert [away.status_code, own.status_code] == [404, 200]


async def test_a_role_the_table_takes_writing_from_only_reads(wuhan, city, monkeypatch):
    monkeypatch.setitem(WRITES, "township", frozenset())
    async with client(service, wuhan, caller("township", city)) as township:
        seen = await township.get(f"/v1/{WUHAN}/stations/{city['here']}")
        version = {"if-match": seen.headers["etag"]}
        answers = [
            await township.post(f"/v1/{WUHAN}/stations", json=a_station()),
            await township.patch(
                f"/v1/{WUHAN}/stations/{city['here']}", json={"name": "别名"}, headers=version
            ),
            await township.post(
                f"/v1/{WUHAN}/workers", json={"name": "王五", "postings": [a_posting(city["here"])]}
            ),
            await township.patch(
                f"/v1/{WUHAN}/workers/{city['worker']}",
                json={"status": "left"},
                headers={"if-match": '"1"'},
            ),
            await township.post(f"/v1/{WUHAN}/partners", json={"name": "法院", "kind": "court"}),
        ]

    assert seen.status_code == 200
    assert {answer.status_code for answer in answers} == {403}


async def test_a_posting_that_is_over_opens_nothing(wuhan, city, bureau):
    path = f"/v1/{WUHAN}/workers/{city['worker']}"
    posting = (await bureau.get(path)).json()["postings"][0]["id"]
    await bureau.patch(
        f"{path}/postings/{posting}", json={"ends_on": "2026-11-19"}, headers={"if-match": '"1"'}
    )

    async with client(service, wuhan, caller("station_head", city)) as head:
        assert (await head.get(path)).status_code == 404
