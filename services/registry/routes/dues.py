"""Targets, filings and duties: entered, replaced, found by area and by what is due."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import Forbidden, UnknownReference
from chassis.reading import Page
from chassis.tables import CityKept
from services.registry.decide.dues import write_duty, write_filing, write_target
from services.registry.facts import Words
from services.registry.models import (
    Duty,
    DutyView,
    Filing,
    FilingView,
    Partner,
    Station,
    Target,
    TargetView,
)
from services.registry.queries import in_words, pack_if_any, system_of
from services.registry.reach import CITY_WIDE, in_division, must_write, reach, reached, under
from services.registry.routes.callers import Area, Reads, Writes
from services.registry.routes.places import standing
from services.registry.shapes import (
    FindDuties,
    FindFilings,
    FindTargets,
    WriteDuty,
    WriteFiling,
    WriteTarget,
)

router = Router(tags=["targets, filings, duties"])

DueT = TypeVar("DueT", Target, Filing, Duty)
Ask = WriteTarget | WriteFiling | WriteDuty


class Targets(Listed):
    """A page of targets."""

    items: list[TargetView]


class Filings(Listed):
    """A page of filings."""

    items: list[FilingView]


class Duties(Listed):
    """A page of duties."""

    items: list[DutyView]


@router.post("/targets", status_code=201)
async def post_target(ask: WriteTarget, tx: Tx, actor: Writes, area: Area) -> TargetView:
    """Set a target of an area."""
    must_write(actor, Target)
    words = await _held(tx, ask, actor, area)
    return tx.record(*write_target(None, ask, words, tx.today))


@router.get("/targets")
async def get_targets(query: Annotated[FindTargets, Query()], tx: Tx, actor: Reads) -> Targets:
    """List the targets within the caller's reach, and those of the whole city."""
    page = await _listed(tx, actor, Target, query)
    return Targets(items=list(page.items), next=page.next)


@router.get("/targets/{target_id}")
async def get_target(target_id: UUID, tx: Tx, actor: Reads) -> TargetView:
    """Show a target."""
    return await reached(tx, actor, Target, target_id)


@router.put("/targets/{target_id}")
async def put_target(
    target_id: UUID, ask: WriteTarget, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> TargetView:
    """Replace what is said of a target; one given up is `withdrawn`, never deleted."""
    target = await _own(tx, actor, Target, target_id, version)
    words = await _held(tx, ask, actor, area)
    return tx.record(*write_target(target, ask, words, tx.today))


@router.post("/filings", status_code=201)
async def post_filing(ask: WriteFiling, tx: Tx, actor: Writes, area: Area) -> FilingView:
    """Enter a document that is due, or was handed to a higher body."""
    must_write(actor, Filing)
    words = await _held(tx, ask, actor, area)
    return tx.record(*write_filing(None, ask, words, tx.today, role=actor.role))


@router.get("/filings")
async def get_filings(query: Annotated[FindFilings, Query()], tx: Tx, actor: Reads) -> Filings:
    """List the filings within the caller's reach; `due_before` finds those that are late."""
    page = await _listed(tx, actor, Filing, query)
    return Filings(items=list(page.items), next=page.next)


@router.get("/filings/{filing_id}")
async def get_filing(filing_id: UUID, tx: Tx, actor: Reads) -> FilingView:
    """Show a filing with its receipt."""
    return await reached(tx, actor, Filing, filing_id)


@router.put("/filings/{filing_id}")
async def put_filing(
    filing_id: UUID, ask: WriteFiling, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> FilingView:
    """Hand a document in, acknowledge it, return it, or correct what is said of it."""
    filing = await _own(tx, actor, Filing, filing_id, version)
    words = await _held(tx, ask, actor, area)
    return tx.record(*write_filing(filing, ask, words, tx.today, role=actor.role))


@router.post("/duties", status_code=201)
async def post_duty(ask: WriteDuty, tx: Tx, actor: Writes, area: Area) -> DutyView:
    """Enter what a department is to do."""
    must_write(actor, Duty)
    words = await _held(tx, ask, actor, area)
    return tx.record(*write_duty(None, ask, words, tx.today))


@router.get("/duties")
async def get_duties(query: Annotated[FindDuties, Query()], tx: Tx, actor: Reads) -> Duties:
    """List the duties within the caller's reach, and those of the whole city."""
    page = await _listed(tx, actor, Duty, query)
    return Duties(items=list(page.items), next=page.next)


@router.get("/duties/{duty_id}")
async def get_duty(duty_id: UUID, tx: Tx, actor: Reads) -> DutyView:
    """Show a duty and the days it was done."""
    return await reached(tx, actor, Duty, duty_id)


@router.put("/duties/{duty_id}")
async def put_duty(
    duty_id: UUID, ask: WriteDuty, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> DutyView:
    """Note that a duty was done, or replace what is said of it."""
    duty = await _own(tx, actor, Duty, duty_id, version)
    words = await _held(tx, ask, actor, area)
    return tx.record(*write_duty(duty, ask, words, tx.today))


async def _own(tx: Tx, actor: Actor, model: type[DueT], thing: UUID, version: int) -> DueT:
    """Return what the caller sees and answers for; the whole city's is the city's to change."""
    row = await reached(tx, actor, model, thing, write=True)
    if row.division is None and actor.role not in CITY_WIDE:
        raise Forbidden("全市事项由市级登记", "What is the whole city's is the city's to change")
    match(row, version)
    return row


async def _held(tx: Tx, ask: Ask, actor: Actor, area: CityKept) -> Words | None:
    """Hold a body to the caller's own area, and to what is there; return the city's words."""
    pack = await pack_if_any(tx)
    station = _station_of(ask)
    if actor.role == "station_head" and (station is None or station != actor.station_id):
        raise Forbidden("只能登记本站的报送", "A head enters the own station's filings only")
    if station is not None:
        here = col(Station.id) == station
        found = await tx.one(Station, here, *reach(actor, Station, tx.today))
        if found is None:
            raise UnknownReference("/station_id")
        ask.division = found.division  # else whoever sees what names no area could change it
    elif ask.division is None:
        if actor.role not in CITY_WIDE:
            raise Forbidden("全市事项由市级登记", "What is the whole city's is the city's to enter")
    else:
        around = await standing(tx, area, system_of(pack), ask.division)
        if not in_division(actor, around.code):
            raise Forbidden("不在本人负责的区划内", "It is not in the caller's own division")
        ask.division = around.code
    partner = ask.partner_id if isinstance(ask, WriteDuty) else None
    if partner is not None and await tx.peek(Partner, partner) is None:
        raise UnknownReference("/partner_id")
    return pack.vocabulary if pack else None


def _station_of(thing: Any) -> UUID | None:
    station: UUID | None = getattr(thing, "station_id", None)
    return station


async def _listed(
    tx: Tx, actor: Actor, model: type[DueT], query: FindTargets | FindFilings | FindDuties
) -> Page[DueT]:
    await in_words(tx, query)
    said = query.model_dump(exclude={"after", "limit", "division", "due_before"}, exclude_none=True)
    where = [getattr(model, name) == value for name, value in said.items()]
    if query.division is not None:
        where.append(under(col(model.division), query.division))
    if before := getattr(query, "due_before", None):
        where.append(col(model.due_on) < before)
    return await tx.page(
        model, *reach(actor, model, tx.today), *where, after=query.after, limit=query.limit
    )
