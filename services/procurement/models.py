"""Procurement's rows. A view is what a caller sees; its row adds the rest."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, FetchedValue
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Copy, Json
from contracts.copies import WaiverCopy


class Procurement(SQLModel, registry=registry()):
    """Base of this service's tables, apart from every other service's."""


class ContractView(SQLModel):
    """A contract as a caller sees it."""

    id: UUID
    version: int
    station_id: UUID
    agency_id: UUID
    purchaser: dict[str, str] = Field(sa_type=Json)
    signed_on: date
    starts_on: date
    ends_on: date
    """The last day of service, as signed."""
    ended_on: date | None = None
    """The last day of service, where it ended before."""
    reason_code: str | None = None
    price: dict[str, Any] = Field(sa_type=Json)
    staffing: int | None
    renewal_of: UUID | None
    facts: dict[str, Any] = Field(sa_type=Json)
    """What the agreement states beyond that, under the names of the contract's fact sheet."""
    pack_version: str
    """The version of the city's pack it was signed under."""
    warned: list[str] = Field(sa_type=Json)
    """Rules of that pack which advised against it."""


class Contract(Procurement, Aggregate, ContractView, table=True):
    """A contract to run a station."""

    period: Any = Field(default=None, sa_column=Column(DATERANGE, FetchedValue()))
    """The days it was really in force, worked out by the database; one at a time per station."""


class StationKept(Procurement, Copy, table=True):
    """Our copy of a station, kept by reactions to registry's events."""

    __tablename__ = "station_kept"
    id: UUID = Field(primary_key=True)
    name: str
    status: str
    tier: str
    mode: str
    division: str
    district: str
    facts: dict[str, Any] = Field(sa_type=Json)


class AgencyKept(Procurement, Copy, table=True):
    """Our copy of an agency, kept by reactions to registry's events."""

    __tablename__ = "agency_kept"
    id: UUID = Field(primary_key=True)
    name: str
    kind: str
    status: str
    business_scope: str


class WaiverKept(Procurement, Copy, WaiverCopy, table=True):
    """Our copy of a waiver, kept by reactions to evaluation's events."""

    __tablename__ = "waiver_kept"
