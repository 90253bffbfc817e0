"""Supervisors and their stations; supervisions; from when a register is whole."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from chassis.problems import At, Invalid
from contracts.registry import (
    RegisterChanged,
    Supervised,
    SupervisionChanged,
    SupervisionDay,
    SupervisorChanged,
)
from services.registry.decide.days import in_order, since
from services.registry.facts import SupervisionWords, SupervisorWords, Words, strange_words
from services.registry.models import Assignment, Register, Supervision, Supervisor
from services.registry.shapes import Held, OpenRegister, WriteSupervision, WriteSupervisor

TERM = (
    *("worker_id", "hired_by", "agency_id", "full_time"),
    *("talent_level", "starts_on", "ends_on"),
)
"""What is said of a supervisor's term beside the stations."""
_SATURDAY = 5
_VISIT = ("status", "station_id", "supervisor_id", "kind", "recorded_on")


def write_supervisor(
    supervisor: Supervisor | None, ask: WriteSupervisor, words: Words | None, today: date
) -> tuple[Supervisor, list[Assignment], SupervisorChanged]:
    """Enter a supervisor's term with its stations, or replace what is said of it.

    A station whose last day is not said is the supervisor's until the term ends.
    """
    in_order(ask.starts_on, ask.ends_on)
    wrong: list[At] = []
    if words is not None:
        said: dict[str, Any] = {"hired_by": ask.hired_by, "talent_level": ask.talent_level}
        wrong += strange_words(SupervisorWords, said, words)
    served = [
        each.model_copy(update={"ends_on": each.ends_on or ask.ends_on}) for each in ask.stations
    ]
    for number, each in enumerate(served):
        at = f"/stations/{number}"
        in_order(each.starts_on, each.ends_on, at)
        if each.starts_on < ask.starts_on or _after(each.ends_on, ask.ends_on):
            wrong.append(At(at, "outside-term", "不在聘期内", "lies outside the term"))
    places = [(each.station_id, each.starts_on) for each in served]
    if len(set(places)) < len(places):
        wrong.append(At("/stations", "doubled", "同一站点重复", "names a station twice"))
    if wrong:
        raise Invalid(wrong)
    values = {name: getattr(ask, name) for name in TERM}
    values["as_of"] = since(supervisor, ask.effective_on, today, ask.starts_on)
    if supervisor is None:
        supervisor = Supervisor(**values)
    else:
        for name, value in values.items():
            setattr(supervisor, name, value)
    stations = [Assignment(supervisor_id=supervisor.id, **each.model_dump()) for each in served]
    return supervisor, stations, told_supervisor(supervisor, stations)


def told_supervisor(supervisor: Supervisor, stations: Sequence[Assignment]) -> SupervisorChanged:
    """Return the whole public state of a supervisor's term."""
    shared = SupervisorChanged.model_fields.keys() - {"supervisor_id", "stations"}
    return SupervisorChanged(
        supervisor_id=supervisor.id,
        stations=[
            Supervised(**{name: getattr(each, name) for name in Supervised.model_fields})
            for each in sorted(stations, key=lambda each: (each.starts_on, each.station_id))
        ],
        **{name: getattr(supervisor, name) for name in shared},
    )


def write_supervision(
    supervision: Supervision | None,
    ask: WriteSupervision,
    words: Words | None,
    today: date,
    served: Sequence[Assignment],
) -> tuple[Supervision, SupervisionChanged]:
    """Enter a supervision that was held, or replace what is said of one.

    The days of one visit are summed wherever its length counts (LZ-2.4.3-c), so they are in a row, and
    the station is one of those the supervisor has `served` then; the database holds a visit to be
    entered once.
    """
    wrong: list[At] = []
    if words is not None:
        wrong += strange_words(SupervisionWords, {"kind": ask.kind}, words)
    days = sorted(ask.days, key=lambda each: each.day)
    last = days[-1].day
    if last > today:
        wrong.append(At("/days", "in-future", "督导日期不能晚于今天", "a day is later than today"))
    if len({each.day for each in days}) < len(days):
        wrong.append(At("/days", "doubled", "同一天出现两次", "names a day twice"))
    if supervision is None or not _same_visit(supervision, ask, days):
        wrong += _strange_visit(ask, days, served)
    if ask.recorded_on and not last <= ask.recorded_on <= today:
        wrong.append(
            At(
                "/recorded_on",
                "out-of-order",
                "存档日期应在督导结束之后且不晚于今天",
                "lies before the last day or after today",
            )
        )
    if wrong:
        raise Invalid(wrong)
    values = {name: getattr(ask, name) for name in _VISIT} | {
        "days": [each.model_dump(mode="json") for each in days],
        "first_day": days[0].day,
        "last_day": last,
        "as_of": since(supervision, ask.effective_on, today, days[0].day),
    }
    if supervision is None:
        supervision = Supervision(**values)
    else:
        for name, value in values.items():
            setattr(supervision, name, value)
    return supervision, SupervisionChanged(
        supervision_id=supervision.id,
        days=[SupervisionDay(day=each.day, hours=each.hours) for each in days],
        as_of=supervision.as_of,
        **{name: values[name] for name in _VISIT},
    )


def _same_visit(supervision: Supervision, ask: WriteSupervision, days: Sequence[Held]) -> bool:
    """Whether a visit's station, supervisor and days are as they were, and its record alone is filed."""
    return (supervision.station_id, supervision.supervisor_id, supervision.days) == (
        ask.station_id,
        ask.supervisor_id,
        [each.model_dump(mode="json") for each in days],
    )


def _strange_visit(
    ask: WriteSupervision, days: Sequence[Held], served: Sequence[Assignment]
) -> Iterator[At]:
    if any(_apart(one.day, then.day) for one, then in pairwise(days)):
        yield At(
            "/days",
            "not-in-a-row",
            "一次督导的各日须连续（周末除外），否则请分次登记",
            "are not in a row, weekends aside: enter several visits",
        )
    mine = [
        each
        for each in served
        if (each.supervisor_id, each.station_id) == (ask.supervisor_id, ask.station_id)
    ]
    first, last = days[0].day, days[-1].day
    if not any(e.starts_on <= first and not _after(last, e.ends_on) for e in mine):
        yield At(
            "/station_id",
            "not-assigned",
            "督导当日不负责该站点",
            "is not one of this supervisor's stations on those days",
        )


def _apart(one: date, then: date) -> bool:
    """Whether a working day lies between two days."""
    between = [one + timedelta(days) for days in range(1, (then - one).days)]
    return any(day.weekday() < _SATURDAY for day in between)


def open_register(ask: OpenRegister, today: date) -> tuple[Register, RegisterChanged]:
    """Say from which day a register is whole."""
    return move_register(Register(name=ask.name, complete_from=ask.complete_from), today)


def move_register(register: Register, today: date) -> tuple[Register, RegisterChanged]:
    """Hold a register's day to today: nobody knows what will be entered."""
    if register.complete_from > today:
        raise Invalid([At("/complete_from", "in-future", "不能晚于今天", "is later than today")])
    told = RegisterChanged(name=register.name, complete_from=register.complete_from)
    return register, told


def _after(one: date | None, other: date | None) -> bool:
    return other is not None and (one is None or one > other)
