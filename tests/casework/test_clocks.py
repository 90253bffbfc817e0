"""The clock of a referral: what stops it, what it has left, and what it says beyond the calendar."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from chassis.calendar import Days
from chassis.clock import SHANGHAI
from services.casework.decide import reply_by, resumed

DAYS = Days()
POLICY = SimpleNamespace(
    reply_working_days=SimpleNamespace(value=3), reply_immediate_hours=SimpleNamespace(value=2)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Clock:
    """A referral's clock, run as the transitions run it."""

    def __init__(self, received: str, urgency: str = "working_days") -> None:
        due = reply_by(urgency, at(received), POLICY, DAYS)
        self.referral = SimpleNamespace(
            urgency=urgency,
            received_at=at(received),
            reply_by=due.at,
            reply_by_provisional=due.provisional,
            paused_at=None,
        )

    def pause(self, asked: str, answered: str) -> "Clock":
        self.referral.paused_at = at(asked)
        due = resumed(self.referral, DAYS, at(answered))
        self.referral.reply_by, self.referral.reply_by_provisional = due.at, due.provisional
        return self

    @property
    def due(self) -> tuple[str, bool]:
        said = self.referral.reply_by.astimezone(SHANGHAI)
        return f"{said:%Y-%m-%dT%H:%M:%S%z}", self.referral.reply_by_provisional


def end(day: str) -> str:
    return f"{day}T23:59:59+0800"


@pytest.mark.parametrize(
    ("urgency", "due"),
    [
        ("immediate", "2026-11-20T11:00:00+0800"),
        ("hours_24", "2026-11-21T09:00:00+0800"),
        ("hours_72", "2026-11-23T09:00:00+0800"),
        ("working_days", end("2026-11-25")),
    ],
)
def test_each_urgency_has_its_clock(urgency, due):
    assert Clock("2026-11-20T09:00", urgency).due == (due, False)


def test_a_day_is_a_day_in_china_whatever_the_hour_of_the_world():
    """23:30 UTC on Thursday is Friday morning there: the day of receipt is Friday."""
    late = reply_by("working_days", at("2026-11-20T07:30"), POLICY, DAYS)
    assert late == reply_by("working_days", at("2026-11-20T23:00"), POLICY, DAYS)


def test_an_answer_on_the_same_day_costs_nobody_a_day():
    clock = Clock("2026-11-16T09:00").pause("2026-11-17T10:00", "2026-11-17T11:00")
    assert clock.due == (end("2026-11-19"), False)


def test_days_of_waiting_come_back():
    clock = Clock("2026-11-16T09:00").pause("2026-11-17T10:00", "2026-11-20T10:00")
    assert clock.due == (end("2026-11-24"), False), "two days were left on Friday"


def test_the_wait_for_a_second_question_comes_back_as_well():
    clock = Clock("2026-11-16T09:00").pause("2026-11-17T10:00", "2026-11-20T10:00")
    clock.pause("2026-11-23T10:00", "2026-11-25T10:00")
    assert clock.due == (end("2026-11-26"), False), "one day was left, and it is still left"


@pytest.mark.parametrize("urgency", ["hours_24", "working_days"])
def test_a_question_asked_too_late_does_not_make_good_what_is_late(urgency):
    clock = Clock("2026-11-16T09:00", urgency)
    was = clock.referral.reply_by
    clock.pause("2026-11-24T10:00", "2026-11-24T15:00")
    assert clock.referral.reply_by <= at("2026-11-24T15:00")
    assert clock.referral.reply_by - was < timedelta(days=1)


def test_beyond_the_calendar_the_earliest_time_is_taken_and_said_to_be_provisional():
    assert Clock("2026-12-30T09:00").due == (end("2027-01-02"), True)
    assert Clock("2026-12-28T09:00").due == (end("2026-12-31"), False)
    assert Clock("2027-02-01T09:00").due == (end("2027-02-04"), True)


def test_what_rests_on_an_unpublished_day_stays_provisional_after_a_pause():
    clock = Clock("2026-12-30T09:00").pause("2027-01-02T10:00", "2027-01-05T10:00")
    assert clock.due == (end("2027-01-05"), True)
