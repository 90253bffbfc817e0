"""Supervisors and their terms, supervisions of stations, and when a register is whole."""

from datetime import date

import orjson

from chassis.tables import EventLog
from services.registry.app import service
from services.registry.models import Assignment
from tests.conftest import WUHAN, who
from tests.http import actor, client
from tests.registry.conftest import a_station, added
from tests.registry.test_workers import a_posting

PATH = f"/v1/{WUHAN}"


def a_supervisor(worker, *stations, **more):
    said = {
        "worker_id": str(worker),
        "hired_by": "district",
        "full_time": False,
        "starts_on": "2024-01-01",
        "ends_on": "2026-12-31",
        "stations": [{"station_id": str(each), "starts_on": "2024-01-01"} for each in stations],
    }
    for each in said["stations"]:
        each["ends_on"] = "2026-12-31"
    return said | more


def a_supervision(station, supervisor, **more):
    said = {
        "station_id": str(station),
        "supervisor_id": str(supervisor),
        "kind": "on_site",
        "days": [{"day": "2026-03-03", "hours": 8}, {"day": "2026-03-02", "hours": 8}],
    }
    return said | more


async def places(bureau):
    here = await added(bureau, "stations", a_station())
    there = await added(bureau, "stations", a_station(division="420103001"))
    guide = await added(bureau, "workers", {"name": "督导某"})
    return here, there, guide


async def test_a_person_is_supervisor_once_at_a_time(bureau):
    here, _, guide = await places(bureau)
    await added(bureau, "supervisors", a_supervisor(guide, here))

    again = await bureau.post(
        f"{PATH}/supervisors",
        json=a_supervisor(guide, starts_on="2026-12-31", ends_on="2028-12-31"),
    )
    later = await bureau.post(
        f"{PATH}/supervisors",
        json=a_supervisor(guide, starts_on="2027-01-01", ends_on="2029-12-31"),
    )

    assert (again.status_code, again.json()["errors"][0]["at"]) == (409, "/starts_on")
    assert later.status_code == 201


async def test_stations_lie_inside_the_term_and_are_replaced_whole(served, bureau):
    here, there, guide = await places(bureau)
    outside = a_supervisor(guide, here)
    outside["stations"][0]["ends_on"] = "2027-01-01"
    refused = await bureau.post(f"{PATH}/supervisors", json=outside)
    supervisor = await added(bureau, "supervisors", a_supervisor(guide, here))

    moved = a_supervisor(guide, here, there)
    moved["stations"][0]["ends_on"] = "2025-06-30"
    answer = await bureau.put(
        f"{PATH}/supervisors/{supervisor}", json=moved, headers={"if-match": '"1"'}
    )

    assert refused.json()["errors"][0] | {"say": ""} == {
        "at": "/stations/0",
        "code": "outside-term",
        "say": "",
    }
    assert answer.status_code == 200, answer.text
    shown = (await bureau.get(f"{PATH}/supervisors/{supervisor}")).json()
    assert {(s["station_id"], s["ends_on"]) for s in shown["stations"]} == {
        (str(here), "2025-06-30"),
        (str(there), "2026-12-31"),
    }
    async with served.begin(who()) as tx:
        [first, second] = await tx.find(
            EventLog, EventLog.agg_type == "supervisor", order_by=(EventLog.version,)
        )
    assert "督导" not in first.body.decode()
    assert len(orjson.loads(second.body)["data"]["stations"]) == 2


async def test_a_supervisor_enters_and_files_own_supervisions_and_nobody_elses(served, bureau):
    here, there, guide = await places(bureau)
    other = await added(bureau, "workers", {"name": "另一督导"})
    mine = await added(bureau, "supervisors", a_supervisor(guide, here))
    theirs = await added(bureau, "supervisors", a_supervisor(other, there))

    async with client(service, served, actor("supervisor", worker_id=guide)) as me:
        done = await me.post(f"{PATH}/supervisions", json=a_supervision(here, mine))
        filed = await me.put(
            done.headers["location"],
            json=a_supervision(here, mine, recorded_on="2026-03-05"),
            headers={"if-match": '"1"'},
        )
        away = await me.post(f"{PATH}/supervisions", json=a_supervision(there, mine))
        posing = await me.post(f"{PATH}/supervisions", json=a_supervision(here, theirs))
        open_ones = await me.get(f"{PATH}/supervisions", params={"recorded": False})

    assert (done.status_code, filed.status_code) == (201, 200)
    assert [each["day"] for each in filed.json()["days"]] == ["2026-03-02", "2026-03-03"]
    assert (away.status_code, away.json()["errors"][0]["at"]) == (422, "/station_id")
    assert (posing.status_code, posing.json()["errors"][0]["at"]) == (422, "/supervisor_id")
    assert open_ones.json()["items"] == []


async def test_two_supervisors_of_one_station_leave_each_others_supervisions_alone(served, bureau):
    here, _, guide = await places(bureau)
    other = await added(bureau, "workers", {"name": "另一督导"})
    mine = await added(bureau, "supervisors", a_supervisor(guide, here))
    theirs = await added(bureau, "supervisors", a_supervisor(other, here))
    held = await added(bureau, "supervisions", a_supervision(here, theirs))

    async with client(service, served, actor("supervisor", worker_id=guide)) as me:
        path, version = f"{PATH}/supervisions/{held}", {"if-match": '"1"'}
        taken = await me.put(path, json=a_supervision(here, mine), headers=version)
        seen = await me.get(path)

    assert (taken.status_code, seen.json()["supervisor_id"]) == (403, str(theirs))


async def test_a_district_moves_its_stations_and_not_the_term_of_somebody_who_serves_others(
    served, bureau
):
    here, there, guide = await places(bureau)
    shared = await added(bureau, "supervisors", a_supervisor(guide, here, there))
    ended = a_supervisor(guide, here, there)
    ended["stations"][0]["ends_on"] = "2026-06-30"

    async with client(service, served, actor("district_bureau", division="420102")) as district:
        path = f"{PATH}/supervisors/{shared}"
        own = await district.put(path, json=ended, headers={"if-match": '"1"'})
        term = await district.put(
            path, json=ended | {"hired_by": "centre"}, headers={"if-match": '"2"'}
        )

    assert (own.status_code, term.status_code) == (200, 422)
    assert term.json()["errors"][0]["at"] == "/stations/1/station_id"


async def test_a_district_names_nobody_it_does_not_reach(served, bureau):
    here, there, guide = await places(bureau)
    near, far = [
        await added(
            bureau,
            "workers",
            {"name": "某", "postings": [a_posting(station)]},
        )
        for station in (here, there)
    ]
    own = await added(bureau, "supervisors", a_supervisor(guide, here, ends_on="2026-12-31"))

    async with client(service, served, actor("district_bureau", division="420102")) as district:

        async def named(worker, **more):
            said = a_supervisor(worker, here, **more)
            answer = await district.post(f"{PATH}/supervisors", json=said)
            return answer.status_code, [each["at"] for each in answer.json().get("errors", [])]

        again = {"starts_on": "2027-01-01", "ends_on": "2027-12-31"}
        again["stations"] = [{"station_id": str(here), **again}]
        assert await named(far) == (422, ["/worker_id"])
        assert await named(near) == (201, [])
        assert await named(guide, **again) == (201, [])
        moved = await district.put(
            f"{PATH}/supervisors/{own}",
            json=a_supervisor(far, here, ends_on="2026-12-31"),
            headers={"if-match": '"1"'},
        )
        assert (moved.status_code, moved.json()["errors"][0]["at"]) == (422, "/worker_id")


async def test_days_to_come_and_records_filed_too_early_are_refused(bureau):
    here, _, guide = await places(bureau)
    supervisor = await added(bureau, "supervisors", a_supervisor(guide, here))

    tomorrow = a_supervision(here, supervisor, days=[{"day": "2030-01-01", "hours": 8}])
    early = a_supervision(here, supervisor, recorded_on="2026-03-01")
    answers = [await bureau.post(f"{PATH}/supervisions", json=each) for each in (tomorrow, early)]

    assert [a.json()["errors"][0]["at"] for a in answers] == ["/days", "/recorded_on"]


async def test_a_register_is_whole_from_one_day_on(served, bureau):
    body = {"name": "trainings", "complete_from": "2026-01-01"}
    register = await added(bureau, "registers", body)
    again = await bureau.post(f"{PATH}/registers", json=body)
    future = await bureau.put(
        f"{PATH}/registers/{register}",
        json={"complete_from": "2030-01-01"},
        headers={"if-match": '"1"'},
    )
    moved = await bureau.put(
        f"{PATH}/registers/{register}",
        json={"complete_from": "2025-01-01"},
        headers={"if-match": '"1"'},
    )
    async with client(service, served, actor("district_bureau", division="420102")) as district:
        other = {"name": "supervisions", "complete_from": "2026-01-01"}
        refused = await district.post(f"{PATH}/registers", json=other)
        seen = (await district.get(f"{PATH}/registers")).json()["items"]

    assert (again.status_code, future.status_code, moved.status_code) == (409, 422, 200)
    assert refused.status_code == 403
    assert [(each["name"], each["complete_from"]) for each in seen] == [("trainings", "2025-01-01")]


async def test_pay_and_checks_of_a_worker_travel_without_a_name(served, bureau):
    said = {
        "name": "某社工",
        "pay": [
            {"starts_on": "2026-01-01", "amount": 520000},
            {"starts_on": "2025-01-01", "amount": 480000},
        ],
        "offence_checks": ["2025-09-01", "2026-09-01"],
        "specialities": ["elderly"],
        "origin_post": "grid_worker",
    }
    worker = await added(bureau, "workers", said)
    bad = {"pay": [{"starts_on": "2026-01-15", "amount": 1}]}
    refused = await bureau.patch(f"{PATH}/workers/{worker}", json=bad, headers={"if-match": '"1"'})

    async with served.begin(who()) as tx:
        (row,) = await tx.find(EventLog, EventLog.agg_type == "worker")
    data = orjson.loads(row.body)["data"]
    assert [each["starts_on"] for each in data["pay"]] == ["2025-01-01", "2026-01-01"]
    assert data["facts"]["offence_check_on"] == "2026-09-01"
    assert (data["specialities"], data["origin_post"]) == (["elderly"], "grid_worker")
    assert refused.json()["errors"][0]["at"] == "/pay/0/starts_on"


async def test_a_station_without_a_last_day_is_the_supervisors_until_the_term_ends(bureau):
    here, _, guide = await places(bureau)
    body = a_supervisor(guide, here)
    del body["stations"][0]["ends_on"]

    supervisor = await added(bureau, "supervisors", body)

    shown = (await bureau.get(f"{PATH}/supervisors/{supervisor}")).json()
    assert [each["ends_on"] for each in shown["stations"]] == ["2026-12-31"]


async def test_a_visit_is_entered_once_whoever_comes_first(bureau):
    here, there, guide = await places(bureau)
    mine = await added(bureau, "supervisors", a_supervisor(guide, here, there))
    held = await added(bureau, "supervisions", a_supervision(here, mine))
    last = a_supervision(here, mine, days=[{"day": "2026-03-03", "hours": 4}])

    again = await bureau.post(f"{PATH}/supervisions", json=last)
    others = [
        a_supervision(there, mine),
        last | {"kind": "remote"},
        last | {"days": [{"day": "2026-03-04", "hours": 4}]},
        last | {"status": "cancelled"},
    ]
    answers = [await bureau.post(f"{PATH}/supervisions", json=each) for each in others]

    assert (again.status_code, again.json()["type"]) == (409, "/problems/duplicate-reference")
    assert again.json()["errors"][0]["at"] == "/days"
    assert {each.status_code for each in answers} == {201}, [each.text for each in answers]
    cancelled = a_supervision(here, mine, status="cancelled")
    path = f"{PATH}/supervisions/{held}"
    assert (await bureau.put(path, json=cancelled, headers={"if-match": '"1"'})).status_code == 200
    assert (await bureau.post(f"{PATH}/supervisions", json=last)).status_code == 201


async def test_a_visit_is_of_days_in_a_row_at_a_station_the_supervisor_has_then(served, bureau):
    here, there, guide = await places(bureau)
    body = a_supervisor(guide, here)
    body["stations"][0]["starts_on"] = "2026-03-01"
    mine = await added(bureau, "supervisors", body)

    async def refused(station, *days, kind="on_site"):
        said = [{"day": day, "hours": 8} for day in days]
        visit = a_supervision(station, mine, days=said, kind=kind)
        answer = await bureau.post(f"{PATH}/supervisions", json=visit)
        if answer.status_code == 201:
            return answer.json()["id"]
        return [(each["at"], each["code"]) for each in answer.json()["errors"]]

    assert await refused(here, "2026-07-01", "2026-07-20") == [("/days", "not-in-a-row")]
    assert await refused(there, "2026-03-02") == [("/station_id", "not-assigned")]
    assert await refused(here, "2026-02-28", "2026-03-01") == [("/station_id", "not-assigned")]
    held = await refused(here, "2026-03-06", "2026-03-09")
    # Its record is filed though the station has gone to somebody else since.
    async with served.begin(who()) as tx:
        [serves] = await tx.find(Assignment)
        serves.ends_on = date(2026, 3, 1)
        tx.keep(serves)
    days = [{"day": day, "hours": 8} for day in ("2026-03-06", "2026-03-09")]
    filed = a_supervision(here, mine, days=days, recorded_on="2026-03-10")
    answer = await bureau.put(
        f"{PATH}/supervisions/{held}", json=filed, headers={"if-match": '"1"'}
    )
    assert answer.status_code == 200, answer.text
