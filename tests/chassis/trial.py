"""A part of its own to try the chassis on: one aggregate, one person, one numbered row."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.events import Event
from chassis.rows import Aggregate, CityRow, Copy, Json, Sealed
from chassis.schema import chassis_tables_1, tenant
from chassis.vault import Encrypted


class Trial(SQLModel, registry=registry()):
    """Base of the trial's tables."""


class Thing(Trial, Aggregate, table=True):
    """An aggregate."""

    name: str
    count: int = 0
    tags: list[str] = Field(default_factory=list, sa_type=Json)


class Somebody(Trial, CityRow, table=True):
    """A person."""

    id: UUID = Field(primary_key=True)
    name: Encrypted = Field(sa_type=Sealed)
    phone: Encrypted | None = Field(default=None, sa_type=Sealed)


class Entry(Trial, CityRow, table=True):
    """A row with a dense number per partner."""

    numbered: ClassVar = ("position", ("partner",))

    partner: str = Field(primary_key=True)
    position: int = Field(default=0, primary_key=True)
    what: str


class Mirror(Trial, Copy, table=True):
    """A copy of somebody else's aggregate."""

    id: UUID = Field(primary_key=True)
    name: str


class ThingDone(Event):
    """Something was done to a thing."""

    type: ClassVar[str] = "trial.thing.done.v1"

    count: int


DDL = [
    "CREATE TABLE alembic_version (version_num varchar PRIMARY KEY)",
    *chassis_tables_1("trial"),
    (
        "CREATE TABLE thing (city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,"
        " name varchar NOT NULL, count integer NOT NULL, tags jsonb NOT NULL, PRIMARY KEY (city, id),"
        " UNIQUE (city, name))"
    ),
    (
        "CREATE TABLE somebody (city varchar NOT NULL, id uuid NOT NULL, name bytea NOT NULL,"
        " phone bytea, PRIMARY KEY (city, id))"
    ),
    (
        "CREATE TABLE entry (city varchar NOT NULL, partner varchar NOT NULL, position bigint NOT NULL,"
        " what varchar NOT NULL, PRIMARY KEY (city, partner, position))"
    ),
    (
        "CREATE TABLE mirror (city varchar NOT NULL, id uuid NOT NULL, name varchar NOT NULL,"
        " PRIMARY KEY (city, id))"
    ),
    *(s for t in ("thing", "somebody", "entry", "mirror") for s in tenant("trial", t)),
]
