"""Waivers: a rule is let pass for somebody, for a time, by the city; what that means for a verdict."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import problems
from chassis.packs import Jurisdiction, Waiver
from chassis.problems import At
from chassis.wording import none_of
from contracts.evaluation import WaiverGranted, WaiverRevoked
from services.evaluation.asks import GrantWaiver, RevokeWaiver
from services.evaluation.decide.cases import Case, Key
from services.evaluation.models import Waiver as Granted
from services.evaluation.rules import WAIVER_REASON

STATION = "station"
Waivers = Mapping[Key, Sequence[Waiver]]
"""Kind and id of those for whom something is waived."""


def grant_waiver(
    ask: GrantWaiver,
    case: Case,
    j: Jurisdiction,
    who: str,
    now: datetime,
    *,
    before: Iterable[Granted] = (),
) -> tuple[Granted, WaiverGranted]:
    """Let a rule pass for somebody; only what the city's document has can be waived, and once a day."""
    if wrong := [*_unfit(ask, case, j)]:
        raise problems.Invalid(wrong)
    for each in before:
        last = each.until if each.last_on is None else each.last_on
        if max(each.starts_on, ask.starts_on) <= min(last, ask.until):
            days = f"{each.starts_on} – {last}"
            raise problems.Overlapping(
                f"该规则已豁免（{days}）：请改期，或先撤销原豁免",
                f"It is waived already, {days}: choose other days, or revoke that waiver first",
            )
    waiver = Granted(
        subject_kind=case.kind,
        subject_id=case.id,
        division=case.area,
        station_id=UUID(case.station_id) if case.station_id else None,
        rule=ask.rule,
        starts_on=ask.starts_on,
        until=ask.until,
        reason_code=ask.reason_code,
        why=ask.why,
        granted_by=who,
        granted_at=now,
    )
    return waiver, WaiverGranted(
        waiver_id=waiver.id,
        rule=waiver.rule,
        subject_kind=waiver.subject_kind,
        subject_id=waiver.subject_id,
        starts_on=waiver.starts_on,
        until=waiver.until,
        reason_code=waiver.reason_code,
        granted_by=who,
    )


def revoke_waiver(
    ask: RevokeWaiver, waiver: Granted, who: str, today: date, now: datetime
) -> tuple[Granted, WaiverRevoked]:
    """Take a waiver back from a day on, once; from its first day it never held."""
    if waiver.revoked_at is not None:
        raise problems.WrongStatus("revoked", [])
    first = ask.on or max(today, waiver.starts_on)
    if not waiver.starts_on <= first <= waiver.until:
        raise problems.Invalid(
            [At("/on", "outside-term", "不在豁免期间内", "is not within the days of the waiver")]
        )
    waiver.last_on = first - timedelta(days=1)
    waiver.revoked_by, waiver.revoked_at = who, now
    return waiver, WaiverRevoked(
        waiver_id=waiver.id,
        rule=waiver.rule,
        subject_kind=waiver.subject_kind,
        subject_id=waiver.subject_id,
        last_on=waiver.last_on,
        revoked_by=who,
    )


def held(rows: Iterable[Granted], known_at: datetime) -> dict[Key, list[Waiver]]:
    """Return what was waived for whom, as known then; the engine looks at the days."""
    found: dict[Key, list[Waiver]] = {}
    for row in rows:
        if row.granted_at > known_at:
            continue
        last = row.until
        if row.last_on is not None and row.revoked_at and row.revoked_at <= known_at:
            last = row.last_on
        waiver = Waiver(
            row.rule, row.starts_on, last, row.granted_by, row.reason_code, str(row.id), row.why
        )
        found.setdefault((row.subject_kind, row.subject_id), []).append(waiver)
    return found


def applying(waivers: Waivers, case: Case) -> list[Waiver]:
    """Return the waivers of a subject: its own, and those of the station it stands in."""
    if not waivers:
        return []
    own = waivers.get(case.key, ())
    if case.kind == STATION or case.station_id is None:
        return [*own]
    return [*own, *waivers.get((STATION, case.station_id), ())]


def _unfit(ask: GrantWaiver, case: Case, j: Jurisdiction) -> Iterable[At]:
    if ask.until < ask.starts_on:
        yield At("/until", "before-start", "早于开始日", "is before the start")
    reasons: Mapping[str, Any] = j.vocabulary.get(WAIVER_REASON, {})
    if ask.reason_code not in reasons:
        yield none_of("/reason_code", reasons, vocabulary=WAIVER_REASON)
    if ask.rule not in j.rules:
        yield At("/rule", "unknown-rule", "政策包中没有此规则", "is no rule of the city's pack")
    elif case.kind not in _subjects(j, ask.rule):
        yield At(
            "/rule",
            "not-of-subject",
            "该规则不针对此对象",
            "is a rule on somebody else",
        )


def _subjects(j: Jurisdiction, rule: str) -> set[str]:
    """Return for whom a rule can be waived: whom it judges, or the station they are at."""
    subject = j.subject_of(rule)
    return {subject, *(n for n in j.subjects.sheets[subject].context if n == STATION)}
