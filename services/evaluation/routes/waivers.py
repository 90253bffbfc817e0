"""Waivers: granted and taken back by the city, seen by those they concern."""

from collections.abc import Sequence
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import func

from chassis import problems
from chassis.asked import Listed
from chassis.http import IfMatch, Router, Tx, match
from chassis.identity import Actor, allow
from services.evaluation import gather, queries, sheets
from services.evaluation.asks import GrantWaiver, RevokeWaiver, WaiversAsked
from services.evaluation.decide.waivers import grant_waiver, revoke_waiver
from services.evaluation.models import Waiver, WaiverReceipt, WaiverView
from services.evaluation.queries import When
from services.evaluation.reach import concerning, reads_verdicts

router = Router(tags=["evaluation"])

CanGrant = Annotated[Actor, Depends(allow("waivers:write"))]
"""The city's bureau."""
Reader = Annotated[Actor, Depends(reads_verdicts)]


class Waivers(Listed):
    """A page of waivers."""

    items: Sequence[WaiverView]


@router.post("/waivers", status_code=201)
async def post_waiver(ask: GrantWaiver, tx: Tx, actor: CanGrant) -> WaiverReceipt:
    """Let a rule of the city's document pass for somebody, for a time; verdicts then say `waived`."""
    j = await tx.pack()
    case = await gather.said_of(tx, ask.subject, j, When(tx.today, tx.now), actor)
    await queries.one_grants(tx, case.key)
    row = cast("Any", Waiver)
    mine = [row.subject_kind == case.kind, row.subject_id == case.id, row.rule == ask.rule]
    before = await tx.find(Waiver, *mine)
    waiver = tx.record(*grant_waiver(ask, case, j, actor.subject, tx.now, before=before))
    sheets.judge_again(tx, waiver.subject_kind, waiver.subject_id)
    return waiver


@router.get("/waivers")
async def get_waivers(asked: Annotated[WaiversAsked, Query()], tx: Tx, actor: Reader) -> Waivers:
    """List waivers within the caller's reach, those taken back too."""
    row = cast("Any", Waiver)
    where = [concerning(actor, row)]
    if asked.subject is not None:
        kind, _, identity = asked.subject.partition(":")
        where += [row.subject_kind == kind, row.subject_id == identity]
    if asked.rule is not None:
        where.append(row.rule == asked.rule)
    if asked.on is not None:
        last = func.coalesce(row.last_on, row.until)
        where += [row.starts_on <= asked.on, last >= asked.on]
    page = await tx.page(Waiver, *where, after=asked.after, limit=asked.limit)
    return Waivers.model_construct(items=page.items, next=page.next)


@router.get("/waivers/{waiver_id}")
async def get_waiver(waiver_id: UUID, tx: Tx, actor: Reader) -> WaiverView:
    """Show one waiver."""
    return await _reached(tx, waiver_id, actor)


@router.post("/waivers/{waiver_id}/revoke")
async def post_revoke_waiver(
    waiver_id: UUID, ask: RevokeWaiver, tx: Tx, actor: CanGrant, version: IfMatch
) -> WaiverReceipt:
    """Take a waiver back, from a day on."""
    waiver = await _reached(tx, waiver_id, actor)
    match(waiver, version)
    tx.record(*revoke_waiver(ask, waiver, actor.subject, tx.today, tx.now))
    sheets.judge_again(tx, waiver.subject_kind, waiver.subject_id)
    return waiver


async def _reached(tx: Any, waiver_id: UUID, actor: Actor) -> Waiver:
    row = cast("Any", Waiver)
    found = await tx.one(Waiver, row.id == waiver_id, concerning(actor, row))
    if found is None:
        raise problems.NotFound()
    return cast("Waiver", found)
