"""Deadlines: what is due, by whom, done when, late by how much; from registers and from the pack.

    filing    a document to a higher body: done when it was filed and not returned
    duty      what a department is to do: once, or in every period up to the day asked of

A duty that recurs is due on its `due_on` and again a period later, and so on; what was done since the
deadline before counts for it. Of those to come the next one is told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from chassis.packs.helpers import plus_months
from services.evaluation.decide.assemble import State

FILING, DUTY = "filing", "duty"
DUE, LATE, DONE, DONE_LATE = "due", "late", "done", "done_late"
RETURNED, DROPPED = "returned", "dropped"
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
MOST_TURNS = 240
"""Twenty years of months: beyond that nobody asks."""


@dataclass(frozen=True)
class Deadline:
    """Something due by a day."""

    kind: str
    id: str
    what: str
    by: str
    to: str | None
    division: str | None
    due_on: str
    done_on: str | None
    status: str
    late_days: int
    cite: str | None
    clause: str | None


def deadlines(filings: Iterable[State], duties: Iterable[State], day: date) -> list[Deadline]:
    """Return everything that was due by a day or is due after it, the earliest first."""
    found = [*_filings(filings, day), *_duties(duties, day)]
    return sorted(found, key=lambda each: (each.due_on, each.kind, each.id))


def _filings(told: Iterable[State], day: date) -> Iterator[Deadline]:
    for each in told:
        if each["due_on"] is None:
            continue
        returned = each["status"] == RETURNED and each["returned_on"] <= day.isoformat()
        done = None if returned else _on(each["filed_on"], day)
        yield _deadline(
            FILING, each["filing_id"], each, each["kind"], each["filer"], each["receiver"],
            each["due_on"], done, day,
        )  # fmt: skip


def _duties(told: Iterable[State], day: date) -> Iterator[Deadline]:
    for each in told:
        if each["status"] == DROPPED or each["due_on"] is None:
            continue
        done = sorted(on for on in each["done_on"] if on <= day.isoformat())
        if each["every"] == "once":
            last = done[(each["times"] or 1) - 1 :][:1]
            yield _of_duty(each, each["due_on"], last[0] if last else None, day)
            continue
        for after, due_on in _turns(each["due_on"], _MONTHS[each["every"]], day):
            mine = [on for on in done if after < on <= due_on]
            enough = mine[(each["times"] or 1) - 1 :][:1]
            yield _of_duty(each, due_on, enough[0] if enough else None, day)


def _of_duty(each: State, due_on: str, done: str | None, day: date) -> Deadline:
    who, what = each["department"], each["what"]
    return _deadline(DUTY, each["duty_id"], each, what, who, None, due_on, done, day)


def _turns(first: str, months: int, day: date) -> list[tuple[str, str]]:
    """Return each deadline up to the next to come, with the one before it."""
    found: list[tuple[str, str]] = []
    for number in range(MOST_TURNS):
        due = plus_months(first, number * months)
        found.append((plus_months(first, (number - 1) * months), due))
        if due > day.isoformat():
            break
    return found


def _deadline(
    kind: str,
    identity: str,
    told: State,
    what: str,
    by: str,
    to: str | None,
    due_on: str,
    done: str | None,
    day: date,
) -> Deadline:
    until = date.fromisoformat(done) if done else day
    late = max((until - date.fromisoformat(due_on)).days, 0)
    status = (DONE_LATE if late else DONE) if done else (LATE if late else DUE)
    return Deadline(
        kind, identity, what, by, to, told["division"], due_on, done, status, late,
        told["cite"], told["clause"],
    )  # fmt: skip


def _on(said: Any, day: date) -> str | None:
    return said if said is not None and said <= day.isoformat() else None
