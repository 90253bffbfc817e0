"""Partners: entered, replaced, found."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from services.registry.decide.bodies import write_partner
from services.registry.models import Partner, PartnerView
from services.registry.queries import words_of
from services.registry.reach import must_write, reach, reached
from services.registry.routes.callers import Reads, Writes
from services.registry.shapes import FindPartners, WritePartner

router = Router(tags=["partners"])


class Partners(Listed):
    """A page of partners."""

    items: list[PartnerView]


@router.post("/partners", status_code=201)
async def post_partner(ask: WritePartner, tx: Tx, actor: Writes) -> PartnerView:
    """Enter a partner; its API client is made at the gateway."""
    must_write(actor, Partner)
    return tx.record(*write_partner(None, ask, await words_of(tx), tx.city, tx.today))


@router.get("/partners")
async def get_partners(query: Annotated[FindPartners, Query()], tx: Tx, actor: Reads) -> Partners:
    """List the partners within the caller's reach."""
    said = query.model_dump(exclude={"after", "limit"}, exclude_none=True)
    page = await tx.page(
        Partner,
        *reach(actor, Partner, tx.today),
        *(getattr(Partner, name) == value for name, value in said.items()),
        after=query.after,
        limit=query.limit,
    )
    return Partners(items=list(page.items), next=page.next)


@router.get("/partners/{partner_id}")
async def get_partner(partner_id: UUID, tx: Tx, actor: Reads) -> PartnerView:
    """Show a partner."""
    return await reached(tx, actor, Partner, partner_id)


@router.put("/partners/{partner_id}")
async def put_partner(
    partner_id: UUID, ask: WritePartner, tx: Tx, actor: Writes, version: MustMatch
) -> PartnerView:
    """Replace what is said of a partner."""
    partner = await reached(tx, actor, Partner, partner_id, write=True)
    match(partner, version)
    return tx.record(*write_partner(partner, ask, await words_of(tx), tx.city, tx.today))
