"""People employed, and the periods in which they serve at stations."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Computed
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import Field, SQLModel

from chassis.ids import uuid7
from chassis.rows import Aggregate, CityRow, Json, Sealed
from chassis.vault import Encrypted
from services.registry.models.base import Registry


class Worker(Registry, Aggregate, table=True):
    """A person employed. The name is the city's working data; number and phone are sealed."""

    name: str
    initials: str
    """Pinyin initials of the name, by which it is found and sorted (`chassis.initials`)."""
    status: str
    """active or left"""
    id_type: str
    id_number: Encrypted | None = Field(sa_type=Sealed)
    phone: Encrypted | None = Field(sa_type=Sealed)
    employer_id: UUID | None
    cert: str
    """Professional certificate; `none` is known to be none."""
    cert_on: date | None
    """Day it was approved."""
    cert_until: date | None
    """Last day its registration is valid."""
    education: str | None
    sw_major: bool | None
    sw_years: float | None
    specialities: list[str] = Field(sa_type=Json)
    origin_post: str | None
    """The post held before social work."""
    pay: list[dict[str, Any]] = Field(sa_type=Json)
    """Gross pay agreed, `{starts_on, amount}`: fen a month from the month that begins that day."""
    offence_checks: list[str] = Field(sa_type=Json)
    """Days the records of violent and sexual offences were asked."""
    as_of: date
    facts: dict[str, Any] = Field(sa_type=Json)


class PostingView(SQLModel):
    """A period in which a worker serves at a station."""

    id: UUID
    station_id: UUID
    starts_on: date
    ends_on: date | None
    """The last day; None while it goes on."""
    full_time: bool
    on_station: bool
    dispatched: bool
    sw_years: float | None
    """Years of social work experience on the first day."""


class Posting(Registry, CityRow, PostingView, table=True):
    """The database refuses a full-time posting beside any other of one worker on one day."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    worker_id: UUID
    full_time_in: Any = Field(
        default=None,
        sa_column=Column(
            DATERANGE,
            Computed("CASE WHEN full_time THEN daterange(starts_on, ends_on, '[]') END"),
        ),
    )
    tolerated: bool = False
    """Entered beside a full-time one before that was refused, and not moved since."""
    days: Any = Field(
        default=None,
        sa_column=Column(
            DATERANGE,
            Computed("CASE WHEN NOT tolerated THEN daterange(starts_on, ends_on, '[]') END"),
        ),
    )
