"""Waivers: granted and taken back by the city, with two times, and what verdicts say of them."""

import asyncio
from datetime import date

import pytest

from chassis.tables import EventLog
from services.evaluation import gather, queries
from services.evaluation.app import service
from services.evaluation.models import Due
from tests import told
from tests.conftest import NOW, who
from tests.evaluation.test_compliance import staffed
from tests.evaluation.test_verdicts import words
from tests.http import actor, client

URL = "/v1/420100/waivers"
BUREAU = actor("city_bureau")


def wish(subject, **more):
    said = {
        "subject": subject,
        "rule": "full-time",
        "starts_on": "2026-06-01",
        "until": "2026-12-31",
        "reason_code": "transition",
        "why": "正在招聘",
    }
    return said | more


async def post(city, url, body, reader=BUREAU, **headers):
    async with client(service, city.database, reader) as http:
        return await http.post(url, json=body, headers=headers)


async def grant(city, subject, **more):
    answer = await post(city, URL, wish(subject, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_what_is_broken_is_waived_in_its_days_with_who_and_why(wuhan):
    station = await staffed(wuhan, workers=2)
    await wuhan.judge()

    receipt = await grant(wuhan, f"station:{station}")
    await wuhan.judge()

    assert (await words(wuhan, "station", station))["full-time"] == "waived"
    line = (await wuhan.verdicts(f"station:{station}"))["full-time"]
    assert line["verdict"] == "waived"
    assert line["waiver"] == {
        "who": "420100.city_bureau",
        "why": "transition",
        "from": "2026-06-01",
        "until": "2026-12-31",
        "id": receipt["id"],
        "words": "正在招聘",
    }
    asked = {"known_at": NOW.isoformat()}
    for day, word in (("2026-05-31", "broken"), ("2026-06-01", "waived")):
        then = await wuhan.verdicts(f"station:{station}", as_of=day, **asked)
        assert then["full-time"]["verdict"] == word
    assert "why" not in receipt
    assert (await wuhan.ask(BUREAU, f"waivers/{receipt['id']}")).json()["why"] == "正在招聘"


async def test_before_it_was_granted_nobody_knew_of_it(wuhan):
    station = await staffed(wuhan, workers=2)
    await grant(wuhan, f"station:{station}")

    then = await wuhan.verdicts(
        f"station:{station}", as_of="2026-11-10", known_at="2026-11-15T00:00:00Z"
    )

    assert then["full-time"]["verdict"] == "broken"


async def test_one_taken_back_holds_no_more_from_that_day_and_did_before(wuhan, monkeypatch):
    station = await staffed(wuhan, workers=2)
    made = await grant(wuhan, f"station:{station}")
    later = NOW.replace(hour=9)
    monkeypatch.setattr(wuhan.database, "clock", lambda: later)

    answer = await post(wuhan, f"{URL}/{made['id']}/revoke", {"on": "2026-10-01"})
    await wuhan.judge()

    assert answer.status_code == 200, answer.text
    assert answer.json()["last_on"] == "2026-09-30"
    assert (await words(wuhan, "station", station))["full-time"] == "broken"

    async def word(day, known_at=later):
        at = {"as_of": day, "known_at": known_at.isoformat()}
        return (await wuhan.verdicts(f"station:{station}", **at))["full-time"]["verdict"]

    assert [await word(day) for day in ("2026-09-30", "2026-10-01")] == ["waived", "broken"]
    assert await word("2026-10-01", NOW) == "waived"
    again = await post(wuhan, f"{URL}/{made['id']}/revoke", {})
    assert again.json()["type"] == "/problems/wrong-status"


async def test_a_stations_waiver_holds_for_those_who_serve_there(wuhan):
    station, worker = await staffed(wuhan, workers=0), told.some_id()
    await wuhan.hear(told.worker(worker, told.posting(station), cert="none", cert_on=None), worker)
    before = await wuhan.verdicts(f"worker:{worker}")
    assert before["experienced"]["verdict"] == "broken"

    await grant(wuhan, f"station:{station}", rule="experienced")
    await wuhan.judge()

    assert (await words(wuhan, "worker", worker))["experienced"] == "waived"


async def test_only_what_is_broken_is_waived(wuhan):
    station = await staffed(wuhan, workers=3)

    await grant(wuhan, f"station:{station}")
    await grant(wuhan, f"station:{station}", rule="rooms")

    verdicts = await wuhan.verdicts(f"station:{station}")
    assert verdicts["full-time"]["verdict"] == "met"
    assert verdicts["rooms"]["verdict"] == "undecided"


async def test_events_carry_codes_and_days_and_no_word(wuhan):
    station = await staffed(wuhan)
    made = await grant(wuhan, f"station:{station}")
    await post(wuhan, f"{URL}/{made['id']}/revoke", {})

    async with wuhan.database.begin(who()) as tx:
        told_of = await tx.find(EventLog)
        due = await tx.find(Due, kind="station", subject_id=station)

    assert [e.type for e in sorted(told_of, key=lambda e: e.version)] == [
        "evaluation.waiver.granted.v1",
        "evaluation.waiver.revoked.v1",
    ]
    assert not any("正在招聘".encode() in bytes(e.body) for e in told_of)
    assert len(due) >= 3


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"rule": "no-such-rule"}, "/rule"),
        ({"rule": "coverage"}, "/rule"),
        ({"until": "2026-05-31"}, "/until"),
        ({"reason_code": "because"}, "/reason_code"),
        ({"subject": "station:01980c3e-7a10-7000-8000-000000000001"}, "/subject"),
    ],
)
async def test_what_cannot_be_waived_is_named(wuhan, more, place):
    station = await staffed(wuhan)

    answer = await post(wuhan, URL, wish(f"station:{station}") | more)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["at"] == place


async def test_the_city_alone_grants_and_those_concerned_see(wuhan):
    here, there = await staffed(wuhan), await staffed(wuhan, division="420103001")
    made = await grant(wuhan, f"station:{here}")
    readers = {
        actor("district_bureau", division="420102"): True,
        actor("district_bureau", division="420103"): False,
        actor("station_head", station_id=here): True,
        actor("worker", station_id=there): False,
        actor("auditor"): True,
        actor("agency", agency_id=told.some_id()): False,
    }
    for reader, sees in readers.items():
        listed = (await wuhan.ask(reader, "waivers")).json()["items"]
        one = await wuhan.ask(reader, f"waivers/{made['id']}")
        assert (len(listed), one.status_code) == ((1, 200) if sees else (0, 404)), reader.role
        assert (await post(wuhan, URL, wish(f"station:{here}"), reader)).status_code == 403


async def test_waivers_are_found_by_subject_rule_and_day(wuhan):
    station = await staffed(wuhan)
    made = await grant(wuhan, f"station:{station}")
    await grant(wuhan, f"station:{station}", rule="rooms", until="2026-06-30")

    async def found(**asked):
        return len((await wuhan.ask(BUREAU, "waivers", **asked)).json()["items"])

    assert await found(subject=f"station:{station}") == 2
    assert await found(rule="rooms") == 1
    assert [await found(on=day) for day in ("2026-06-30", "2026-07-01", "2026-05-31")] == [2, 1, 0]
    await post(wuhan, f"{URL}/{made['id']}/revoke", {"on": "2026-06-01"})
    assert await found(on="2026-07-01") == 0


async def test_a_waiver_moved_on_is_refused_with_its_version(wuhan):
    station = await staffed(wuhan)
    made = await grant(wuhan, f"station:{station}")

    stale = await post(wuhan, f"{URL}/{made['id']}/revoke", {}, **{"if-match": '"7"'})

    assert stale.status_code == 412


async def test_only_waivers_of_the_day_and_of_who_is_judged_are_read(wuhan):
    station, other = await staffed(wuhan, workers=2), await staffed(wuhan, workers=2)
    for whose in (station, other):
        await grant(wuhan, f"station:{whose}")
    over = {"starts_on": "2025-01-01", "until": "2025-12-31"}
    await grant(wuhan, f"station:{station}", **over)

    async def read(day):
        when = queries.When(date.fromisoformat(day), NOW.replace(hour=9))
        async with wuhan.database.begin(who()) as tx:
            told_of = await queries.one(tx, "station", station, when)
            [found] = await gather.families(tx, [told_of], when)
            waived = await queries.waived(tx, when, found.cases)
        return {key: [str(each.start) for each in granted] for key, granted in waived.items()}

    mine = ("station", str(station))
    assert await read("2026-11-19") == {mine: ["2026-06-01"]}
    assert await read("2025-12-31") == {mine: ["2025-01-01"]}
    assert await read("2026-01-01") == {}


async def test_a_rule_is_waived_once_a_day_so_that_taking_it_back_ends_it(wuhan, monkeypatch):
    station, other = await staffed(wuhan, workers=2), await staffed(wuhan, workers=2)
    first = await grant(wuhan, f"station:{station}")

    async def again(**more):
        answer = await post(wuhan, URL, wish(f"station:{station}", **more))
        return answer.status_code, answer.json().get("errors")

    status, [wrong] = await again(starts_on="2026-12-31", until="2027-02-01")
    assert (status, wrong["at"], wrong["code"]) == (409, "/starts_on", "overlap")
    assert "2026-06-01 – 2026-12-31" in wrong["say"]
    assert (await again(starts_on="2026-05-01", until="2026-06-01"))[0] == 409
    assert (await again(starts_on="2027-01-01", until="2027-02-01"))[0] == 201
    assert (await again(rule="rooms"))[0] == 201
    await grant(wuhan, f"station:{other}")
    monkeypatch.setattr(wuhan.database, "clock", lambda: NOW.replace(hour=9))
    await post(wuhan, f"{URL}/{first['id']}/revoke", {"on": "2026-10-01"})
    line = (await wuhan.verdicts(f"station:{station}"))["full-time"]
    assert line["verdict"] == "broken"
    assert (await again(starts_on="2026-10-01", until="2026-12-31"))[0] == 201


async def test_of_two_who_waive_the_same_at_once_one_is_told_so(wuhan):
    station = await staffed(wuhan, workers=2)

    answers = await asyncio.gather(
        *(post(wuhan, URL, wish(f"station:{station}")) for _ in range(4))
    )

    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_what_was_written_of_a_waiver_is_for_those_who_see_the_waiver(wuhan):
    agency = told.some_id()
    station = await staffed(wuhan, workers=2, operator_id=agency)
    await grant(wuhan, f"station:{station}")

    async def words_for(reader):
        sheet = await wuhan.verdicts(f"station:{station}", reader)
        return sheet["full-time"]["waiver"].get("words")

    assert await words_for(actor("district_bureau", division="420102")) == "正在招聘"
    assert await words_for(actor("station_head", station_id=station)) == "正在招聘"
    assert await words_for(actor("agency", agency_id=agency)) is None
