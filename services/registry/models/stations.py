"""Stations, and the contracts under which agencies operate them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Copy, Json, JsonOf
from services.registry.models.base import Registry
from services.registry.shapes.profile import StationProfile
from services.registry.shapes.stations import Stage


class StationLine(SQLModel):
    """A station as a list shows it, from `as_of` on."""

    id: UUID
    version: int
    name: str
    status: str
    """planned, building, open, suspended or closed"""
    tier: str
    mode: str
    division: str
    division_system: str
    division_name: str
    district: str
    serves: list[str] = Field(sa_type=Json)
    """Codes of the divisions it serves, in the same code system; an empty list means its own."""
    unit_id: UUID | None
    """The management unit it stands in."""
    agency_id: UUID | None
    """The body it is itself: a centre that provides services."""
    domains: list[str] = Field(sa_type=Json)
    """Kinds of referral it takes; an empty list takes them all."""
    operator_id: UUID | None
    operator_since: date | None
    open_on: date | None
    as_of: date
    facts: dict[str, Any] = Field(sa_type=Json)
    """Further facts under the names of the station's fact sheet, those its profile says among them."""


class StationView(StationLine):
    """A station as registry knows it, from `as_of` on."""

    stages: Annotated[list[dict[str, str]], JsonOf(Stage)] = Field(sa_type=Json)
    """From which day it was planned, in building, open, suspended, closed."""
    profile: Annotated[dict[str, Any], JsonOf(StationProfile)] = Field(sa_type=Json)


class Station(Registry, Aggregate, StationView, table=True):
    """A social work service station, or a lower or higher unit of the network."""

    initials: str
    """Pinyin initials of the name, by which it is found and sorted (`chassis.initials`)."""


class Operation(Registry, Copy, table=True):
    """Our copy of a contract to run a station, kept by reactions to procurement's events."""

    contract_id: UUID = Field(primary_key=True)
    station_id: UUID
    agency_id: UUID
    starts_on: date
    ends_on: date
    """The last day of service."""
