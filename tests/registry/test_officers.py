"""People of bodies: sealed, masked, and what ties two agencies."""

from uuid import uuid4

import pytest

from chassis.tables import Audit
from services.registry.app import service
from services.registry.models import Link, Officer
from tests.conftest import who
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


async def test_one_person_in_two_agencies_ties_the_two_once(wuhan, bureau, agencies):
    one, two, three = agencies
    for agency, person in (
        (one, KNOWN),
        (two, KNOWN | {"role": "manager"}),
        (two, KNOWN | {"role": "shareholder"}),
        (three, KNOWN | {"role": "contact"}),
        (three, PERSON),
    ):
        answer = await bureau.post(f"{AGENCIES}/{agency}/officers", json=person)
        assert answer.status_code == 201, answer.text

    async with wuhan.begin(who()) as tx:
        links = await tx.find(Link)
    assert [(each.kind, each.from_id, each.to_id) for each in links] == [("related", two, one)]
    kind, data = await last(wuhan, "link")
    assert (kind, data["starts_on"]) == ("registry.link.changed.v1", "2024-01-01")


async def test_an_office_that_is_over_ties_nothing(wuhan, bureau, agencies):
    one, two, _ = agencies
    made = await bureau.post(f"{AGENCIES}/{one}/officers", json=KNOWN)
    place = f"{AGENCIES}/{one}/officers/{made.json()['id']}"

    blind = await bureau.patch(place, json={"ends_on": "2025-12-31"})
    wrong = await bureau.patch(place, json={"ends_on": "2023-12-31"}, headers={"if-match": '"2"'})
    ended = await bureau.patch(place, json={"ends_on": "2025-12-31"}, headers={"if-match": '"2"'})
    await bureau.post(f"{AGENCIES}/{two}/officers", json=KNOWN)

    assert [e.status_code for e in (blind, wrong, ended)] == [428, 422, 200]
    async with wuhan.begin(who()) as tx:
        assert await tx.count(Link) == 0


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
