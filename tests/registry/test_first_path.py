"""A city is served, its pack activated, a station entered: each with the event others hear."""

import orjson

from chassis.identity import PLATFORM
from chassis.tables import CityKept, EventLog, Outbox, PackKept
from services.registry.app import service
from services.registry.models import Station
from tests import told
from tests.conftest import HANGZHOU, WUHAN, who
from tests.http import actor, client
from tests.registry.conftest import a_station


async def events(database, city=WUHAN):
    """Return type and data of every event of a city, in the order told."""
    async with database.begin(who(city)) as tx:
        rows = await tx.find(EventLog, order_by=EventLog.at)
        waiting = await tx.count(Outbox)
    assert waiting == len(rows)
    return [(row.type, orjson.loads(row.body)["data"]) for row in rows]


async def test_a_city_served_is_told_under_the_platform(served):
    told_of = await events(served, PLATFORM)

    assert {kind for kind, _ in told_of} == {"registry.jurisdiction.changed.v1"}
    assert {data["code"]: data["prefixes"] for _, data in told_of} == {
        WUHAN: ["4201"],
        HANGZHOU: ["3301"],
    }
    async with served.begin(who(PLATFORM)) as tx:
        assert {city.code for city in await tx.find(CityKept)} == {WUHAN, HANGZHOU}


async def test_cities_show_the_pack_in_force_and_the_townships_counted(wuhan):
    async with client(service, wuhan, actor("public", PLATFORM)) as anybody:
        answer = await anybody.get("/v1/cities")

    assert answer.status_code == 200, answer.text
    hangzhou, shown = answer.json()["items"]
    assert answer.json()["next"] is None
    assert shown["name"] == {"zh": "武汉市", "en": "Wuhan"}
    assert (shown["code"], shown["kind"], shown["prefixes"]) == (WUHAN, "city", ["4201"])
    assert shown["pack"] == {
        "id": WUHAN,
        "version": told.shipped(WUHAN)[0],
        "in_force": "2021-01-01",
    }
    assert {"source": "nbs", "vintage": "2023-09-11", "count": 3} in shown["townships"]
    assert hangzhou["pack"] is None


async def test_an_activated_pack_travels_whole_and_is_kept_here(wuhan):
    version, text = told.shipped(WUHAN)

    told_of_packs = [each for each in await events(wuhan) if "pack" in each[0]]
    assert told_of_packs == [
        (
            "registry.pack.activated.v1",
            {"version": version, "in_force": "2021-01-01", "text": text},
        )
    ]
    async with wuhan.begin(who()) as tx:
        assert (await tx.get(PackKept, version)).text == text
        assert (await tx.pack()).version == version


async def test_a_station_is_entered_and_told_whole(wuhan, bureau):
    answer = await bureau.post(
        f"/v1/{WUHAN}/stations",
        json=a_station(
            division_name="一元街道",
            domains=["family_violence"],
            facts={"rooms": ["case"], "office_m2": 25.5, "plaque": None},
        ),
    )

    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/{WUHAN}/stations/{shown['id']}"
    assert (shown["status"], shown["division_name"], shown["district"]) == (
        "open",
        "一元街道",
        "420102",
    )
    async with wuhan.begin(who()) as tx:
        station = await tx.one(Station)
    assert (station.division, station.division_system, station.version) == ("420102007", "nbs", 1)
    kind, data = (await events(wuhan))[-1]
    assert kind == "registry.station.changed.v1"
    assert data == {
        "station_id": shown["id"],
        "as_of": "2021-12-01",
        "name": "一元街道社工站",
        "status": "open",
        "tier": "township",
        "mode": "procured",
        "division": "420102007",
        "division_system": "nbs",
        "division_name": "一元街道",
        "district": "420102",
        "serves": [],
        "unit_id": None,
        "agency_id": None,
        "stages": [{"status": "open", "on": "2021-12-01"}],
        "profile": {},
        "domains": ["family_violence"],
        "operator_id": None,
        "operator_since": None,
        "open_on": "2021-12-01",
        "facts": {"rooms": ["case"], "office_m2": 25.5, "plaque": None},
    }
