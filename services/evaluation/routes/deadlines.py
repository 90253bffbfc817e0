"""What is due, by whom, done when, late by how much."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import Depends, Query

from chassis.asked import Listed
from chassis.http import Router, Tx
from chassis.identity import Actor
from services.evaluation import queries, sheets
from services.evaluation.asks import DeadlinesAsked
from services.evaluation.decide.deadlines import STATUSES, deadlines, place
from services.evaluation.decide.verdicts import asked_for
from services.evaluation.reach import reads_verdicts, whose_dues
from services.evaluation.routes.compliance import when_of
from services.evaluation.shapes import DeadlineView

router = Router(tags=["evaluation"])


class Deadlines(Listed):
    """A page of deadlines, the earliest first."""

    items: Sequence[DeadlineView]
    counts: dict[str, int]
    """How many of each status there are within reach, whatever the filters."""


@router.get("/deadlines")
async def get_deadlines(
    asked: Annotated[DeadlinesAsked, Query()],
    tx: Tx,
    actor: Annotated[Actor, Depends(reads_verdicts)],
) -> Deadlines:
    """List what registers say is due: documents to be handed in, and duties of departments.

    A bureau sees its area's and those of the whole city, a station what it hands in itself.
    """
    mine = whose_dues(actor)
    if asked.district is not None:
        asked_for(await tx.pack(), None, asked.district)
    when = when_of(asked, tx)
    told = {
        kind: [each.state for each in await queries.every(tx, kind, when)]
        for kind in ("filing", "duty")
    }
    found = [each for each in deadlines(told["filing"], told["duty"], when.day) if mine(each)]
    counts = dict.fromkeys(STATUSES, 0)
    for each in found:
        counts[each.status] += 1
    after = sheets.edge(asked.after, "subject")
    shown = [
        each
        for each in found
        if asked.status in (None, each.status)
        and asked.kind in (None, each.kind)
        and (each.division or "").startswith(asked.district or "")
        and (after is None or place(each) > after)
    ]
    page = shown[: asked.limit]
    last = page[-1] if len(shown) > asked.limit else None
    return Deadlines(
        items=[DeadlineView(**asdict(each)) for each in page],
        counts=counts,
        next=sheets.edge_of([*place(last)]) if last else None,
    )
