"""Supervisors, the stations they are responsible for, and the supervisions they held."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Computed
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, CityRow, Json
from services.registry.models.base import Registry


class SupervisorView(SQLModel):
    """A person employed, in the role of supervisor for a term."""

    id: UUID
    version: int
    worker_id: UUID
    hired_by: str
    agency_id: UUID | None
    full_time: bool
    talent_level: str | None
    starts_on: date
    ends_on: date | None
    as_of: date


class Supervisor(Registry, Aggregate, SupervisorView, table=True):
    """The database refuses two terms of one person that overlap."""

    term: Any = Field(
        default=None,
        sa_column=Column(DATERANGE, Computed("daterange(starts_on, ends_on, '[]')")),
    )


class Assignment(Registry, CityRow, table=True):
    """A period in which a supervisor is responsible for a station."""

    supervisor_id: UUID = Field(primary_key=True)
    station_id: UUID = Field(primary_key=True)
    starts_on: date = Field(primary_key=True)
    ends_on: date | None
    """The last day; None while it goes on."""


class SupervisionView(SQLModel):
    """A supervision of a station: one visit, over one day or several."""

    id: UUID
    version: int
    status: str
    """held or cancelled"""
    station_id: UUID
    supervisor_id: UUID
    kind: str
    days: list[dict[str, Any]] = Field(sa_type=Json)
    """`{day, hours}`, in order"""
    recorded_on: date | None
    as_of: date


class Supervision(Registry, Aggregate, SupervisionView, table=True):
    """The database refuses two visits of a kind that one supervisor held at a station on one day."""

    first_day: date | None
    """None: entered before a visit could be entered once only, and clashing with another."""
    last_day: date
    visit: Any = Field(
        default=None,
        sa_column=Column(
            DATERANGE,
            Computed(
                "CASE WHEN status = 'held' AND first_day IS NOT NULL"
                " THEN daterange(first_day, last_day, '[]') END"
            ),
        ),
    )


class RegisterView(SQLModel):
    """From which day a register is whole."""

    id: UUID
    version: int
    name: str
    complete_from: date


class Register(Registry, Aggregate, RegisterView, table=True):
    """A register a city keeps; before its day an absent entry means nothing."""
