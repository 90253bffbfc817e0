"""Agencies: entered, replaced, found."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.tables import CityKept
from services.registry.decide.bodies import write_agency
from services.registry.models import Agency, AgencyView
from services.registry.queries import in_words, officers_of, pack_if_any, system_of
from services.registry.reach import must_write, reach, reached, under
from services.registry.routes.callers import Area, Reads, Writes
from services.registry.routes.places import standing
from services.registry.search import named, sorted_by
from services.registry.shapes import FindAgencies, WriteAgency

router = Router(tags=["agencies"])


class Agencies(Listed):
    """A page of agencies."""

    items: list[AgencyView]


@router.post("/agencies", status_code=201)
async def post_agency(ask: WriteAgency, tx: Tx, actor: Writes, area: Area) -> AgencyView:
    """Enter an agency, once in a city by its credit code."""
    must_write(actor, Agency)
    pack = await pack_if_any(tx)
    await _inside(tx, area, ask, system_of(pack))
    words = pack.vocabulary if pack else None
    return tx.record(*write_agency(None, ask, words, tx.today))


@router.get("/agencies")
async def get_agencies(query: Annotated[FindAgencies, Query()], tx: Tx, actor: Reads) -> Agencies:
    """List the agencies within the caller's reach."""
    await in_words(tx, query)
    said = query.model_dump(include={"status", "kind"}, exclude_none=True)
    order, known = sorted_by(Agency, query.sort)
    page = await tx.page(
        Agency,
        *reach(actor, Agency, tx.today),
        *(getattr(Agency, name) == value for name, value in said.items()),
        *(under(col(Agency.registered_in), code) for code in [query.registered_in] if code),
        *(under(col(Agency.credit_code), code) for code in [query.credit_code] if code),
        *named(Agency, query.q),
        *known,
        after=query.after,
        limit=query.limit,
        order_by=order,
    )
    return Agencies(items=list(page.items), next=page.next)


@router.get("/agencies/{agency_id}")
async def get_agency(agency_id: UUID, tx: Tx, actor: Reads) -> AgencyView:
    """Show an agency."""
    return await reached(tx, actor, Agency, agency_id)


@router.put("/agencies/{agency_id}")
async def put_agency(
    agency_id: UUID, ask: WriteAgency, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> AgencyView:
    """Replace what is said of an agency."""
    agency = await reached(tx, actor, Agency, agency_id, write=True)
    match(agency, version)
    pack = await pack_if_any(tx)
    await _inside(tx, area, ask, system_of(pack))
    words = pack.vocabulary if pack else None
    officers = await officers_of(tx, agency_id)
    return tx.record(*write_agency(agency, ask, words, tx.today, officers))


async def _inside(tx: Tx, area: CityKept, ask: WriteAgency, system: str) -> None:
    """Hold the division a body names to this jurisdiction."""
    if ask.incubated_in is not None:
        await standing(tx, area, system, ask.incubated_in, at="/incubated_in")
