"""Found by a part of the name or its initials, within reach; sorted, page by page."""

import base64
from uuid import uuid4

import orjson
import pytest

from chassis.reading import cursor
from services.registry.app import service
from tests.conftest import WUHAN
from tests.http import actor, client
from tests.registry.conftest import a_station, added, an_agency
from tests.registry.test_bodies import COURT
from tests.registry.test_workers import OTHER, a_posting, a_worker

STATIONS = f"/v1/{WUHAN}/stations"
OPENED = {
    "一元街道社工站": "2022-05-01",
    "车站街道社工站": "2021-12-01",
    "民族街道社工站": "2023-01-01",
}


@pytest.fixture
async def stations(bureau):
    made = {}
    for name, division in zip(OPENED, ("420102007", "420102008", "420103001"), strict=True):
        body = a_station(name=name, division=division, open_on=OPENED[name])
        made[name] = await added(bureau, "stations", body | {"effective_on": OPENED[name]})
    planned = a_station(name="百步亭社工站", division="420102", status="planned")
    del planned["open_on"]
    made["百步亭社工站"] = await added(bureau, "stations", planned)
    return made


async def names(caller, path, **query):
    seen, after = [], None
    while True:
        more = {"limit": 2} | ({"after": after} if after else {})
        answer = await caller.get(path, params=query | more)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [each["name"] for each in page["items"]]
        after = page["next"]
        if after is None:
            return seen


@pytest.mark.usefixtures("stations")
@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("街道", {"一元街道社工站", "车站街道社工站", "民族街道社工站"}),
        ("民族", {"民族街道社工站"}),
        ("yyjd", {"一元街道社工站"}),
        ("YY JD", {"一元街道社工站"}),
        ("sgz", {"一元街道社工站", "车站街道社工站", "民族街道社工站", "百步亭社工站"}),
        ("%", set()),
        ("_", set()),
        ("道_工", set()),
        ("/", set()),
    ],
)
async def test_a_station_is_found_by_a_part_of_its_name_or_initials(bureau, q, found):
    assert set(await names(bureau, STATIONS, q=q)) == found


@pytest.mark.usefixtures("stations")
async def test_a_list_is_sorted_as_people_read_it_and_pages_go_on(bureau):
    by_name = ["百步亭社工站", "车站街道社工站", "民族街道社工站", "一元街道社工站"]
    by_day = ["车站街道社工站", "一元街道社工站", "民族街道社工站"]

    assert await names(bureau, STATIONS, sort="name") == by_name
    assert await names(bureau, STATIONS, sort="-name") == by_name[::-1]
    assert await names(bureau, STATIONS, sort="open_on") == by_day
    assert await names(bureau, STATIONS, sort="-open_on") == by_day[::-1]
    assert await names(bureau, STATIONS, sort="name", q="jd", status="open") == by_name[1:]
    assert (await bureau.get(STATIONS, params={"sort": "facts"})).status_code == 422
    answer = await bureau.get(STATIONS, params={"sort": "open_on", "after": "WyJhIiwgImIiXQ"})
    assert answer.status_code == 400


async def test_a_renamed_station_is_found_by_its_new_name(bureau, stations):
    place = f"{STATIONS}/{stations['一元街道社工站']}"
    await bureau.patch(place, json={"name": "沈阳路社工站"}, headers={"if-match": '"1"'})

    assert await names(bureau, STATIONS, q="sylsgz") == ["沈阳路社工站"]
    assert await names(bureau, STATIONS, q="yyjd") == []


async def test_a_search_stays_within_reach(wuhan, stations):
    here = stations["一元街道社工站"]
    async with client(service, wuhan, actor("station_head", station_id=here)) as head:
        assert await names(head, STATIONS, q="sgz") == ["一元街道社工站"]


@pytest.mark.usefixtures("wuhan")
async def test_agencies_and_partners_are_found_too(bureau):
    await added(bureau, "agencies", an_agency(name="和风社会工作中心"))
    other = an_agency(name="大地公益社", credit_code="52330100MJH0000007", registered_in="330102")
    await added(bureau, "agencies", other | {"established_on": "2015-01-01"})
    await added(bureau, "partners", COURT)
    agencies, partners = f"/v1/{WUHAN}/agencies", f"/v1/{WUHAN}/partners"

    assert await names(bureau, agencies, q="hfsh") == ["和风社会工作中心"]
    assert await names(bureau, agencies, registered_in="4201") == ["和风社会工作中心"]
    assert await names(bureau, agencies, credit_code="52330100") == ["大地公益社"]
    assert await names(bureau, agencies, sort="name") == ["大地公益社", "和风社会工作中心"]
    assert await names(bureau, agencies, sort="established_on") == ["大地公益社"]
    assert await names(bureau, partners, q="法院", sort="-name") == ["江岸区人民法院"]
    assert await names(bureau, partners, q="jaqrmfy") == ["江岸区人民法院"]


@pytest.mark.usefixtures("wuhan")
async def test_a_worker_is_found_by_a_name_that_stands_in_no_address(bureau):
    here, away = [
        await added(bureau, "stations", a_station(division=code))
        for code in ("420102007", "420103001")
    ]
    agency = await added(bureau, "agencies", an_agency())
    await added(
        bureau,
        "workers",
        a_worker(name="张小明", employer_id=str(agency), postings=[a_posting(here)]),
    )
    other = a_worker(name="曾明", cert="assistant", id_number=OTHER, postings=[a_posting(away)])
    await added(bureau, "workers", other)
    path = f"/v1/{WUHAN}/workers"

    async def found(**ask):
        answer = await bureau.post(f"{path}/search", json=ask)
        assert answer.status_code == 200, answer.text
        assert "idempotent-replay" not in answer.headers
        return [each["name"] for each in answer.json()["items"]]

    assert await found(q="小明") == ["张小明"]
    assert await found(q="zm") == await found(q="cm") == ["曾明"]
    assert await found(q="明", sort="name") == ["曾明", "张小明"]
    assert await found(q="明", division="420102") == ["张小明"]
    assert await names(bureau, path, employer_id=str(agency)) == ["张小明"]
    assert await names(bureau, path, division="420103") == ["曾明"]
    assert await names(bureau, path, cert=other["cert"], sort="-name")
    assert (await bureau.get(path, params={"q": "小明"})).status_code == 400


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize("sort", ["name", "-name"])
async def test_a_cursor_stands_in_an_address_so_it_holds_no_letter_of_a_persons_name(bureau, sort):
    people = ["鄢婧", "欧阳倩云", "鄢静", "甄子涵", "欧阳倩芸"]
    for name in people:
        await added(bureau, "workers", {"name": name})
    path, seen, after = f"/v1/{WUHAN}/workers", [], None

    for _ in people:
        more = {"after": after} if after else {}
        answer = await bureau.get(path, params={"sort": sort, "limit": 1} | more)
        page = answer.json()
        seen += [each["name"] for each in page["items"]]
        after = page["next"]
        if after:
            assert orjson.loads(base64.urlsafe_b64decode(f"{after}==")) == [page["items"][-1]["id"]]

    order = ["欧阳倩云", "欧阳倩芸", "鄢婧", "鄢静", "甄子涵"]
    assert after is None
    assert seen == (order if sort == "name" else order[::-1])
    stale = cursor([str(uuid4())])
    for wrong in (stale, cursor(["oyqy", str(uuid4())]), "x"):
        answer = await bureau.get(path, params={"sort": sort, "after": wrong})
        assert answer.status_code == 400


async def test_a_search_allows_its_own_method_and_not_those_of_an_id(bureau):
    answer = await bureau.delete(f"/v1/{WUHAN}/workers/search")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
