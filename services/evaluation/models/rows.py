"""Evaluation's rows.

A fact is one version of one aggregate as its producer told it. Two times belong to it: `valid_from`
is the day it speaks of, `known_from` the instant it was told. No fact is changed or deleted.
"""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Identity, String
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.rows import CityRow, Copy, Instant, Json


class Evaluation(SQLModel, registry=registry()):
    """Base of this service's tables, apart from every other service's."""


class Fact(Evaluation, CityRow, table=True):
    """The state of one aggregate of another service, from a day on."""

    kind: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    valid_from: date
    known_from: datetime = Field(sa_type=Instant)
    state: dict[str, Any] = Field(sa_type=Json)
    event_id: UUID | None
    """The event that told it; facts heard before this was kept have none."""
    type: str | None


class Related(Evaluation, Copy, table=True):
    """Whose facts have ever spoken of a station or a worker: where to look for them."""

    about_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)


class Sheet(Evaluation, CityRow, table=True):
    """What the city's rules say of one subject today; written only when it changes."""

    kind: str = Field(primary_key=True)
    subject_id: str = Field(primary_key=True)
    name: str | None
    division: str
    """Where it stands: for reach, and for lists by district."""
    station_id: UUID | None
    agency_id: UUID | None
    verdicts: list[str] = Field(sa_type=ARRAY(String))
    """`rule:word:modality` of every rule."""
    pack: str
    day: date
    """The pack and the day by which it became what it is."""
    changed_at: datetime = Field(sa_type=Instant)


class Due(Evaluation, CityRow, table=True):
    """Somebody of whom something was told, to be judged again.

    Only added and taken, never changed: so nobody who tells waits for anybody who judges.
    """

    seq: int = Field(
        default=0, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    kind: str
    subject_id: UUID
    """Nobody's where it is the city or a district: all of them are judged together."""


class Sweep(Evaluation, Copy, table=True):
    """How far all subjects of a kind have been judged for a day under a pack."""

    kind: str = Field(primary_key=True)
    day: date
    pack: str
    place: UUID | None
    """The last one judged; None when all are."""


class Told(NamedTuple):
    """A subject's state, and the event that told it."""

    kind: str
    subject_id: UUID
    state: dict[str, Any]
    epoch: int
    version: int
    known_from: datetime
    event_id: UUID | None
    type: str | None
