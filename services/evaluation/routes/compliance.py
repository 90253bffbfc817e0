"""One subject judged now, from the history: as it is, as it was, or as it might be."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Query

from chassis.clock import SHANGHAI, day_of
from chassis.http import Router, Tx, dry, language
from chassis.identity import Actor, allow
from chassis.packs import Jurisdiction, Verdict, sheet
from chassis.tables import EventLog
from services.evaluation import gather, queries
from services.evaluation.asks import ComplianceAsked, DayAsked, WhatIf
from services.evaluation.decide import suppose
from services.evaluation.decide.attest import Statements
from services.evaluation.decide.cases import Case
from services.evaluation.decide.verdicts import judge
from services.evaluation.models import Source, Told, VerdictSheet
from services.evaluation.queries import When
from services.evaluation.reach import reads_verdicts, reads_waivers
from services.evaluation.rules import SHEETS

router = Router(tags=["evaluation"])

CanRead = Annotated[Actor, Depends(allow("evaluation:read"))]
"""A bureau or an auditor; each within its own reach (`reach`)."""
Language = Annotated[str, Depends(language)]
SHOWN = 100
"""How many events a sheet names."""


@router.get("/compliance")
async def get_compliance(
    asked: Annotated[ComplianceAsked, Query()],
    tx: Tx,
    actor: Annotated[Actor, Depends(reads_verdicts)],
    said: Language,
) -> VerdictSheet:
    """Judge a subject by every rule of the pack, with the facts and the events they come from."""
    when = when_of(asked, tx)
    j = await tx.pack(when.day, asked.known_at)
    found = await gather.case(tx, asked.subject, j, when, actor)
    stated = await queries.stated(tx, when, [found.key])
    waivers = await queries.waived(tx, when, [found])
    shown = _sheet(j, found, when, said, judge(j, found, when.day, waivers, stated))
    if not reads_waivers(actor):
        _without_words(shown)
    shown["sources"] = sources(found.told, await _told_by(tx, stated))
    return shown


@router.post("/what-if")
@dry
async def post_what_if(ask: WhatIf, tx: Tx, actor: CanRead, said: Language) -> VerdictSheet:
    """Judge a subject, or supposed facts, under the pack, other values or another text."""
    when = When(ask.as_of or day_of(tx.now), tx.now)
    j = (
        await tx.pack(when.day)
        if ask.pack is None
        # A long text takes seconds to compile, in which the loop has others to serve.
        else await asyncio.to_thread(suppose.other_pack, ask.pack, tx.city, SHEETS)
    )
    j = suppose.other_values(j, ask.parameters)
    if isinstance(ask.subject, str):
        found = await gather.case(tx, ask.subject, j, when, actor)
        stated = await queries.stated(tx, when, [found.key])
        waivers = await queries.waived(tx, when, [found])
        verdicts = judge(j, found, when.day, waivers, stated)
    else:
        kind = ask.subject.kind
        facts = suppose.supposed_facts(j, kind, ask.subject.facts, ask.subject.context)
        found = Case(kind, "", facts, suppose.area_of(j, kind, facts))
        verdicts = judge(j, found, when.day, {}, {})
    return _sheet(j, found, when, said, verdicts)


def _without_words(shown: VerdictSheet) -> None:
    """Leave out what whoever granted a waiver wrote: its reader does not reach the waiver itself."""
    for line in shown["verdicts"]:
        if line["waiver"]:
            line["waiver"].pop("words", None)


def when_of(asked: DayAsked, tx: Any) -> When:
    """Return the two times of a question; of the present if it names none."""
    return When(asked.as_of or tx.today, asked.known_at or tx.now, tx.now)


def sources(told: Sequence[Told], stated: Sequence[EventLog]) -> list[Source]:
    """Return the events facts come from, the newest first."""
    found = [
        _source(t.event_id, t.type, f"{t.kind}/{t.subject_id}", t.epoch, t.version, t.known_from)
        for t in sorted(told, key=lambda each: each.known_from, reverse=True)[:SHOWN]
    ]
    own = [
        _source(e.event_id, e.type, f"{e.agg_type}/{e.agg_id}", e.epoch, e.version, e.at)
        for e in stated
    ]
    return [*own, *found]


def _source(
    event: UUID | None, kind: str | None, about: str, epoch: int, version: int, at: datetime
) -> Source:
    return {
        "event": str(event) if event else None,
        "type": kind,
        "aggregate": about,
        "epoch": epoch,
        "version": version,
        "at": at.astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
    }


async def _told_by(tx: Any, statements: Statements) -> list[EventLog]:
    """Return the events by which facts were stated."""
    ids = [each.id for stated in statements.values() for each in stated.values()]
    if not ids:
        return []
    found = await tx.find(EventLog, agg_type="attestation", agg_id=ids, version=1)
    return cast("list[EventLog]", found)


def _sheet(
    j: Jurisdiction, found: Case, when: When, said: str, verdicts: list[Verdict]
) -> VerdictSheet:
    subject = f"{found.kind}:{found.id}" if found.id else found.kind
    return cast("VerdictSheet", sheet(j, subject, verdicts, when.day, when.known_at, said))
