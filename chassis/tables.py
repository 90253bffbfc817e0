"""The tables every service has: what happened, what waits, what was answered, who looked.

Row-level security binds them all to a city (`chassis.schema`). Two more belong to the relay alone
and have no city and no class here: `relay_lease` and `stream_seen`.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, SmallInteger, text
from sqlalchemy.orm import registry
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel

from chassis.ids import uuid7
from chassis.rows import CityRow, Copy, Instant, Json, Sealed


class Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id: the order a sealer may rely on."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name."""
        return "xid8"


class Chassis(SQLModel, registry=registry()):
    """Base of the chassis' tables, apart from every service's own."""


class EventLog(Chassis, CityRow, table=True):
    """The truth: append-only, one row per aggregate version. `body` is the event as published."""

    __tablename__ = "event_log"
    agg_type: str = Field(primary_key=True)
    agg_id: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    event_id: UUID
    type: str
    body: bytes = Field(sa_type=Sealed)
    client: str
    subject: str
    purpose: str
    traceparent: str | None
    at: datetime = Field(sa_type=Instant)


class Outbox(Chassis, CityRow, table=True):
    """What the relay has still to publish. Small and hot; a row goes when it was acknowledged."""

    seq: int = Field(
        default=0, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    part: int = Field(sa_type=SmallInteger)
    agg_type: str
    agg_id: UUID
    epoch: int
    version: int = Field(sa_type=BigInteger)
    event_id: UUID
    type: str
    body: bytes = Field(sa_type=Sealed)
    traceparent: str | None
    attempts: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)
    error: str | None = None


class OutboxBlocked(Chassis, CityRow, table=True):
    """An aggregate whose next event cannot be published, and why; only it waits."""

    __tablename__ = "outbox_blocked"
    agg_type: str = Field(primary_key=True)
    agg_id: UUID = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_type=Instant)


class Receipt(Chassis, CityRow, table=True):
    """What a write answered, kept 30 days: the same request gets the same bytes again."""

    client: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes = Field(sa_type=Sealed)
    status: int = Field(sa_type=SmallInteger)
    location: str | None
    etag: str | None
    body: bytes = Field(sa_type=Sealed)
    at: datetime = Field(sa_type=Instant)


class Audit(Chassis, CityRow, table=True):
    """Who did or saw what, for which purpose. Append-only; codes and ids, no personal field."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    xid8: str | None = Field(
        default=None,
        sa_column=Column(Xid8, server_default=text("pg_current_xact_id()"), nullable=False),
    )
    at: datetime = Field(sa_type=Instant)
    client: str
    subject: str
    purpose: str
    action: str
    object_kind: str
    object_id: UUID | None
    fields: list[str] = Field(sa_type=Json)
    outcome: str
    trace_id: str | None


class Applied(Chassis, Copy, table=True):
    """How far a consumer has come with an aggregate: the watermark that makes effects single."""

    consumer: str = Field(primary_key=True)
    agg_type: str = Field(primary_key=True)
    agg_id: UUID = Field(primary_key=True)
    epoch: int
    version: int = Field(sa_type=BigInteger)
    event_id: UUID


class Parked(Chassis, Copy, table=True):
    """An event that came before its predecessor, or behind one that failed."""

    consumer: str = Field(primary_key=True)
    agg_type: str = Field(primary_key=True)
    agg_id: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    event: bytes = Field(sa_type=Sealed)
    reason: str
    seen: datetime = Field(sa_type=Instant)


class DeadLetter(Chassis, CityRow, table=True):
    """An event that cannot be applied, and why. Its aggregate waits until it is replayed."""

    __tablename__ = "dead_letter"
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    consumer: str
    agg_type: str
    agg_id: UUID | None
    epoch: int | None
    version: int | None = Field(sa_type=BigInteger)
    event: bytes = Field(sa_type=Sealed)
    reason: str
    at: datetime = Field(sa_type=Instant)


class Counter(Chassis, CityRow, table=True):
    """Dense numbers: the last one given, per table and key (`CityRow.numbered`)."""

    name: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)


class PersonKey(Chassis, CityRow, table=True):
    """A person's data key, wrapped by the city's. Destroying this row is erasing the person."""

    __tablename__ = "person_key"
    person_id: UUID = Field(primary_key=True)
    wrapped: bytes = Field(sa_type=Sealed)
    kek: int
    at: datetime = Field(sa_type=Instant)


class BlindIndex(Chassis, CityRow, table=True):
    """Finds a person by a whole value: keyed digest of it, never the value."""

    __tablename__ = "blind_index"
    field: str = Field(primary_key=True)
    digest: bytes = Field(primary_key=True, sa_type=Sealed)
    person_id: UUID = Field(primary_key=True)


class PackKept(Chassis, Copy, table=True):
    """A version of the city's pack as registry's event brought it: all layers, as one text."""

    __tablename__ = "pack_kept"
    version: str = Field(primary_key=True)
    in_force: date
    heard_at: datetime = Field(sa_type=Instant)
    text: str


class CityKept(Chassis, Copy, table=True):
    """A jurisdiction, under the platform's tenant: how a service knows which cities there are."""

    __tablename__ = "city_kept"
    code: str = Field(primary_key=True)
    kind: str
    name: dict[str, str] = Field(sa_type=Json)
    prefixes: list[str] = Field(sa_type=Json)
