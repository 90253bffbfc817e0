"""Evaluation's rows, and the shapes it answers with.

A fact is one version of one aggregate as its producer told it. Two times belong to it: `valid_from`
is the day it speaks of, `known_from` the instant it was told. No fact is changed or deleted.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NotRequired
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Identity, String
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from typing_extensions import TypedDict

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


class Sweep(Evaluation, Copy, table=True):
    """How far all subjects of a kind have been judged for a day under a pack."""

    kind: str = Field(primary_key=True)
    day: date
    pack: str
    place: UUID | None
    """The last one judged; None when all are."""


@dataclass(frozen=True, slots=True)
class Told:
    """A subject's state, and the event that told it."""

    kind: str
    subject_id: UUID
    state: dict[str, Any]
    epoch: int
    version: int
    known_from: datetime
    event_id: UUID | None
    type: str | None


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


class Source(TypedDict):
    """An event a verdict rests on."""

    event: str | None
    type: str | None
    aggregate: str
    epoch: int
    version: int
    at: str


class VerdictSheet(TypedDict):
    """Every rule on one subject, as of a day, as known at an instant."""

    subject: Subject
    city: str
    as_of: str
    known_at: str
    pack: dict[str, str]
    counts: dict[str, int]
    verdicts: list[Line]
    sources: NotRequired[list[Source]]
    """The events its facts come from, the newest first; of an area the newest hundred."""


class KeptLine(TypedDict):
    """What is kept of what one rule says."""

    rule: str
    verdict: str
    severity: str | None
    modality: str
    cite: Cite | None


class VerdictsOfOne(TypedDict):
    """What is stored of one subject's verdicts."""

    subject: Subject
    city: str
    as_of: str
    pack: dict[str, str]
    counts: dict[str, int]
    verdicts: list[KeptLine]
    since: str
    """When they last changed."""


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
