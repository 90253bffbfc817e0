"""Partners: entered, replaced, found."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.tables import CityKept
from services.registry.decide.bodies import write_partner
from services.registry.models import Partner, PartnerView
from services.registry.queries import in_words, officers_of, pack_if_any, system_of
from services.registry.reach import must_write, reach, reached
from services.registry.routes.callers import Area, Reads, Writes
from services.registry.routes.places import standing
from services.registry.search import named, sorted_by
from services.registry.shapes import FindPartners, WritePartner

router = Router(tags=["partners"])


class Partners(Listed):
    """A page of partners."""

    items: list[PartnerView]


@router.post("/partners", status_code=201)
async def post_partner(ask: WritePartner, tx: Tx, actor: Writes, area: Area) -> PartnerView:
    """Enter a partner; its API client is made at the gateway."""
    must_write(actor, Partner)
    pack = await pack_if_any(tx)
    await _inside(tx, area, ask, system_of(pack))
    words = pack.vocabulary if pack else None
    return tx.record(*write_partner(None, ask, words, tx.city, tx.today))


@router.get("/partners")
async def get_partners(query: Annotated[FindPartners, Query()], tx: Tx, actor: Reads) -> Partners:
    """List the partners within the caller's reach."""
    await in_words(tx, query)
    said = query.model_dump(include={"status", "kind"}, exclude_none=True)
    order, known = sorted_by(Partner, query.sort)
    page = await tx.page(
        Partner,
        *reach(actor, Partner, tx.today),
        *(getattr(Partner, name) == value for name, value in said.items()),
        *named(Partner, query.q),
        *known,
        after=query.after,
        limit=query.limit,
        order_by=order,
    )
    return Partners(items=list(page.items), next=page.next)


@router.get("/partners/{partner_id}")
async def get_partner(partner_id: UUID, tx: Tx, actor: Reads) -> PartnerView:
    """Show a partner."""
    return await reached(tx, actor, Partner, partner_id)


@router.put("/partners/{partner_id}")
async def put_partner(
    partner_id: UUID, ask: WritePartner, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> PartnerView:
    """Replace what is said of a partner."""
    partner = await reached(tx, actor, Partner, partner_id, write=True)
    match(partner, version)
    pack = await pack_if_any(tx)
    await _inside(tx, area, ask, system_of(pack))
    words = pack.vocabulary if pack else None
    officers = await officers_of(tx, partner_id)
    return tx.record(*write_partner(partner, ask, words, tx.city, tx.today, officers))


async def _inside(tx: Tx, area: CityKept, ask: WritePartner, system: str) -> None:
    """Hold the division a body names to this jurisdiction."""
    if ask.division is not None:
        await standing(tx, area, system, ask.division, at="/division")
