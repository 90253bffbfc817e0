"""Evaluation over HTTP: gather the facts, judge, answer; nothing is written."""

import asyncio
from typing import Annotated, Any, cast

from fastapi import Depends, Query

from chassis.clock import day_of
from chassis.http import Router, Tx, dry, language
from chassis.identity import Actor, allow
from chassis.packs import Jurisdiction, sheet
from chassis.problems import Forbidden
from services.evaluation import gather, queries
from services.evaluation.asks import ComplianceAsked, DayAsked, WhatIf
from services.evaluation.decide import coverage, suppose
from services.evaluation.decide.targets import targets
from services.evaluation.gather import CITY_SUBJECT, DISTRICT_SUBJECT, Case
from services.evaluation.models import Coverage, VerdictSheet
from services.evaluation.queries import When
from services.evaluation.reach import area_of, reads_verdicts
from services.evaluation.rules import SHEETS

router = Router(tags=["evaluation"])

CanRead = Annotated[Actor, Depends(allow("evaluation:read"))]
"""A bureau or an auditor; each within its own reach (`reach`)."""
Language = Annotated[str, Depends(language)]


@router.get("/compliance")
async def get_compliance(
    asked: Annotated[ComplianceAsked, Query()],
    tx: Tx,
    actor: Annotated[Actor, Depends(reads_verdicts)],
    said: Language,
) -> VerdictSheet:
    """Judge a station, worker, contract, district or the city by every rule of the pack."""
    when = _when(asked, tx)
    j = await tx.pack(when.day, asked.known_at)
    found = await gather.case(tx, asked.subject, j, when, actor)
    return _judged(j, found, when, said)


@router.get("/coverage")
async def get_coverage(
    asked: Annotated[DayAsked, Query()], tx: Tx, actor: CanRead, said: Language
) -> Coverage:
    """Show how far the city is covered with stations, by which denominator, and its targets."""
    area = area_of(actor)
    if area is None:
        raise Forbidden()
    when = _when(asked, tx)
    j = await tx.pack(when.day, asked.known_at)
    ground = await gather.ground(tx, j, when)
    stations = await queries.every(tx, "station", when)
    held = coverage.certificates(when.day, await queries.every(tx, "worker", when))
    found = coverage.covered(stations, ground)
    city = coverage.city_facts(tx.city, stations, held, ground)
    goals = targets(j, CITY_SUBJECT, j.prefixes[0], city, when.day, said)
    mine = [row for row in coverage.divisions(found, ground) if row["code"].startswith(area)]
    for row in mine:
        facts = coverage.district_facts(row["code"], stations, held, ground)
        goals += targets(j, DISTRICT_SUBJECT, row["code"], facts, when.day, said)
    denominator = {"source": ground.source, "vintage": ground.vintage, "count": ground.count}
    answer = {
        "city": tx.city,
        "as_of": when.day.isoformat(),
        "tier": coverage.TOWNSHIP,
        "denominator": denominator if ground.count is not None else None,
        "covered": len(found.townships),
        "share": coverage.share(len(found.townships), ground.count),
        "outside_townships": found.outside,
        "targets": goals,
        "divisions": mine,
    }
    return cast("Coverage", answer)


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


def _when(asked: DayAsked, tx: Any) -> When:
    return When(asked.as_of or tx.today, asked.known_at or tx.now)


def _judged(j: Jurisdiction, found: Case, when: When, said: str) -> VerdictSheet:
    verdicts = j.judge(found.kind, found.facts, found.area, when.day)
    subject = f"{found.kind}:{found.id}" if found.id else found.kind
    return cast("VerdictSheet", sheet(j, subject, verdicts, when.day, when.known_at, said))
