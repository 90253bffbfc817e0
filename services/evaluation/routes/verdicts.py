"""The stored verdicts of a city: lists, and one subject's sheet as one row."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query

from chassis import problems
from chassis.clock import SHANGHAI
from chassis.http import Router, Tx
from chassis.identity import Actor
from chassis.packs import Jurisdiction
from services.evaluation import judging, sheets
from services.evaluation.areas import PLACES, areas
from services.evaluation.asks import Ref, VerdictsAsked
from services.evaluation.decide import verdicts
from services.evaluation.decide.verdicts import Cites, Kept
from services.evaluation.gather import everybody
from services.evaluation.models import Sheet, VerdictsOfOne
from services.evaluation.queries import When
from services.evaluation.reach import reaches, reaches_area, reads_verdicts, sees_figures
from services.evaluation.shapes import Judged, ListedVerdict, Verdicts

router = Router(tags=["evaluation"])

Reader = Annotated[Actor, Depends(reads_verdicts)]
"""Whoever may read verdicts: a bureau of its area, a station's people and its operator of theirs."""


@router.get("/verdicts")
async def get_verdicts(asked: Annotated[VerdictsAsked, Query()], tx: Tx, actor: Reader) -> Verdicts:
    """List verdicts within the caller's reach: the stored ones, or those of another day."""
    day = asked.as_of or tx.today
    j = await tx.pack(day, asked.known_at)
    verdicts.asked_for(j, asked.rule, asked.district)
    texts = verdicts.wanted(
        j,
        rule=asked.rule,
        verdict=asked.verdict,
        modality=asked.modality,
        severe=asked.severity,
    )
    after = sheets.edge(asked.after, asked.sort)
    if day == tx.today and asked.known_at is None:
        where = {"kind": asked.kind, "district": asked.district}
        found = await sheets.page(
            tx, actor, texts, sort=asked.sort, after=after, limit=asked.limit, **where
        )
        judged = Judged(as_of=day, pack=j.version, waiting=await sheets.waiting(tx))
    else:
        when = When(day, asked.known_at or tx.now, tx.now)
        kept = [
            each for each in await _on_demand(tx, j, when, asked, actor) if reaches(actor, each)
        ]
        found = verdicts.page(kept, texts, asked.sort, after, asked.limit)
        judged = Judged(as_of=day, pack=j.version, waiting=0)
    shown = found[: asked.limit]
    order = verdicts.SORTS[asked.sort.removeprefix("-")]
    following = sheets.edge_of(order(*shown[-1])) if len(found) > asked.limit else None
    cites = Cites(j, day)
    items = [_item(each, text, cites) for each, text in shown]
    return Verdicts(items=items, next=following, judged=judged)


@router.get("/verdicts/{subject}")
async def get_verdicts_of(subject: Ref, tx: Tx, actor: Reader) -> VerdictsOfOne:
    """Show what is stored of one subject's verdicts today: one row, no words and no facts."""
    kind, _, identity = subject.partition(":")
    row = await tx.peek(Sheet, kind, identity)
    found = sheets.kept_of(row.__dict__) if row else None
    if row is None or found is None or not reaches(actor, found):
        raise problems.NotFound()
    cites = Cites(await tx.pack_of(row.pack), tx.today)
    lines = [
        verdicts.line(text, cites(kind, text.partition(":")[0], found.division))
        for text in found.verdicts
    ]
    return {
        "subject": {"kind": kind, "id": identity},
        "city": tx.city,
        "as_of": tx.today.isoformat(),
        "pack": {"id": tx.city, "version": row.pack},
        "counts": verdicts.counts(found.verdicts),
        "verdicts": lines,
        "since": row.changed_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
    }


async def _on_demand(
    tx: Any, j: Jurisdiction, when: When, asked: VerdictsAsked, actor: Actor
) -> Sequence[Kept]:
    """Judge everybody of the kind asked for whom the caller may see, out of the history."""
    found = await everybody(tx, when, asked.kind, asked.district, actor)
    if asked.kind in (None, *PLACES) and sees_figures(actor):
        found.cases += [
            case
            for case in await areas(tx, j, when)
            if asked.kind in (None, case.kind) and reaches_area(actor, case.area)
        ]
    found.cases = [each for each in found.cases if each.area.startswith(asked.district or "")]
    return await judging.judged(tx, j, found, when)


def _item(kept: Kept, text: str, cites: Cites) -> ListedVerdict:
    line = verdicts.line(text, cites(kept.kind, text.partition(":")[0], kept.division))
    return ListedVerdict.model_construct(
        subject={"kind": kept.kind, "id": kept.id},
        name=kept.name,
        division=kept.division,
        station_id=kept.station_id,
        **line,
    )
