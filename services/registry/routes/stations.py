"""Stations: entered, changed, found."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import Forbidden, UnknownReference
from services.registry.decide.stations import change_station, open_station
from services.registry.models import Agency, Station, StationLine, StationView, Unit, Worker
from services.registry.queries import in_words, pack_if_any, system_of
from services.registry.reach import (
    Condition,
    in_division,
    must_write,
    reach,
    reached,
    under,
)
from services.registry.routes.callers import Area, Reads, Writes
from services.registry.routes.places import all_standing, standing
from services.registry.search import named, sorted_by
from services.registry.shapes import ChangeStation, FindStations, OpenStation

router = Router(tags=["stations"])


class Stations(Listed):
    """A page of stations."""

    items: list[StationLine]


@router.post("/stations", status_code=201)
async def post_station(ask: OpenStation, tx: Tx, actor: Writes, area: Area) -> StationView:
    """Enter a station."""
    must_write(actor, Station)
    pack = await pack_if_any(tx)
    system = ask.division_system or system_of(pack)
    where = await standing(tx, area, system, ask.division, ask.division_name)
    if not in_division(actor, where.code):
        raise Forbidden("不在本人负责的区划内", "It does not stand in the caller's own division")
    serves = [each.code for each in await all_standing(tx, area, system, ask.serves, "/serves")]
    await _known(tx, actor, ask)
    words = pack.vocabulary if pack else None
    return tx.record(*open_station(ask, where, words, tx.today, serves=serves))


@router.get("/stations")
async def get_stations(query: Annotated[FindStations, Query()], tx: Tx, actor: Reads) -> Stations:
    """List the stations within the caller's reach."""
    await in_words(tx, query)
    order, known = sorted_by(Station, query.sort)
    page = await tx.page(
        Station,
        *reach(actor, Station, tx.today),
        *_filters(query),
        *named(Station, query.q),
        *known,
        after=query.after,
        limit=query.limit,
        order_by=order,
    )
    return Stations(items=list(page.items), next=page.next)


@router.get("/stations/{station_id}")
async def get_station(station_id: UUID, tx: Tx, actor: Reads) -> StationView:
    """Show a station."""
    return await reached(tx, actor, Station, station_id)


@router.patch("/stations/{station_id}")
async def patch_station(
    station_id: UUID, ask: ChangeStation, *, tx: Tx, actor: Writes, area: Area, version: MustMatch
) -> StationView:
    """Change a station; a station's own head changes its facts and domains only."""
    station = await reached(tx, actor, Station, station_id, write=True)
    match(station, version)
    pack = await pack_if_any(tx)
    where = serves = None
    as_head = actor.role == "station_head"
    if ask.division is not None and not as_head:
        system = ask.division_system or system_of(pack)
        where = await standing(tx, area, system, ask.division, ask.division_name)
        if not in_division(actor, where.code):
            raise Forbidden("不在本人负责的区划内", "It would leave the caller's own division")
    if ask.serves is not None and not as_head:
        system = where.system if where else station.division_system
        found = await all_standing(tx, area, system, ask.serves, "/serves")
        serves = [each.code for each in found]
    await _known(tx, actor, ask)
    words = pack.vocabulary if pack else None
    changed = change_station(station, ask, where, words, tx.today, serves=serves, as_head=as_head)
    return tx.record(*changed)


async def _known(tx: Tx, actor: Actor, ask: OpenStation | ChangeStation) -> None:
    """Refuse a unit or a body nobody has entered, and a leader who is no worker in reach."""
    if ask.unit_id is not None and await tx.peek(Unit, ask.unit_id) is None:
        raise UnknownReference("/unit_id")
    if ask.agency_id is not None and await tx.peek(Agency, ask.agency_id) is None:
        raise UnknownReference("/agency_id")
    leaders = ask.profile.leadership if ask.profile else None
    for number, leader in enumerate(leaders or ()):
        if leader.worker_id is not None:
            who = col(Worker.id) == leader.worker_id
            if await tx.one(Worker, who, *reach(actor, Worker, tx.today)) is None:
                raise UnknownReference(f"/profile/leadership/{number}/worker_id")


def _filters(query: FindStations) -> list[Condition]:
    found: list[Condition] = []
    if query.status is not None:
        found.append(col(Station.status) == query.status)
    if query.unit_id is not None:
        found.append(col(Station.unit_id) == query.unit_id)
    if query.mode is not None:
        found.append(col(Station.mode) == query.mode)
    if query.tier is not None:
        found.append(col(Station.tier) == query.tier)
    if query.division is not None:
        found.append(under(Station.division, query.division))
    if query.name is not None:
        found.append(under(Station.name, query.name))
    return found
