"""The network beside divisions: units with no division code, and who stands over whom."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Computed
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Json
from services.registry.models.base import Registry


class UnitView(SQLModel):
    """An area managed as one that no division code names: a development zone, a scenic area."""

    id: UUID
    version: int
    name: str
    kind: str
    own_code: str | None
    division: str
    """The division around it."""
    division_system: str
    covers: list[str] = Field(sa_type=Json)
    """Codes of the townships and communities it manages."""
    parent_id: UUID | None
    status: str
    """active or abolished"""
    since: date | None
    until: date | None
    as_of: date


class Unit(Registry, Aggregate, UnitView, table=True):
    """A management unit, apart from divisions (HF-1-a, HZ-0-b)."""

    __tablename__ = "management_unit"


class LinkView(SQLModel):
    """Who stands over, sends people to, controls, or is related to whom, and when."""

    id: UUID
    version: int
    kind: str
    """supervises, dispatches, controls or related"""
    from_kind: str
    from_id: UUID
    to_kind: str
    to_id: UUID
    starts_on: date
    ends_on: date | None
    """The last day; None while it goes on."""
    note: str | None
    as_of: date


ENTERED = UUID(int=0)
"""Of a link that somebody entered: no offices make it."""


class Link(Registry, Aggregate, LinkView, table=True):
    """The database refuses the same link twice on one day; one entered and one made may both hold."""

    via: UUID = ENTERED
    """Which two offices make it, where they do: `decide.bodies.via`."""

    period: Any = Field(
        default=None,
        sa_column=Column(DATERANGE, Computed("daterange(starts_on, ends_on, '[]')")),
    )
