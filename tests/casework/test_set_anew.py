"""A time to reply by that rests on unpublished days is set anew when those are known."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest

from chassis.calendar import Days, Overlay
from chassis.clock import SHANGHAI, end_of
from chassis.ids import uuid7
from chassis.tables import Audit, EventLog
from chassis.watch import Watch, look_at
from contracts import registry as told
from services.casework.clocks import Clocks
from services.casework.decide import set_anew
from services.casework.reactions import reactions
from tests.casework.conftest import PATH, heard, pack
from tests.conftest import WUHAN, who

DECEMBER = datetime(2026, 12, 30, 2, tzinfo=SHANGHAI)
OFF = [date(2027, 1, day) for day in (1, 2, 3, 9, 10)]
ON = [date(2027, 1, day) for day in (4, 5, 6, 7, 8, 11, 12, 13)]
CALENDAR = "\ncalendar:\n  holidays: [{}]\n  workdays: [{}]\n".format(
    *(", ".join(map(str, days)) for days in (OFF, ON))
)
SET = "casework.referral.reply_time_set.v1"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def waiting(due):
    return SimpleNamespace(
        id=uuid7(),
        tracking_no="",
        partner_id=uuid7(),
        station_id=None,
        status="routed",
        urgency="working_days",
        received_at=at("2026-12-30T09:00"),
        reply_by=due.at,
        reply_by_provisional=due.provisional,
    )


def test_a_clock_is_run_again_through_every_pause_it_had():
    was = Days().due(at("2026-12-30T09:00"), 3)
    pauses = [(at("2026-12-31T10:00"), at("2027-01-05T10:00"))]
    known = Days(Overlay(OFF, ON))

    straight, paused = waiting(was), waiting(was)
    assert set_anew(waiting(was), [], 3, Days()) is None
    told_of = [
        set_anew(each, through, 3, known).model_dump(include={"reply_by", "reply_by_provisional"})
        for each, through in ((straight, []), (paused, pauses))
    ]

    assert [each["reply_by"] for each in told_of] == [
        end_of(date(2027, 1, 5)),
        end_of(date(2027, 1, 7)),
    ]
    assert not any(each["reply_by_provisional"] for each in told_of)
    assert (straight.reply_by, straight.reply_by_provisional) == (told_of[0]["reply_by"], False)


def published(version="later"):
    """Return a pack that knows the days of January."""
    event = pack(WUHAN)
    text = json.loads(event.text)
    text["layers"][-1]["text"] += CALENDAR
    return told.PackActivated(
        version=version, in_force=date(2026, 12, 1), text=json.dumps(text, ensure_ascii=False)
    )


@asynccontextmanager
async def watching(database):
    watch = Watch(database, Clocks())
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        watch.stop()
        await task


async def shown(caller, referral):
    return (await caller.get(f"{PATH}/{referral}")).json()


@pytest.fixture
async def december(casework, court, ask):
    """A referral whose answer is due in days nobody has published."""
    object.__setattr__(casework, "clock", lambda: DECEMBER)
    answer = await court.post(PATH, json=ask | {"urgency": "working_days"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["reply_by_provisional"] is True
    return answer.json()


async def test_a_published_calendar_sets_the_time_anew_with_an_event_an_audit_and_the_feed(
    casework, court, december
):
    feed = (await court.get(f"{PATH}/changes")).json()
    async with watching(casework):
        await reactions.deliver([heard(published(), uuid7())], casework)
        async with asyncio.timeout(5):
            while (await shown(court, december["id"]))["reply_by_provisional"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    now = await shown(court, december["id"])
    assert datetime.fromisoformat(now["reply_by"]) > datetime.fromisoformat(december["reply_by"])
    assert datetime.fromisoformat(now["reply_by"]) == end_of(date(2027, 1, 7))
    async with casework.begin(who()) as tx:
        [event] = await tx.find(EventLog, type=SET)
        audits = await tx.find(Audit, action="casework.referral.reply_time_set")
    data = json.loads(event.body)["data"]
    assert (data["referral_id"], data["reply_by_provisional"]) == (december["id"], False)
    assert [each.subject for each in audits] == ["service:casework"]
    after = (await court.get(f"{PATH}/changes", params={"after": feed["next"]})).json()["items"]
    assert [(each["sequence"], each["status"]) for each in after] == [(2, "routed")]


async def test_days_that_are_still_unpublished_leave_a_time_as_it_was(casework, december):
    clocks = Clocks()

    for _ in range(2):
        await look_at(casework, WUHAN, clocks)

    async with casework.begin(who()) as tx:
        assert await tx.find(EventLog, type=SET) == []
    assert december["reply_by_provisional"]


async def test_what_was_answered_keeps_its_time(casework, court, worker, december):
    await worker.post(f"{PATH}/{december['id']}/accept", json={})
    await reactions.deliver([heard(published(), uuid7())], casework)

    await look_at(casework, WUHAN, Clocks())

    now = (await shown(court, december["id"]))["reply_by"]
    assert datetime.fromisoformat(now) == datetime.fromisoformat(december["reply_by"])


async def test_a_clock_that_paused_in_between_is_run_through_its_pause(
    casework, court, worker, december
):
    asked = await worker.post(
        f"{PATH}/{december['id']}/request-information", json={"question": "?"}
    )
    object.__setattr__(casework, "clock", lambda: DECEMBER + timedelta(days=6))
    answer = await court.post(f"{PATH}/{december['id']}/supply-information", json={"answer": "!"})
    assert (asked.status_code, answer.status_code) == (200, 200)
    await reactions.deliver([heard(published(), uuid7())], casework)

    await look_at(casework, WUHAN, Clocks())

    now = await shown(court, december["id"])
    assert datetime.fromisoformat(now["reply_by"]) == end_of(date(2027, 1, 12))
    assert now["reply_by_provisional"] is False
