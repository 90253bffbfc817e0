"""Versions of the city's pack: brought by an author, activated by somebody else."""

import asyncio
from typing import Annotated

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed, Paged
from chassis.http import Router, Tx
from chassis.packs import Jurisdiction, Subjects, Troubles
from chassis.problems import At, Invalid, WrongStatus
from contracts import facts
from contracts.kept import keep_pack
from services.registry.decide.dues import duties_of
from services.registry.decide.packs import approve_pack, author_pack, not_the_author, pack_id
from services.registry.models import Duty, Pack, PackVersion, PackVersionView
from services.registry.routes.callers import Approves, Authors, Reads
from services.registry.shapes import ApprovePack, AuthorPack

router = Router(tags=["packs"])

SUBJECTS = Subjects.of(facts.SUBJECTS, facts.GATES)
"""What rules may speak of; described once for the process."""


class PackVersions(Listed):
    """A page of versions."""

    items: list[PackVersionView]


@router.post("/packs", status_code=201)
async def post_pack(ask: AuthorPack, tx: Tx, actor: Authors) -> PackVersionView:
    """Bring a version as a draft. One that does not load is refused line by line."""
    pack = await asyncio.to_thread(_compiled, ask.layers)  # a large text takes a second
    known = await tx.peek(PackVersion, pack.version)
    if known is not None:
        return known  # the same texts are the same version, whoever brings them again
    draft = author_pack(pack, ask.layers, ask.note, city=tx.city, by=actor.subject, now=tx.now)
    tx.keep(draft)
    tx.audit("pack.author", "pack", None, [draft.version])
    return draft


@router.get("/packs")
async def get_packs(query: Annotated[Paged, Query()], tx: Tx, actor: Reads) -> PackVersions:
    """List the versions, by their hash."""
    del actor
    page = await tx.page(PackVersion, after=query.after, limit=query.limit, order_by="version")
    return PackVersions(items=list(page.items), next=page.next)


@router.get("/packs/{version}")
async def get_pack(version: str, tx: Tx, actor: Reads) -> PackVersionView:
    """Show a version and who stands for it."""
    del actor
    return await tx.get(PackVersion, version)


@router.post("/packs/{version}/approve")
async def post_approval(version: str, ask: ApprovePack, tx: Tx, actor: Approves) -> PackVersionView:
    """Activate a version from a day on; every service hears of it.

    What the document lays on bodies is in the register of duties from then on.
    """
    draft = await tx.get(PackVersion, version, lock=True)
    not_the_author(draft, actor.subject)
    if draft.status == "active":
        if draft.in_force == ask.in_force:
            return draft
        raise WrongStatus("active", [])
    pack = await tx.peek(Pack, pack_id(tx.city), lock=True)
    pack, event = approve_pack(
        draft, pack, ask.in_force, city=tx.city, by=actor.subject, now=tx.now
    )
    tx.keep(draft)
    keep_pack(event, tx)
    tx.record(pack, event)
    kept = await tx.find(Duty, col(Duty.pack_key).is_not(None))
    for duty, told in duties_of(draft, kept, ask.in_force):
        tx.record(duty, told)
    return draft


def _compiled(layers: str) -> Jurisdiction:
    """Compile what an author brought, or name every place where it is wrong."""
    try:
        return Jurisdiction.from_text(layers, SUBJECTS)
    except Troubles as troubles:
        wrong = [
            At("/layers", f"{each.file}:{each.line}:{each.column}", str(each), str(each))
            for each in troubles.all
        ]
    except (ValueError, KeyError, TypeError):
        wrong = [
            At(
                "/layers",
                "not-merged",
                "不是合并后的政策包文本",
                "is not the merged text of a pack's layers",
            )
        ]
    raise Invalid(wrong)
