"""Attestations: facts that only one city asks for, stated by somebody who answers for them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis import problems
from chassis.packs import BadFacts, Jurisdiction, read_facts
from chassis.problems import At
from contracts.evaluation import AttestationRevoked, AttestationStated
from services.evaluation.asks import StateFact
from services.evaluation.decide.cases import Case, Key
from services.evaluation.models import Attestation

STATED = "stated"
Statements = Mapping[Key, Mapping[str, Attestation]]
"""Kind and id of a subject → its stated facts by name."""


def state_fact(
    ask: StateFact, case: Case, j: Jurisdiction, who: str, today: date, now: datetime
) -> tuple[Attestation, AttestationStated]:
    """Answer for a fact, in the type the city's pack asks for it."""
    if wrong := [*_unfit(ask, case, j, today)]:
        raise problems.Invalid(wrong)
    stated = Attestation(
        subject_kind=case.kind,
        subject_id=case.id,
        division=case.area,
        station_id=UUID(case.station_id) if case.station_id else None,
        name=ask.name,
        value=ask.value,
        holds_from=ask.holds_from,
        proof=ask.proof,
        stated_by=who,
        stated_at=now,
    )
    fact = j.stated[case.kind][f"{STATED}.{ask.name}"]
    free = fact.base is str and fact.vocabulary is None
    return stated, AttestationStated(
        attestation_id=stated.id,
        subject_kind=stated.subject_kind,
        subject_id=stated.subject_id,
        name=stated.name,
        holds_from=stated.holds_from,
        value=None if free else stated.value,
        stated_by=who,
    )


def revoke_attestation(
    stated: Attestation, who: str, now: datetime
) -> tuple[Attestation, AttestationRevoked]:
    """Take a statement back, once: it counts for no day any more."""
    if stated.revoked_at is not None:
        raise problems.WrongStatus("revoked", [])
    stated.revoked_by, stated.revoked_at = who, now
    return stated, AttestationRevoked(
        attestation_id=stated.id,
        subject_kind=stated.subject_kind,
        subject_id=stated.subject_id,
        name=stated.name,
        revoked_by=who,
    )


def standing(
    rows: Iterable[Attestation], day: date, known_at: datetime
) -> dict[Key, dict[str, Attestation]]:
    """Return what is stated of each subject: the latest day that has come, then the latest word."""
    found: dict[Key, dict[str, Attestation]] = {}
    for row in sorted(rows, key=lambda each: (each.holds_from, each.stated_at, each.id)):
        taken_back = row.revoked_at is not None and row.revoked_at <= known_at
        if row.holds_from <= day and row.stated_at <= known_at and not taken_back:
            found.setdefault((row.subject_kind, row.subject_id), {})[row.name] = row
    return found


def with_stated(case: Case, statements: Statements) -> Mapping[str, Any]:
    """Return a subject's sheets with what was stated of it."""
    stated = statements.get(case.key)
    if not stated:
        return case.facts
    return {**case.facts, STATED: {name: each.value for name, each in stated.items()}}


def _unfit(ask: StateFact, case: Case, j: Jurisdiction, today: date) -> Iterable[At]:
    if ask.holds_from > today:
        yield At("/holds_from", "in-future", "晚于今天", "is after today")
    names = [name.partition(".")[2] for name in j.stated.get(case.kind, {})]
    if ask.name not in names:
        listed = ", ".join(names) or "-"
        yield At("/name", "not-asked", f"可填报：{listed}", f"nobody asks for it; asked: {listed}")
        return
    try:
        read_facts(j, case.kind, {STATED: {ask.name: ask.value}})
    except BadFacts:
        yield At("/value", "unfit", "不符合所要求的类型或取值", "is not of the unit it is asked in")
