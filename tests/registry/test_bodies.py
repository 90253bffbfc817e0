"""Agencies and partners: entered once, replaced whole, told without their client."""

import orjson
import pytest

from chassis.tables import EventLog
from tests.conftest import WUHAN, who
from tests.registry.conftest import added, an_agency

AGENCIES, PARTNERS = f"/v1/{WUHAN}/agencies", f"/v1/{WUHAN}/partners"
COURT = {
    "name": "江岸区人民法院",
    "kind": "court",
    "domains": ["family_violence"],
    "client_id": "420100.court-1",
}


async def last(database, kind):
    async with database.begin(who()) as tx:
        rows = await tx.find(EventLog, EventLog.agg_type == kind, order_by=EventLog.version.desc())
    return rows[0].type, orjson.loads(rows[0].body)["data"]


async def test_an_agency_is_entered_once_by_its_credit_code(wuhan, bureau):
    made = await bureau.post(AGENCIES, json=an_agency())
    again = await bureau.post(AGENCIES, json=an_agency(name="另一家"))
    wrong = await bureau.post(AGENCIES, json=an_agency(credit_code="52420100MJH0000000"))

    assert made.status_code == 201, made.text
    assert (again.status_code, again.json()["errors"][0]["at"]) == (409, "/credit_code")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "uscc-checksum")
    kind, data = await last(wuhan, "agency")
    assert kind == "registry.agency.changed.v1"
    assert data == {
        "agency_id": made.json()["id"],
        "as_of": "2026-11-20",
        **{name: an_agency()[name] for name in ("name", "kind", "registered_in", "business_scope")},
        "status": "active",
        **dict.fromkeys(("division", "established_on", "incubated_in", "incubated_on")),
        **{name: [] for name in ("service_fields", "systems", "officers")},
    }


@pytest.mark.usefixtures("wuhan")
async def test_an_agency_is_replaced_at_the_version_seen(bureau):
    place = f"{AGENCIES}/{await added(bureau, 'agencies', an_agency())}"
    other = an_agency(status="withdrawn", business_scope="养老服务")

    blind = await bureau.put(place, json=other)
    seen = await bureau.put(place, json=other, headers={"if-match": '"1"'})
    late = await bureau.put(place, json=other, headers={"if-match": '"1"'})

    assert [each.status_code for each in (blind, seen, late)] == [428, 200, 412]
    listed = await bureau.get(AGENCIES, params={"status": "withdrawn", "kind": "social_work"})
    assert [each["business_scope"] for each in listed.json()["items"]] == ["养老服务"]
    assert (await bureau.get(AGENCIES, params={"status": "active"})).json()["items"] == []


async def test_a_partner_is_told_without_its_client(wuhan, bureau):
    made = await bureau.post(PARTNERS, json=COURT)

    assert made.status_code == 201, made.text
    assert made.json()["client_id"] == "420100.court-1"
    kind, data = await last(wuhan, "partner")
    assert kind == "registry.partner.changed.v1"
    assert "client_id" not in data
    assert (data["kind"], data["domains"]) == ("court", ["family_violence"])


@pytest.mark.usefixtures("wuhan")
async def test_a_client_speaks_for_one_partner_of_its_own_city(bureau):
    await added(bureau, "partners", COURT)

    twice = await bureau.post(PARTNERS, json=COURT | {"name": "另一法院"})
    foreign = await bureau.post(PARTNERS, json=COURT | {"client_id": "330100.court-1"})
    without = [await bureau.post(PARTNERS, json=COURT | {"client_id": None}) for _ in range(2)]

    assert (twice.status_code, twice.json()["errors"][0]["at"]) == (409, "/client_id")
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (422, "other-city")
    assert [each.status_code for each in without] == [201, 201]


@pytest.mark.usefixtures("wuhan")
async def test_words_of_bodies_are_the_packs(bureau):
    kind = await bureau.post(PARTNERS, json=COURT | {"kind": "oracle"})
    domain = await bureau.post(PARTNERS, json=COURT | {"domains": ["dragons"]})
    agency = await bureau.post(AGENCIES, json=an_agency(kind="guild"))

    assert [each.json()["errors"][0]["at"] for each in (kind, domain, agency)] == [
        "/kind",
        "/domains/0",
        "/kind",
    ]


@pytest.mark.usefixtures("wuhan")
async def test_a_partner_is_replaced_at_the_version_seen(bureau):
    place = f"{PARTNERS}/{await added(bureau, 'partners', COURT)}"

    seen = await bureau.put(
        place, json=COURT | {"status": "suspended"}, headers={"if-match": '"1"'}
    )

    late = await bureau.put(place, json=COURT, headers={"if-match": '"1"'})
    assert (seen.status_code, seen.headers["etag"], late.status_code) == (200, '"2"', 412)
    listed = await bureau.get(PARTNERS, params={"status": "suspended"})
    assert len(listed.json()["items"]) == 1
