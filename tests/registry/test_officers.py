"""People of bodies: sealed, masked, and what ties two agencies."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.tables import Audit
from services.registry.app import service
from services.registry.models import ENTERED, Link, Officer
from tests.conftest import NOW, WUHAN, who
from tests.http import actor, client
from tests.registry.conftest import added, an_agency
from tests.registry.test_bodies import AGENCIES, COURT, PARTNERS, last

NUMBER = "11010519491231002X"
PERSON = {"role": "legal_representative", "name": "张一心", "phone": "13800138000"}
KNOWN = PERSON | {"id_type": "resident_id", "id_number": NUMBER, "starts_on": "2024-01-01"}
CODES = ("52420100MJH000000R", "52420100MJH000001W", "52330100MJH0000007")


@pytest.fixture
async def agencies(wuhan, bureau):
    assert wuhan
    return [await added(bureau, "agencies", an_agency(credit_code=code)) for code in CODES]


async def test_a_person_of_a_body_is_shown_behind_a_mask_and_told_by_an_id(wuhan, bureau, agencies):
    place = f"{AGENCIES}/{agencies[0]}"
    made = await bureau.post(f"{place}/officers", json=KNOWN | {"share_percent": 60})

    assert made.status_code == 201, made.text
    assert made.json().keys() == {"id", "version"}
    shown = (await bureau.get(f"{place}/officers")).json()
    assert shown["version"] == made.json()["version"] == 2
    (person,) = shown["items"]
    assert (person["name"], person["id_number"]) == ("张*", "110*************2X")
    assert person["phone"] == "138****8000"
    _, data = await last(wuhan, "agency")
    assert data["officers"] == [
        {
            "id": made.json()["id"],
            "role": "legal_representative",
            "share_percent": 60.0,
            "starts_on": "2024-01-01",
            "ends_on": None,
        }
    ]
    async with wuhan.begin(who()) as tx:
        (row,) = await tx.find(Officer)
    assert b"\xe5\xbc\xa0" not in row.name.sealed


async def enter(bureau, agency, **more):
    answer = await bureau.post(f"{AGENCIES}/{agency}/officers", json=KNOWN | more)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def change(bureau, agency, officer, **more):
    version = (await bureau.get(f"{AGENCIES}/{agency}")).json()["version"]
    return await bureau.patch(
        f"{AGENCIES}/{agency}/officers/{officer}",
        json=more,
        headers={"if-match": f'"{version}"'},
    )


async def ties(database):
    """Return between whom and on which days ties hold."""
    async with database.begin(who()) as tx:
        found = await tx.find(Link, order_by=(Link.starts_on, Link.id))
    assert {each.kind for each in found} <= {"related"}
    return [
        (each.from_id, each.to_id, str(each.starts_on), each.ends_on and str(each.ends_on))
        for each in found
    ]


async def test_one_person_in_two_agencies_ties_the_two_for_the_time_of_both_offices(
    wuhan, bureau, agencies
):
    one, two, three = agencies
    await enter(bureau, one)
    await enter(bureau, two, role="manager", starts_on="2025-03-01", ends_on="2027-02-28")
    await enter(bureau, three, role="contact")
    await bureau.post(f"{AGENCIES}/{three}/officers", json=PERSON)

    assert await ties(wuhan) == [(two, one, "2025-03-01", "2027-02-28")]
    kind, data = await last(wuhan, "link")
    assert (kind, data["starts_on"]) == ("registry.link.changed.v1", "2025-03-01")


async def test_a_tie_ends_moves_and_begins_with_the_offices(wuhan, bureau, agencies):
    one, two, _ = agencies
    first = await enter(bureau, one)
    second = await enter(bureau, two, role="contact")
    assert await ties(wuhan) == []

    became = await change(bureau, two, second, role="controller")
    assert became.status_code == 200, became.text
    assert await ties(wuhan) == [(two, one, "2024-01-01", None)]

    wrong = await change(bureau, one, first, ends_on="2023-12-31")
    await change(bureau, one, first, ends_on="2025-12-31")
    assert wrong.status_code == 422
    assert await ties(wuhan) == [(two, one, "2024-01-01", "2025-12-31")]

    await change(bureau, one, first, ends_on=None)
    assert await ties(wuhan) == [(two, one, "2024-01-01", None)]

    await change(bureau, two, second, role="contact")
    [(*_, starts_on, ends_on)] = await ties(wuhan)
    assert (starts_on, ends_on) == ("2024-01-01", str(NOW.date() - timedelta(days=1)))


async def test_offices_that_were_never_held_at_once_tie_nothing(wuhan, bureau, agencies):
    one, two, _ = agencies
    await enter(bureau, one, ends_on="2025-12-31")
    await enter(bureau, two, starts_on="2026-01-01")

    assert await ties(wuhan) == []


async def test_a_tie_somebody_entered_and_one_that_offices_make_hold_at_once(
    wuhan, bureau, agencies
):
    one, two, _ = agencies
    entered = {"kind": "related", "from_kind": "agency", "from_id": str(two), "to_kind": "agency"}
    entered |= {"to_id": str(one), "starts_on": "2023-01-01", "ends_on": "2024-06-30"}
    await added(bureau, "links", entered)
    await enter(bureau, one)

    await enter(bureau, two)

    assert await ties(wuhan) == [
        (two, one, "2023-01-01", "2024-06-30"),
        (two, one, "2024-01-01", None),
    ]
    async with wuhan.begin(who()) as tx:
        made = next(each for each in await tx.find(Link) if each.via != ENTERED)
    refused = await bureau.patch(
        f"/v1/{WUHAN}/links/{made.id}", json={"ends_on": "2025-01-01"}, headers={"if-match": '"1"'}
    )
    assert refused.status_code == 403


async def test_offices_entered_at_once_in_two_agencies_are_tied(wuhan, bureau, agencies):
    one, two, _ = agencies

    for _ in range(5):
        await asyncio.gather(enter(bureau, one), enter(bureau, two))

    assert len(await ties(wuhan)) == 25


async def test_a_contact_is_whole_for_who_keeps_the_partner_and_that_is_audited(wuhan, bureau):
    place = f"{PARTNERS}/{await added(bureau, 'partners', COURT)}/officers"
    await bureau.post(place, json=PERSON | {"role": "contact"})
    await bureau.post(place, json=PERSON | {"role": "manager"})

    mine = (await bureau.get(place)).json()["items"]
    async with client(service, wuhan, actor("auditor")) as auditor:
        theirs = (await auditor.get(place)).json()["items"]

    assert [(e["name"], e["phone"]) for e in mine] == [
        ("张一心", "13800138000"),
        ("张*", "138****8000"),
    ]
    assert {(e["name"], e["phone"]) for e in theirs} == {("张*", "138****8000")}
    async with wuhan.begin(who()) as tx:
        assert await tx.count(Audit, Audit.action == "officer.reveal") == 1


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"name": ""}, "/name"),
        ({"role": "king"}, "/role"),
        ({"id_number": "110105194912310020"}, "/id_number"),
        ({"phone": "12"}, "/phone"),
        ({"share_percent": 101}, "/share_percent"),
        ({"ends_on": "2023-12-31"}, "/ends_on"),
    ],
)
async def test_a_person_is_refused_by_the_place_that_is_wrong(bureau, agencies, more, at):
    answer = await bureau.post(f"{AGENCIES}/{agencies[0]}/officers", json=KNOWN | more)

    assert answer.status_code == 422
    assert [each["at"] for each in answer.json()["errors"]] == [at]
    assert NUMBER[:17] not in answer.text


@pytest.mark.usefixtures("wuhan")
async def test_a_person_of_another_body_is_absent(bureau, agencies):
    made = await bureau.post(f"{AGENCIES}/{agencies[0]}/officers", json=KNOWN)
    partner = await added(bureau, "partners", COURT)
    version = {"if-match": '"1"'}

    answers = [
        await bureau.patch(
            f"{AGENCIES}/{agencies[1]}/officers/{made.json()['id']}", json={}, headers=version
        ),
        await bureau.patch(
            f"{PARTNERS}/{partner}/officers/{made.json()['id']}", json={}, headers=version
        ),
        await bureau.post(f"{AGENCIES}/{uuid4()}/officers", json=KNOWN),
    ]

    assert {each.status_code for each in answers} == {404}


async def test_an_agency_says_its_rules_its_fields_and_where_it_was_incubated(wuhan, bureau):
    more = {
        "service_fields": ["elderly", "disability"],
        "systems": [{"kind": "projects", "adopted_on": "2022-01-01"}],
        "incubated_in": "420102",
        "incubated_on": "2022-05-01",
    }
    made = await bureau.post(AGENCIES, json=an_agency(**more))
    wrong = [
        await bureau.post(AGENCIES, json=an_agency(**each))
        for each in (
            {"service_fields": ["elderly", "dragons"]},
            {"systems": [{"kind": "magic"}]},
            {"incubated_in": "330102"},
        )
    ]

    assert made.status_code == 201, made.text
    _, data = await last(wuhan, "agency")
    assert {name: data[name] for name in more} == more
    assert [each.json()["errors"][0]["at"] for each in wrong] == [
        "/service_fields/1",
        "/systems/0/kind",
        "/incubated_in",
    ]


async def test_a_partner_says_its_channels_and_what_the_document_asks_of_it(wuhan, bureau):
    duty = {"what": "社区矫正对象帮扶", "cite": "方案 四(五)6", "clause": "HF-4.5-f"}
    more = {"channels": ["api", "telephone"], "duties": [duty], "division": "420102"}

    made = await bureau.post(PARTNERS, json=COURT | more)
    away = await bureau.post(PARTNERS, json=COURT | {"client_id": None, "division": "330102"})

    assert made.status_code == 201, made.text
    _, data = await last(wuhan, "partner")
    assert {name: data[name] for name in more} == more
    assert [each["at"] for each in away.json()["errors"]] == ["/division"]
