"""Stations: entered, changed, found."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.divisions import Division, place
from chassis.http import MustMatch, Router, Tx, match
from chassis.problems import At, Forbidden, Problem
from chassis.tables import CityKept
from services.registry.decide.stations import change_station, open_station
from services.registry.models import Station, StationView
from services.registry.queries import pack_if_any, system_of
from services.registry.reach import (
    Condition,
    in_division,
    must_write,
    reach,
    reached,
    under,
)
from services.registry.routes.callers import Area, Reads, Writes
from services.registry.shapes import ChangeStation, FindStations, OpenStation

router = Router(tags=["stations"])


class Stations(Listed):
    """A page of stations."""

    items: list[StationView]


@router.post("/stations", status_code=201)
async def post_station(ask: OpenStation, tx: Tx, actor: Writes, area: Area) -> StationView:
    """Enter a station."""
    must_write(actor, Station)
    pack = await pack_if_any(tx)
    where = await standing(tx, ask, area, system_of(pack))
    if not in_division(actor, where.code):
        raise Forbidden("不在本人负责的区划内", "It does not stand in the caller's own division")
    words = pack.vocabulary if pack else None
    return tx.record(*open_station(ask, where, words, tx.today))


@router.get("/stations")
async def get_stations(query: Annotated[FindStations, Query()], tx: Tx, actor: Reads) -> Stations:
    """List the stations within the caller's reach."""
    page = await tx.page(
        Station,
        *reach(actor, Station, tx.today),
        *_filters(query),
        after=query.after,
        limit=query.limit,
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
    where = None
    as_head = actor.role == "station_head"
    if ask.division is not None and not as_head:
        where = await standing(tx, ask, area, system_of(pack))
        if not in_division(actor, where.code):
            raise Forbidden("不在本人负责的区划内", "It would leave the caller's own division")
    words = pack.vocabulary if pack else None
    return tx.record(*change_station(station, ask, where, words, tx.today, as_head=as_head))


async def standing(
    tx: Tx, ask: OpenStation | ChangeStation, area: CityKept, system: str
) -> Division:
    """Return the division a body names, if it lies in this jurisdiction."""
    found = await place(tx, ask.division_system or system, ask.division or "", ask.division_name)
    if not found.code.startswith(tuple(area.prefixes)):
        raise Problem(
            "unknown-division",
            errors=[
                At(
                    "/division",
                    "unknown-division",
                    "不在本辖区内",
                    "does not lie in this jurisdiction",
                )
            ],
        )
    return found


def _filters(query: FindStations) -> list[Condition]:
    found: list[Condition] = []
    if query.status is not None:
        found.append(col(Station.status) == query.status)
    if query.tier is not None:
        found.append(col(Station.tier) == query.tier)
    if query.division is not None:
        found.append(under(Station.division, query.division))
    if query.name is not None:
        found.append(under(Station.name, query.name))
    return found
