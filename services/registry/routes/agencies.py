"""Agencies: entered, replaced, found."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from services.registry.decide.bodies import write_agency
from services.registry.models import Agency, AgencyView
from services.registry.queries import words_of
from services.registry.reach import must_write, reach, reached
from services.registry.routes.callers import Reads, Writes
from services.registry.shapes import FindAgencies, WriteAgency

router = Router(tags=["agencies"])


class Agencies(Listed):
    """A page of agencies."""

    items: list[AgencyView]


@router.post("/agencies", status_code=201)
async def post_agency(ask: WriteAgency, tx: Tx, actor: Writes) -> AgencyView:
    """Enter an agency, once in a city by its credit code."""
    must_write(actor, Agency)
    return tx.record(*write_agency(None, ask, await words_of(tx), tx.today))


@router.get("/agencies")
async def get_agencies(query: Annotated[FindAgencies, Query()], tx: Tx, actor: Reads) -> Agencies:
    """List the agencies within the caller's reach."""
    said = query.model_dump(exclude={"after", "limit"}, exclude_none=True)
    page = await tx.page(
        Agency,
        *reach(actor, Agency, tx.today),
        *(getattr(Agency, name) == value for name, value in said.items()),
        after=query.after,
        limit=query.limit,
    )
    return Agencies(items=list(page.items), next=page.next)


@router.get("/agencies/{agency_id}")
async def get_agency(agency_id: UUID, tx: Tx, actor: Reads) -> AgencyView:
    """Show an agency."""
    return await reached(tx, actor, Agency, agency_id)


@router.put("/agencies/{agency_id}")
async def put_agency(
    agency_id: UUID, ask: WriteAgency, tx: Tx, actor: Writes, version: MustMatch
) -> AgencyView:
    """Replace what is said of an agency."""
    agency = await reached(tx, actor, Agency, agency_id, write=True)
    match(agency, version)
    return tx.record(*write_agency(agency, ask, await words_of(tx), tx.today))
