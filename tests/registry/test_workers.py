"""People employed: masked, entered once by their document, posted full-time in one place at a time."""

import orjson
import pytest

from chassis.tables import BlindIndex, EventLog, PersonKey
from services.registry.app import service
from services.registry.models import Worker
from tests.conftest import HANGZHOU, WUHAN, who
from tests.http import actor, client
from tests.registry.conftest import a_station, added, an_agency

PATH = f"/v1/{WUHAN}/workers"
NUMBER, OTHER = "420102199001010014", "420102198512120026"
PHONE = "13912345678"


def a_worker(**more):
    said = {
        "name": "张小明",
        "id_type": "resident_id",
        "id_number": NUMBER,
        "phone": PHONE,
        "cert": "assistant",
        "cert_on": "2020-10-01",
        "education": "bachelor",
        "sw_major": True,
        "sw_years": 4,
    }
    return said | more


def a_posting(station, **more):
    said = {
        "station_id": str(station),
        "starts_on": "2024-01-01",
        "full_time": True,
        "on_station": True,
        "dispatched": True,
    }
    return said | more


@pytest.mark.usefixtures("wuhan")
async def test_numbers_are_shown_behind_a_mask_and_a_write_answers_without_them(bureau):
    station = await added(bureau, "stations", a_station())

    made = await bureau.post(PATH, json=a_worker(postings=[a_posting(station)]))

    assert made.status_code == 201, made.text
    assert set(made.json()) == {"id", "version", "status", "postings"}
    shown = (await bureau.get(made.headers["location"])).json()
    assert (shown["name"], shown["id_number"], shown["phone"]) == (
        "张小明",
        "420*************14",
        "139****5678",
    )
    listed = (await bureau.get(PATH, params={"station_id": str(station)})).json()["items"]
    assert listed == [shown]
    assert [each["station_id"] for each in shown["postings"]] == [str(station)]


async def test_what_is_told_names_nobody(wuhan, bureau):
    station = await added(bureau, "stations", a_station())
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(station)]))

    async with wuhan.begin(who()) as tx:
        (row,) = await tx.find(EventLog, EventLog.agg_type == "worker")
        stored = await tx.get(Worker, worker)
    body = row.body.decode()
    assert not any(secret in body for secret in ("张小明", NUMBER, PHONE))
    data = orjson.loads(row.body)["data"]
    assert (data["worker_id"], data["cert"]) == (str(worker), "assistant")
    assert data["postings"] == [a_posting(station) | {"ends_on": None, "sw_years": None}]
    assert NUMBER.encode() not in stored.id_number.sealed


async def test_one_document_is_one_worker_in_a_city(served, bureau):
    first = await bureau.post(PATH, json=a_worker())
    again = await bureau.post(PATH, json=a_worker(name="张晓明", id_number=f" {NUMBER} "))

    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["type"] == "/problems/duplicate-reference"
    assert [each["at"] for each in again.json()["errors"]] == ["/id_number"]
    assert NUMBER not in again.text
    async with client(service, served, actor("city_bureau", HANGZHOU)) as neighbour:
        elsewhere = await neighbour.post(f"/v1/{HANGZHOU}/workers", json=a_worker())
    assert elsewhere.status_code == 201
    async with served.begin(who()) as tx:
        assert (await tx.count(Worker), await tx.count(PersonKey)) == (1, 1)


async def test_a_corrected_document_gives_the_old_number_free(served, bureau):
    worker = await added(bureau, "workers", a_worker())

    answer = await bureau.patch(
        f"{PATH}/{worker}",
        json={"id_type": "resident_id", "id_number": OTHER, "phone": None},
        headers={"if-match": '"1"'},
    )

    assert answer.status_code == 200, answer.text
    shown = (await bureau.get(f"{PATH}/{worker}")).json()
    assert (shown["id_number"], shown["phone"], shown["version"]) == (
        "420*************26",
        None,
        2,
    )
    assert (await bureau.post(PATH, json=a_worker())).status_code == 201
    async with served.begin(who()) as tx:
        assert await tx.count(BlindIndex) == 2


async def test_two_full_time_postings_of_one_worker_do_not_overlap(served, bureau):
    station = await added(bureau, "stations", a_station())
    worker = await added(
        bureau, "workers", a_worker(postings=[a_posting(station, ends_on="2024-12-31")])
    )
    path = f"{PATH}/{worker}/postings"

    clash = await bureau.post(path, json=a_posting(station, starts_on="2024-12-31"))
    part_time = await bureau.post(
        path,
        json=a_posting(station, starts_on="2023-06-01", ends_on="2023-12-31", full_time=False),
    )
    next_day = await bureau.post(path, json=a_posting(station, starts_on="2025-01-01"))

    assert clash.status_code == 409, clash.text
    assert [each["code"] for each in clash.json()["errors"]] == ["overlap"]
    assert [each.status_code for each in (part_time, next_day)] == [201, 201]
    assert next_day.json()["version"] == 3
    async with served.begin(who()) as tx:
        last = (await tx.find(EventLog, order_by=EventLog.version.desc(), limit=1))[0]
    assert len(orjson.loads(last.body)["data"]["postings"]) == 3


async def test_a_posting_ends_at_the_workers_version(bureau):
    station = await added(bureau, "stations", a_station())
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(station)]))
    shown = (await bureau.get(f"{PATH}/{worker}")).json()
    path = f"{PATH}/{worker}/postings/{shown['postings'][0]['id']}"

    blind = await bureau.patch(path, json={"ends_on": "2026-06-30"})
    ended = await bureau.patch(path, json={"ends_on": "2026-06-30"}, headers={"if-match": '"1"'})

    assert (blind.status_code, ended.status_code) == (428, 200)
    assert ended.json()["postings"][0]["ends_on"] == "2026-06-30"
    assert (await bureau.get(PATH, params={"station_id": str(station)})).json()["items"] == []


async def test_an_employer_and_a_station_must_be_known(bureau):
    agency = await added(bureau, "agencies", an_agency())

    known = await bureau.post(PATH, json=a_worker(employer_id=str(agency)))
    nobody = await bureau.post(PATH, json=a_worker(id_number=OTHER, employer_id=str(known_not())))
    nowhere = await bureau.post(
        PATH, json=a_worker(id_number=OTHER, postings=[a_posting(known_not())])
    )

    assert known.status_code == 201, known.text
    for answer, at in ((nobody, "/employer_id"), (nowhere, "/postings/0/station_id")):
        assert answer.json()["type"] == "/problems/unknown-reference"
        assert [each["at"] for each in answer.json()["errors"]] == [at]


async def test_an_erased_worker_has_no_number_any_more(served, bureau):
    worker = await added(bureau, "workers", a_worker())

    async with served.begin(who()) as tx:
        await tx.people.erase(worker)

    shown = (await bureau.get(f"{PATH}/{worker}")).json()
    assert (shown["id_number"], shown["phone"]) == (None, None)
    assert (await bureau.post(PATH, json=a_worker())).status_code == 201


def known_not():
    return "0190d1f0-0000-7000-8000-000000000000"


async def test_who_is_full_time_serves_in_no_other_posting_then(bureau):
    here = await added(bureau, "stations", a_station())
    there = await added(bureau, "stations", a_station(division="420103001"))
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(here)]))
    path = f"/v1/{WUHAN}/workers/{worker}/postings"
    part = a_posting(there, full_time=False, starts_on="2025-01-01", ends_on="2025-12-31")

    refused = [
        await bureau.post(path, json=part),
        await bureau.post(path, json=part | {"station_id": str(here)}),
    ]
    before = await bureau.post(
        path, json=part | {"starts_on": "2023-01-01", "ends_on": "2023-12-31"}
    )
    beside = await bureau.post(
        path, json=part | {"starts_on": "2023-06-01", "ends_on": "2023-06-30"}
    )
    [first] = [p for p in before.json()["postings"] if p["full_time"]]
    halved = await bureau.patch(
        f"{path}/{first['id']}", json={"full_time": False}, headers={"if-match": '"3"'}
    )
    allowed = await bureau.post(path, json=part)

    for answer in refused:
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (409, "/starts_on")
        assert "full-time" in answer.text or "专职" in answer.text
    assert [each.status_code for each in (before, beside, halved, allowed)] == [201, 201, 200, 201]


async def test_nobody_is_posted_to_a_station_that_has_closed(bureau):
    here = await added(bureau, "stations", a_station())
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(here)]))
    shut = {"status": "closed", "effective_on": "2025-06-01"}
    place = f"/v1/{WUHAN}/stations/{here}"
    closed = await bureau.patch(place, json=shut, headers={"if-match": '"1"'})
    assert closed.status_code == 200, closed.text

    async def posted(**more):
        body = {"name": "新人", "postings": [a_posting(here, **more)]}
        answer = await bureau.post(f"/v1/{WUHAN}/workers", json=body)
        return [e["at"] for e in answer.json().get("errors", [])] or answer.status_code

    assert await posted(starts_on="2025-06-01") == ["/postings/0/station_id"]
    assert await posted(starts_on="2024-01-01") == ["/postings/0/ends_on"]
    assert await posted(starts_on="2024-01-01", ends_on="2025-06-01") == 201
    [post] = (await bureau.get(f"/v1/{WUHAN}/workers/{worker}")).json()["postings"]
    path = f"/v1/{WUHAN}/workers/{worker}/postings/{post['id']}"
    late = await bureau.patch(path, json={"ends_on": "2025-12-31"}, headers={"if-match": '"1"'})
    ended = await bureau.patch(path, json={"ends_on": "2025-05-31"}, headers={"if-match": '"1"'})
    assert [e["at"] for e in late.json()["errors"]] == ["/ends_on"]
    assert ended.status_code == 200
