"""One subject judged now, from the history: as it is, as it was, or as it might be."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, cast

from fastapi import Depends, Query

from chassis.clock import SHANGHAI, day_of
from chassis.http import Router, Tx, dry, language
from chassis.identity import Actor, allow
from chassis.packs import Jurisdiction, sheet
from services.evaluation import gather
from services.evaluation.asks import ComplianceAsked, DayAsked, WhatIf
from services.evaluation.decide import suppose
from services.evaluation.decide.cases import Case
from services.evaluation.models import Source, Told, VerdictSheet
from services.evaluation.queries import When
from services.evaluation.reach import reads_verdicts
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
    shown = _judged(j, found, when, said)
    shown["sources"] = sources(found.told)
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
    else:
        kind = ask.subject.kind
        facts = suppose.supposed_facts(j, kind, ask.subject.facts, ask.subject.context)
        found = Case(kind, "", facts, suppose.area_of(j, kind, facts))
    return _judged(j, found, when, said)


def when_of(asked: DayAsked, tx: Any) -> When:
    """Return the two times of a question; of the present if it names none."""
    return When(asked.as_of or tx.today, asked.known_at or tx.now)


def sources(told: Sequence[Told]) -> list[Source]:
    """Return the events facts come from, the newest first."""
    newest = sorted(told, key=lambda each: each.known_from, reverse=True)[:SHOWN]
    return [
        {
            "event": str(each.event_id) if each.event_id else None,
            "type": each.type,
            "aggregate": f"{each.kind}/{each.subject_id}",
            "epoch": each.epoch,
            "version": each.version,
            "at": each.known_from.astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
        }
        for each in newest
    ]


def _judged(j: Jurisdiction, found: Case, when: When, said: str) -> VerdictSheet:
    verdicts = j.judge(found.kind, found.facts, found.area, when.day)
    subject = f"{found.kind}:{found.id}" if found.id else found.kind
    return cast("VerdictSheet", sheet(j, subject, verdicts, when.day, when.known_at, said))
