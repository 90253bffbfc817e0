"""Evaluation's rows, and the shapes it answers with.

A fact is one version of one aggregate as its producer told it. Two times belong to it: `valid_from`
is the day it speaks of, `known_from` the instant it was told. Nothing here is changed or deleted.
"""

from datetime import date, datetime
from typing import Any, NotRequired
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from typing_extensions import TypedDict

from chassis.rows import CityRow, Copy, Instant, Json


class Evaluation(SQLModel, registry=registry()):
    """Base of this service's tables, apart from every other service's."""


class Fact(Evaluation, CityRow, table=True):
    """The state of a station, worker, agency, contract or referral, from a day on."""

    kind: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    valid_from: date
    known_from: datetime = Field(sa_type=Instant)
    state: dict[str, Any] = Field(sa_type=Json)


class Related(Evaluation, Copy, table=True):
    """Whose facts have ever spoken of a station: where to look for them."""

    station_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)


class Cite(TypedDict):
    """A clause."""

    document: str
    number: str | None
    clause: str
    ids: list[str]
    ended: bool


class Line(TypedDict):
    """What one rule says of a subject."""

    rule: str
    verdict: str
    severity: str | None
    modality: str
    effect: str | dict[str, str]
    cite: Cite
    facts: dict[str, Any]
    let: dict[str, Any]
    parameters: dict[str, Any]
    missing: list[str]
    waiver: dict[str, Any] | None
    say: str
    why: NotRequired[str]


class Subject(TypedDict):
    """Who is judged; a supposed one has no id."""

    kind: str
    id: str | None


class VerdictSheet(TypedDict):
    """Every rule on one subject, as of a day, as known at an instant."""

    subject: Subject
    city: str
    as_of: str
    known_at: str
    pack: dict[str, str]
    counts: dict[str, int]
    verdicts: list[Line]


class Denominator(TypedDict):
    """What a share is a share of."""

    source: str
    vintage: str
    count: int


class Target(TypedDict):
    """What the city set out to reach, by when, and whether it has."""

    rule: str
    subject: Subject
    due: str | None
    verdict: str
    cite: Cite
    say: str


class DivisionCovered(TypedDict):
    """A county or district: its townships, and how many have a station."""

    code: str
    name: str
    units: int
    covered: int


class Coverage(TypedDict):
    """How far a city is covered with stations."""

    city: str
    as_of: str
    tier: str
    denominator: Denominator | None
    covered: int
    share: str | None
    outside_townships: int
    targets: list[Target]
    divisions: list[DivisionCovered]
