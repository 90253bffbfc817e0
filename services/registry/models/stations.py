"""Stations, and the contracts under which agencies operate them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Copy, Json
from services.registry.models.base import Registry


class StationView(SQLModel):
    """A station as registry knows it, from `as_of` on."""

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
    domains: list[str] = Field(sa_type=Json)
    """Kinds of referral it takes; an empty list takes them all."""
    operator_id: UUID | None
    operator_since: date | None
    open_on: date | None
    as_of: date
    facts: dict[str, Any] = Field(sa_type=Json)
    """Further facts under the names of the station's fact sheet."""


class Station(Registry, Aggregate, StationView, table=True):
    """A social work service station, or a lower or higher unit of the network."""


class Operation(Registry, Copy, table=True):
    """Our copy of a contract to run a station, kept by reactions to procurement's events."""

    contract_id: UUID = Field(primary_key=True)
    station_id: UUID
    agency_id: UUID
    starts_on: date
    ends_on: date
    """The last day of service."""
