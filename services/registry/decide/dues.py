"""Targets, filings and duties: replaced whole; what their days say is their status.

A duty that returns and says no first day is due at the end of each of its periods.
"""

import calendar
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel

from chassis.problems import At, Forbidden, Invalid
from contracts.registry import DutyChanged, FilingChanged, TargetChanged
from services.registry.decide.days import since
from services.registry.facts import Words, strange_words
from services.registry.models import Duty, Filing, PackVersion, Target
from services.registry.shapes import WriteDuty, WriteFiling, WriteTarget

RowT = TypeVar("RowT", Target, Filing, Duty)

SHARES, WHOLE = frozenset({"coverage", "community_coverage"}), 100
"""Per cent."""
RECEIVERS = frozenset({"received_on", "receipt_no", "returned_on"})
"""What the receiving body says of a filing."""
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
FROM_BELOW = frozenset({"station", "township", "agency"})
"""Whose filings a district receives; the others are received by the city."""


def write_target(
    target: Target | None, ask: WriteTarget, words: Words | None, today: date
) -> tuple[Target, TargetChanged]:
    """Set a target, or replace what is said of one."""
    if wrong := [*_out_of_reach(ask)]:
        raise Invalid(wrong)
    said = _said(target, ask, words, today, date(ask.year, 1, 1), ask.due_on)
    target = _replaced(target, Target, said)
    shared = TargetChanged.model_fields.keys() - {"target_id"}
    return target, TargetChanged(target_id=target.id, **_of(target, shared))


def _out_of_reach(ask: WriteTarget) -> Iterator[At]:
    """Yield what no target can say: more than all of them, a day outside its year."""
    if ask.kind in SHARES and ask.unit == "percent" and ask.amount > WHOLE:
        yield At("/amount", "too-large", "不能超过百分之百", "is more than all of them")
    if not ask.year <= ask.due_on.year <= ask.year + 1:
        yield At("/due_on", "other-year", "不在该年度内", "lies in another year than the target")


def write_filing(
    filing: Filing | None, ask: WriteFiling, words: Words | None, today: date, *, role: str
) -> tuple[Filing, FilingChanged]:
    """Enter a filing, or replace what is said of one; its receipt is the receiving body's to write."""
    if _acknowledged(filing, ask) and not _receives(role, ask.filer):
        raise Forbidden("回执由接收单位登记", "A receipt is written by the body that receives")
    wrong = list(_out_of_order(ask, today))
    if wrong:
        raise Invalid(wrong)
    said = _said(filing, ask, words, today, ask.issued_on, ask.filed_on, ask.due_on)
    said["status"] = _filed(ask)
    said["documents"] = [each.model_dump(exclude_none=True) for each in ask.documents]
    filing = _replaced(filing, Filing, said)
    shared = FilingChanged.model_fields.keys() - {"filing_id"}
    return filing, FilingChanged(filing_id=filing.id, **_of(filing, shared))


def write_duty(
    duty: Duty | None, ask: WriteDuty, words: Words | None, today: date
) -> tuple[Duty, DutyChanged]:
    """Enter a duty, or replace what is said of one; one that returns is never done for good."""
    late = [
        At(f"/done/{number}/on", "in-future", "不能晚于今天", "is later than today")
        for number, each in enumerate(ask.done)
        if each.on > today
    ]
    if late:
        raise Invalid(late)
    said = _said(duty, ask, words, today, ask.due_on, *(each.on for each in ask.done))
    done = bool(ask.done) and ask.every == "once"
    said["status"] = "dropped" if said.pop("dropped") else "done" if done else "open"
    said["done"] = [
        each.model_dump(mode="json", exclude_none=True)
        for each in sorted(ask.done, key=lambda each: each.on)
    ]
    if duty is None:
        said["pack_key"] = None
    said["due_on"] = _first_due(ask.due_on, ask.every, duty, said["as_of"])
    duty = _replaced(duty, Duty, said)
    return duty, _told(duty)


def duties_of(
    version: PackVersion, kept: Sequence[Duty], in_force: date
) -> list[tuple[Duty, DutyChanged]]:
    """Bring the register to what a version of the pack lays on bodies; what was done stays noted.

    A duty the document no longer has is dropped, one it has again is taken up again.
    """
    known = {each.pack_key: each for each in kept}
    said = {each["pack_key"]: each for each in version.duties}
    changed: list[tuple[Duty, DutyChanged]] = []
    for key in sorted(said):
        ask, duty = dict(said[key]), known.get(key)
        due = date.fromisoformat(ask["due_on"]) if ask["due_on"] else None
        since = date.fromisoformat(ask.pop("since", None) or in_force.isoformat())
        ask["due_on"] = _first_due(due, ask["every"], duty, max(since, in_force))
        if duty is None:
            none = dict.fromkeys(("partner_id", "division", "times", "note"))
            duty = Duty(**ask, **none, done=[], status="open", as_of=in_force)
        elif duty.status != "dropped" and all(getattr(duty, n) == v for n, v in ask.items()):
            continue
        else:
            done = bool(duty.done) and ask["every"] == "once"
            status = {"status": "done" if done else "open", "as_of": in_force}
            duty = _replaced(duty, Duty, ask | status)
        changed.append((duty, _told(duty)))
    for key, duty in known.items():
        if key not in said and duty.status != "dropped":
            duty.status, duty.as_of = "dropped", in_force
            changed.append((duty, _told(duty)))
    return changed


def period_end(every: str, day: date) -> date:
    """Return the last day of the calendar's month, quarter, half-year or year around a day."""
    month = -(-day.month // MONTHS[every]) * MONTHS[every]
    return date(day.year, month, calendar.monthrange(day.year, month)[1])


def _first_due(said: date | None, every: str, duty: Duty | None, since: date) -> date | None:
    if said is not None or every == "once":
        return said
    if duty is not None and duty.every == every and duty.due_on is not None:
        return duty.due_on
    return period_end(every, since)


def _told(duty: Duty) -> DutyChanged:
    shared = DutyChanged.model_fields.keys() - {"duty_id", "done_on"}
    days = [date.fromisoformat(each["on"]) for each in duty.done]
    return DutyChanged(duty_id=duty.id, done_on=days, **_of(duty, shared))


def _said(
    row: Target | Filing | Duty | None,
    ask: WriteTarget | WriteFiling | WriteDuty,
    words: Words | None,
    today: date,
    *days: date | None,
) -> dict[str, Any]:
    if words is not None and (
        wrong := list(strange_words(type(ask), ask.model_dump(mode="json"), words))
    ):
        raise Invalid(wrong)
    said = ask.model_dump(exclude={"effective_on"})
    return said | {"as_of": since(row, ask.effective_on, today, *days)}


def _replaced(row: RowT | None, model: type[RowT], said: dict[str, Any]) -> RowT:
    if row is None:
        return model(**said)
    for name, value in said.items():
        setattr(row, name, value)
    return row


def _of(row: BaseModel, names: set[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _acknowledged(filing: Filing | None, ask: WriteFiling) -> bool:
    """Whether a body says something of the receipt that was not said yet.

    A document handed in again leaves its return behind: that is the filer's to say.
    """
    was = {name: getattr(filing, name, None) for name in RECEIVERS}
    returned = was["returned_on"]
    if returned and ask.filed_on and ask.filed_on >= returned and ask.returned_on is None:
        was["returned_on"] = None
    return any(getattr(ask, name) != said for name, said in was.items())


def _receives(role: str, filer: str) -> bool:
    return role == "city_bureau" or (role == "district_bureau" and filer in FROM_BELOW)


def _filed(ask: WriteFiling) -> str:
    if ask.received_on:
        return "received"
    if ask.returned_on:
        return "returned"
    return "filed" if ask.filed_on else "due"


def _out_of_order(ask: WriteFiling, today: date) -> Iterator[At]:
    for name in ("issued_on", "filed_on", "received_on", "returned_on"):
        day = getattr(ask, name)
        if day is not None and day > today:
            yield At(f"/{name}", "in-future", "不能晚于今天", "is later than today")
    for name in ("received_on", "returned_on"):
        day = getattr(ask, name)
        if day is not None and (ask.filed_on is None or day < ask.filed_on):
            yield At(f"/{name}", "before-start", "早于报送日期", "is before it was filed")
    if ask.receipt_no is not None and ask.received_on is None:
        yield At("/receipt_no", "not-received", "尚未接收", "goes with the day it was received")
    if ask.received_on is not None and ask.returned_on is not None:
        yield At(
            "/returned_on", "received", "已接收的不能退回", "was received, so it is not returned"
        )
