"""Deadlines: what is due, by whom, done when, late by how much; from registers and from the pack.

    filing    a document to a higher body: done when it was filed and not returned
    duty      what a department is to do: once, or in every period up to the day asked of

A duty that recurs is due on its `due_on` and again a period later, and so on. What is done counts for
the oldest turn still open, late or not; done when no turn is open, it is for the turn that has begun,
and nothing is done ahead. Of those to come the next one is told. What has no day is told last.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from chassis.packs.helpers import days_between, plus_months
from services.evaluation.decide.assemble import State

FILING, DUTY = "filing", "duty"
DUE, LATE, DONE, DONE_LATE, UNDATED = "due", "late", "done", "done_late", "undated"
STATUSES = (DUE, LATE, DONE, DONE_LATE, UNDATED)
RETURNED, DROPPED = "returned", "dropped"
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_LAST = "~"
"""After every day there is."""
MOST_TURNS = 240
"""Twenty years of months: beyond that nobody asks."""


@dataclass(frozen=True)
class Deadline:
    """Something due, by a day where one is known."""

    kind: str
    id: str
    what: str
    by: str
    to: str | None
    division: str | None
    station_id: str | None
    due_on: str | None
    done_on: str | None
    status: str
    late_days: int
    cite: str | None
    clause: str | None


def deadlines(filings: Iterable[State], duties: Iterable[State], day: date) -> list[Deadline]:
    """Return everything that was due by a day or is due after it, the earliest first."""
    return sorted([*_filings(filings, day), *_duties(duties, day)], key=place)


def place(each: Deadline) -> tuple[str, str, str]:
    """Return where a deadline stands in their order: what has no day is last."""
    return (each.due_on or _LAST, each.kind, each.id)


def _filings(told: Iterable[State], day: date) -> Iterator[Deadline]:
    for each in told:
        returned = each["status"] == RETURNED and each["returned_on"] <= day.isoformat()
        done = None if returned else _on(each["filed_on"], day)
        yield _deadline(
            FILING, each["filing_id"], each, each["kind"], each["filer"], each["receiver"],
            each["due_on"], done, day,
        )  # fmt: skip


def _duties(told: Iterable[State], day: date) -> Iterator[Deadline]:
    for each in told:
        if each["status"] == DROPPED:
            continue
        done = sorted(on for on in each["done_on"] if on <= day.isoformat())
        times = each["times"] or 1
        if each["every"] == "once" or each["due_on"] is None:
            yield _of_duty(each, each["due_on"], _last_of(done, times), day)
            continue
        turns = _turns(each["due_on"], _MONTHS[each["every"]], day)
        for (_, due_on), mine in zip(turns, _given(turns, done, times), strict=True):
            yield _of_duty(each, due_on, _last_of(mine, times), day)


def _of_duty(each: State, due_on: str | None, done: str | None, day: date) -> Deadline:
    who, what = each["department"], each["what"]
    return _deadline(DUTY, each["duty_id"], each, what, who, None, due_on, done, day)


def _last_of(done: list[str], times: int) -> str | None:
    """Return the day on which something was done as often as asked."""
    return done[times - 1] if len(done) >= times else None


def _turns(first: str, months: int, day: date) -> list[tuple[str, str]]:
    """Return each deadline up to the next to come, with the one before it."""
    found: list[tuple[str, str]] = []
    for number in range(MOST_TURNS):
        due = plus_months(first, number * months)
        found.append((plus_months(first, (number - 1) * months), due))
        if due > day.isoformat():
            break
    return found


def _given(turns: list[tuple[str, str]], done: list[str], times: int) -> list[list[str]]:
    """Return the days that count for each turn: a day is for the oldest one open that has begun."""
    given: list[list[str]] = [[] for _ in turns]
    for on in done:
        for (after, _), mine in zip(turns, given, strict=True):
            if on <= after:  # nor has any later one begun
                break
            if len(mine) < times:
                mine.append(on)
                break
    return given


def _deadline(
    kind: str,
    identity: str,
    told: State,
    what: str,
    by: str,
    to: str | None,
    due_on: str | None,
    done: str | None,
    day: date,
) -> Deadline:
    until = done or day.isoformat()
    late = max(days_between(due_on, until), 0) if due_on else 0
    waiting = (LATE if late else DUE) if due_on else UNDATED
    status = (DONE_LATE if late else DONE) if done else waiting
    return Deadline(
        kind, identity, what, by, to, told["division"], told.get("station_id"), due_on, done,
        status, late, told["cite"], told["clause"],
    )  # fmt: skip


def _on(said: Any, day: date) -> str | None:
    return said if said is not None and said <= day.isoformat() else None
