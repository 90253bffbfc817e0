"""Management units: development zones and other areas that no division code names."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.divisions import Division
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import At, Forbidden, Invalid, UnknownReference
from chassis.tables import CityKept
from services.registry.decide.network import write_unit
from services.registry.facts import Words
from services.registry.models import Unit, UnitView
from services.registry.queries import alone_in_network, belongs_to, pack_if_any, system_of
from services.registry.reach import in_division, must_write, reach, reached, under
from services.registry.routes.callers import Area, Reads, Writes
from services.registry.routes.places import all_standing, standing
from services.registry.shapes import FindUnits, WriteUnit

router = Router(tags=["units"])


class Units(Listed):
    """A page of units."""

    items: list[UnitView]


@router.post("/units", status_code=201)
async def post_unit(ask: WriteUnit, tx: Tx, actor: Writes, area: Area) -> UnitView:
    """Enter a management unit."""
    must_write(actor, Unit)
    around, covers, words = await _named(tx, ask, actor, area)
    return tx.record(*write_unit(None, ask, around, covers, words, tx.today))


@router.get("/units")
async def get_units(query: Annotated[FindUnits, Query()], tx: Tx, actor: Reads) -> Units:
    """List the management units within the caller's reach."""
    said = query.model_dump(include={"kind", "status"}, exclude_none=True)
    where = [getattr(Unit, name) == value for name, value in said.items()]
    if query.division is not None:
        where.append(under(col(Unit.division), query.division))
    page = await tx.page(
        Unit, *reach(actor, Unit, tx.today), *where, after=query.after, limit=query.limit
    )
    return Units(items=list(page.items), next=page.next)


@router.get("/units/{unit_id}")
async def get_unit(unit_id: UUID, tx: Tx, actor: Reads) -> UnitView:
    """Show a management unit."""
    return await reached(tx, actor, Unit, unit_id)


@router.put("/units/{unit_id}")
async def put_unit(
    unit_id: UUID, ask: WriteUnit, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> UnitView:
    """Replace what is said of a management unit; one that is over is `abolished`, never deleted."""
    unit = await reached(tx, actor, Unit, unit_id, write=True)
    match(unit, version)
    around, covers, words = await _named(tx, ask, actor, area)
    if ask.parent_id is not None:
        await alone_in_network(tx)
        if await belongs_to(tx, ask.parent_id, unit_id):
            raise Invalid(
                [At("/parent_id", "circular", "隶属关系成环", "belongs to this unit itself")]
            )
    return tx.record(*write_unit(unit, ask, around, covers, words, tx.today))


async def _named(
    tx: Tx, ask: WriteUnit, actor: Actor, area: CityKept
) -> tuple[Division, list[Division], Words | None]:
    """Return what the body names: the division around, those it covers, and the city's words."""
    pack = await pack_if_any(tx)
    system = ask.division_system or system_of(pack)
    around = await standing(tx, area, system, ask.division)
    if not in_division(actor, around.code):
        raise Forbidden("不在本人负责的区划内", "It does not lie in the caller's own division")
    covers = await all_standing(tx, area, system, ask.covers, "/covers")
    if ask.parent_id is not None and await tx.peek(Unit, ask.parent_id) is None:
        raise UnknownReference("/parent_id")
    return around, covers, pack.vocabulary if pack else None
