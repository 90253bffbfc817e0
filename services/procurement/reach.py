"""Whose contracts a caller may see: own division for a bureau, its own for an agency."""

from typing import Any, cast

from sqlalchemy import ColumnElement, false, func, true
from sqlmodel import select

from chassis.identity import Actor
from services.procurement.models import Contract, StationKept

CITY_WIDE = frozenset({"city_bureau", "auditor"})
BY_DIVISION = frozenset({"township", "district_bureau"})


def contracts_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on contracts: what is out of reach is as if it were not there."""
    if actor.role in CITY_WIDE:
        return true()
    if actor.role in BY_DIVISION and actor.division:
        station = cast("Any", StationKept)
        mine = select(station.id).where(
            station.city == cast("Any", Contract).city,
            func.starts_with(station.division, actor.division),
        )
        return cast("ColumnElement[bool]", cast("Any", Contract).station_id.in_(mine))
    if actor.role == "agency" and actor.agency_id:
        return cast("ColumnElement[bool]", Contract.agency_id == actor.agency_id)
    return false()


def reaches(actor: Actor, station: StationKept) -> bool:
    """Whether a caller who writes contracts may write one for this station."""
    if actor.role in BY_DIVISION:
        return bool(actor.division) and station.division.startswith(actor.division or "-")
    return actor.role in CITY_WIDE
