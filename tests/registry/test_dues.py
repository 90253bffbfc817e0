"""Targets, filings, duties: whose area, which days, whose receipt."""

from datetime import date
from uuid import uuid4

import pytest

from chassis.packs import Jurisdiction
from services.registry.app import service
from services.registry.decide.dues import MONTHS, duties_of
from services.registry.models import PackVersion
from services.registry.routes.packs import SUBJECTS
from tests import told
from tests.conftest import NOW, WUHAN
from tests.http import actor, client
from tests.registry.conftest import a_station, added
from tests.registry.test_bodies import COURT, last

TARGETS, FILINGS, DUTIES = (f"/v1/{WUHAN}/{kind}" for kind in ("targets", "filings", "duties"))
CITED = {"cite": "通知 三(一)", "clause": "WH-3.1-a"}


def a_target(**more):
    said = {"kind": "coverage", "year": 2023, "due_on": "2023-12-31", "tier": "township"}
    return said | {"amount": 100, "unit": "percent"} | CITED | more


def a_filing(**more):
    said = {"kind": "build_plan", "filer": "bureau", "receiver": "city", "division": "420102"}
    return said | {"due_on": "2026-12-31", "sections": ["goals"]} | CITED | more


def a_duty(**more):
    said = {"department": "disabled_federation", "what": "困难残疾人帮扶", "division": "420102"}
    return said | CITED | more


async def test_a_target_is_told_with_its_clause_and_without_its_note(wuhan, bureau):
    made = await bureau.post(
        TARGETS, json=a_target(baseline_year=2020, baseline=35, note="商区里定")
    )

    assert made.status_code == 201, made.text
    kind, data = await last(wuhan, "target")
    assert kind == "registry.target.changed.v1"
    assert (data["amount"], data["baseline"], data["clause"]) == (100.0, 35.0, "WH-3.1-a")
    assert "note" not in data


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        (TARGETS, a_target(kind="fame"), "/kind"),
        (TARGETS, a_target(tier="moon"), "/tier"),
        (TARGETS, a_target(division="330102"), "/division"),
        (TARGETS, a_target(baseline=35), ""),
        (TARGETS, a_target(amount=-1), "/amount"),
        (FILINGS, a_filing(kind="poem"), "/kind"),
        (FILINGS, a_filing(sections=["goals", "x"]), "/sections/1"),
        (FILINGS, a_filing(station_id=str(uuid4())), "/station_id"),
        (FILINGS, a_filing(filed_on="2027-01-01"), "/filed_on"),
        (FILINGS, a_filing(received_on="2026-01-01"), "/received_on"),
        (FILINGS, a_filing(receipt_no="7"), "/receipt_no"),
        (
            FILINGS,
            a_filing(filed_on="2026-01-02", returned_on="2026-01-01"),
            "/returned_on",
        ),
        (DUTIES, a_duty(department="guild"), "/department"),
        (DUTIES, a_duty(partner_id=str(uuid4())), "/partner_id"),
        (DUTIES, a_duty(done=[{"on": "2027-01-01"}]), "/done/0/on"),
    ],
)
async def test_what_is_due_is_refused_by_the_place_that_is_wrong(bureau, path, body, at):
    answer = await bureau.post(path, json=body)

    assert answer.status_code == 422, answer.text
    assert [each["at"] for each in answer.json()["errors"]] == [at]


async def test_a_filing_is_handed_in_acknowledged_or_returned(wuhan, bureau):
    place = f"{FILINGS}/{await added(bureau, 'filings', a_filing())}"
    seen = []
    async with client(service, wuhan, actor("district_bureau", division="420102")) as district:
        sent, late = {"filed_on": "2026-11-01"}, {"filed_on": "2026-11-05"}
        for someone, more in (
            (district, sent),
            (bureau, sent | {"returned_on": "2026-11-03"}),
            (district, sent),
            (district, late),
            (bureau, late | {"received_on": "2026-11-06", "receipt_no": "2026-17"}),
            (district, late),
        ):
            version = (await bureau.get(place)).headers["etag"]
            answer = await someone.put(place, json=a_filing(**more), headers={"if-match": version})
            seen.append(answer.json()["status"])

    # What was returned is handed in again, and neither a return nor a receipt is taken back.
    assert seen == ["filed", "returned", 403, "filed", "received", 403]


async def test_a_receipt_is_the_receiving_bodys_to_write(wuhan, bureau):
    received = {"filed_on": "2026-11-05", "received_on": "2026-11-06", "receipt_no": "2026-17"}
    station = await added(bureau, "stations", a_station())
    from_station = a_filing(filer="station", receiver="bureau", station_id=str(station))
    async with client(service, wuhan, actor("district_bureau", division="420102")) as district:
        own = await district.post(FILINGS, json=a_filing(**received))
        below = await district.post(FILINGS, json=from_station | received)
    async with client(service, wuhan, actor("station_head", station_id=station)) as head:
        alone = await head.post(FILINGS, json=from_station | {"filed_on": "2026-11-05"})
        forged = await head.post(FILINGS, json=from_station | received)
        foreign = await head.post(FILINGS, json=a_filing())
        listed = (await head.get(FILINGS)).json()["items"]
    city = await bureau.post(FILINGS, json=a_filing(**received))

    assert [e.status_code for e in (own, below, alone, forged, foreign, city)] == [
        *(403, 201, 201),
        *(403, 403, 201),
    ]
    assert (below.json()["status"], city.json()["receipt_no"]) == ("received", "2026-17")
    assert {each["id"] for each in listed} == {below.json()["id"], alone.json()["id"]}
    kind, data = await last(wuhan, "filing")
    assert kind == "registry.filing.changed.v1"
    assert data["status"] == "received"


@pytest.mark.usefixtures("wuhan")
async def test_what_is_late_is_found_by_its_day(bureau):
    late = await added(bureau, "filings", a_filing(due_on="2026-11-19"))
    await added(bureau, "filings", a_filing(due_on="2026-11-20"))
    await added(bureau, "filings", a_filing(due_on="2026-11-01", filed_on="2026-11-01"))

    query = {"due_before": "2026-11-20", "status": "due", "division": "4201"}
    found = await bureau.get(FILINGS, params=query)

    assert [each["id"] for each in found.json()["items"]] == [str(late)]


async def test_a_duty_is_done_once_or_again_and_again(wuhan, bureau):
    partner = await added(bureau, "partners", COURT)
    done = [{"on": "2026-06-30", "note": "简报"}, {"on": "2025-11-30"}]
    once = a_duty(done=done, partner_id=str(partner))
    statuses = [
        (await bureau.post(DUTIES, json=each)).json()["status"]
        for each in (once | {"every": "year"}, once, once | {"dropped": True}, a_duty())
    ]

    assert statuses == ["open", "done", "dropped", "open"]
    listed = await bureau.get(DUTIES, params={"partner_id": str(partner), "status": "done"})
    assert [each["done"][0]["on"] for each in listed.json()["items"]] == ["2025-11-30"]
    place = f"{DUTIES}/{listed.json()['items'][0]['id']}"
    await bureau.put(place, json=once, headers={"if-match": '"1"'})
    kind, data = await last(wuhan, "duty")
    assert (kind, data["done_on"]) == ("registry.duty.changed.v1", ["2025-11-30", "2026-06-30"])
    assert "done" not in data


async def test_a_district_sees_what_is_the_citys_and_changes_what_is_its_own(wuhan, bureau):
    for kind, body in (("targets", a_target), ("filings", a_filing), ("duties", a_duty)):
        whole, here, away = [
            await added(bureau, kind, body(division=code)) for code in (None, "420102", "420103")
        ]
        path, version = f"/v1/{WUHAN}/{kind}", {"if-match": '"1"'}
        async with client(service, wuhan, actor("district_bureau", division="420102")) as district:
            seen = {each["id"] for each in (await district.get(path)).json()["items"]}
            answers = [
                await district.put(f"{path}/{whole}", json=body(division=None), headers=version),
                await district.put(
                    f"{path}/{whole}", json=body(division="420102"), headers=version
                ),
                await district.put(f"{path}/{here}", json=body(division="420103"), headers=version),
                await district.put(f"{path}/{away}", json=body(division="420103"), headers=version),
                await district.post(path, json=body(division=None)),
                await district.post(path, json=body(division="420103")),
                await district.put(f"{path}/{here}", json=body(division="420102"), headers=version),
            ]
        assert {str(whole), str(here)} <= seen
        assert str(away) not in seen
        assert [e.status_code for e in answers] == [403, 403, 403, 404, 403, 403, 200], kind


@pytest.mark.parametrize("said", [None, "420103"])
async def test_what_a_station_files_is_its_own_areas_whatever_area_is_said(wuhan, bureau, said):
    station = await added(bureau, "stations", a_station())
    body = a_filing(filer="station", receiver="bureau", station_id=str(station), division=said)
    async with client(service, wuhan, actor("station_head", station_id=station)) as head:
        made = await head.post(FILINGS, json=body)
    path, version = f"{FILINGS}/{made.json()['id']}", {"if-match": '"1"'}
    answers = []
    for division in ("420103", "420102"):
        async with client(service, wuhan, actor("district_bureau", division=division)) as district:
            own = a_filing(filer="bureau", division=division)
            answers.append(await district.put(path, json=own, headers=version))

    assert made.json()["division"].startswith("420102")
    assert [each.status_code for each in answers] == [404, 200]


def a_version(*duties):
    said = {"what_en": None, "cite": "方案 三", "clause": None, "due_on": None, "every": "once"}
    return PackVersion(
        version="x",
        status="active",
        in_force=date(2026, 1, 1),
        author="a",
        authored_at=NOW,
        approver="b",
        approved_at=NOW,
        note="",
        text="",
        townships=[],
        duties=[said | each for each in duties],
    )


def test_the_register_follows_the_document_and_keeps_what_was_done():
    fund = {"pack_key": "fund", "department": "civil_affairs", "what": "设立社区基金"}
    year = {"pack_key": "year", "department": "justice", "what": "社区矫正", "every": "year"}
    day, later = date(2026, 1, 1), date(2026, 6, 1)

    first = [duty for duty, _ in duties_of(a_version(fund, year), [], day)]
    first[0].done = [{"on": "2026-02-01"}]
    same = duties_of(a_version(fund, year), first, later)
    changed = duties_of(a_version(fund | {"what": "设立社区发展基金"}), first, later)
    again = duties_of(a_version(fund | {"what": "设立社区发展基金"}, year), first, later)

    assert [(each.pack_key, each.status, each.as_of) for each in first[:1]] == [
        ("fund", "done", later)
    ]
    assert same == []
    assert [(event.what, event.status, event.done_on) for _, event in changed] == [
        ("设立社区发展基金", "done", [date(2026, 2, 1)]),
        ("社区矫正", "dropped", []),
    ]
    assert [(event.pack_key, event.status) for _, event in again] == [("year", "open")]


def test_a_duty_that_returns_is_due_at_the_end_of_each_of_its_periods():
    laid = {"department": "justice", "what": "合规审计", "since": "2024-01-01"}
    day = date(2021, 3, 5)
    said = [laid | {"pack_key": every, "every": every} for every in (*MONTHS, "once")]
    said.append(laid | {"pack_key": "young", "every": "month", "since": "2020-01-01"})
    said.append(laid | {"pack_key": "set", "every": "year", "due_on": "2024-06-30"})

    duties = [duty for duty, _ in duties_of(a_version(*said), [], day)]

    found = {duty.pack_key: duty.due_on and duty.due_on.isoformat() for duty in duties}
    assert found == {
        "month": "2024-01-31",
        "quarter": "2024-03-31",
        "half_year": "2024-06-30",
        "year": "2024-12-31",
        "once": None,
        "young": "2021-03-31",
        "set": "2024-06-30",
    }
    # The next version of the document does not begin them anew.
    assert duties_of(a_version(*said), duties, date(2026, 6, 1)) == []


async def test_a_duty_that_returns_and_says_no_day_keeps_the_one_it_has(bureau):
    made = await bureau.post(DUTIES, json=a_duty(every="quarter", effective_on="2026-02-03"))
    place = f"{DUTIES}/{made.json()['id']}"
    again = a_duty(every="quarter", done=[{"on": "2026-11-02"}])
    noted = await bureau.put(place, json=again, headers={"if-match": '"1"'})

    assert [each.json()["due_on"] for each in (made, noted)] == ["2026-03-31", "2026-03-31"]


async def test_what_a_document_lays_on_bodies_is_in_the_register_from_its_activation(wuhan, bureau):
    text = told.shipped(WUHAN)[1]
    laid = Jurisdiction.from_text(text, SUBJECTS).duties

    listed = (await bureau.get(DUTIES)).json()["items"]

    assert {each["pack_key"] for each in listed} == laid.keys() != set()
    for each in listed:
        duty = laid[each["pack_key"]]
        assert (each["department"], each["what"], each["what_en"]) == (
            duty.who,
            duty.what.zh,
            duty.what.en,
        )
        assert each["clause"] == (", ".join(duty.ids) or None)
        assert (each["due_on"] is None) == (duty.every == "once")
    kind, data = await last(wuhan, "duty")
    assert (kind, data["as_of"]) == ("registry.duty.changed.v1", "2021-01-01")
