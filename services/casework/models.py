"""Casework's rows. A view is what a caller sees; its row adds the rest.

A person is one row per referral, owned by the station that serves them: two stations that meet the
same person do not see each other's notes. The blind index finds both.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, CityRow, Copy, Instant, Json, Sealed
from chassis.vault import Encrypted
from contracts.copies import WaiverCopy


class Casework(SQLModel, registry=registry()):
    """Base of this service's tables, apart from every other service's."""


class Person(Casework, CityRow, table=True):
    """A person served, sealed under a key of their own."""

    id: UUID = Field(primary_key=True)
    station_id: UUID | None
    """The station that serves them; None until somebody routes the referral."""
    sensitivity: str
    id_type: str
    name: Encrypted = Field(sa_type=Sealed)
    id_number: Encrypted | None = Field(default=None, sa_type=Sealed)
    phone: Encrypted | None = Field(default=None, sa_type=Sealed)
    address: Encrypted | None = Field(default=None, sa_type=Sealed)
    born_on: Encrypted | None = Field(default=None, sa_type=Sealed)


class Referral(Casework, Aggregate, table=True):
    """A person referred by a partner to a station."""

    tracking_no: str
    partner_id: UUID
    partner_kind: str
    partner_ref: Encrypted = Field(sa_type=Sealed)
    """The partner's own number: a court's number names a case."""
    partner_ref_digest: bytes = Field(sa_type=LargeBinary)
    """Keyed digest of it: unique for ever per partner."""
    person_id: UUID
    sensitivity: str
    """ordinary or sensitive (violence, minors, correction: parameter `sensitive_domains`)"""
    domain: str
    urgency: str
    legal_kind: str
    legal_cite: str
    division: str
    division_system: str
    station_id: UUID | None
    routed_because: list[dict[str, Any]] = Field(sa_type=Json)
    status: str
    resumes: str | None = None
    """While information is asked for: the status it goes back to."""
    received_at: datetime = Field(sa_type=Instant)
    reply_by: datetime = Field(sa_type=Instant)
    reply_by_provisional: bool
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    reason_code: str | None = None
    outcome_code: str | None = None
    attachments: list[dict[str, Any]] = Field(sa_type=Json)
    narrative: Encrypted = Field(sa_type=Sealed)
    reason: Encrypted | None = Field(default=None, sa_type=Sealed)
    question: Encrypted | None = Field(default=None, sa_type=Sealed)
    answer: Encrypted | None = Field(default=None, sa_type=Sealed)


class FeedEntry(Casework, CityRow, table=True):
    """One change of one referral, as its partner reads it: `position` has no gaps."""

    __tablename__ = "feed"
    numbered: ClassVar[tuple[str, tuple[str, ...]]] = ("position", ("partner_id",))

    partner_id: UUID = Field(primary_key=True)
    position: int = Field(default=0, primary_key=True, sa_type=BigInteger)
    referral_id: UUID
    tracking_no: str
    sequence: int = Field(sa_type=BigInteger)
    """The referral's version: rises, and tells an old state from a new one."""
    status: str
    reason_code: str | None = None
    at: datetime = Field(sa_type=Instant)


class StationKept(Casework, Copy, table=True):
    """Our copy of a station, kept by reactions to registry's events."""

    __tablename__ = "station_kept"
    id: UUID = Field(primary_key=True)
    name: str
    status: str
    tier: str
    division: str
    division_system: str
    serves: list[str] = Field(sa_type=Json)
    """The divisions it serves; an empty list means its own."""
    domains: list[str] = Field(sa_type=Json)
    operator_id: UUID | None


class WorkerKept(Casework, Copy, table=True):
    """What routing must know of a worker: where, when, and with which certificate."""

    __tablename__ = "worker_kept"
    id: UUID = Field(primary_key=True)
    status: str
    cert: str


class PostingKept(Casework, CityRow, table=True):
    """A period in which a worker serves at a station."""

    __tablename__ = "posting_kept"
    worker_id: UUID = Field(primary_key=True)
    station_id: UUID = Field(primary_key=True)
    starts_on: date = Field(primary_key=True)
    ends_on: date | None


class PartnerKept(Casework, Copy, table=True):
    """Our copy of a partner: who it is and which kinds of referral it may make."""

    __tablename__ = "partner_kept"
    id: UUID = Field(primary_key=True)
    kind: str
    status: str
    domains: list[str] = Field(sa_type=Json)


class WaiverKept(Casework, Copy, WaiverCopy, table=True):
    """Our copy of a waiver, kept by reactions to evaluation's events."""

    __tablename__ = "waiver_kept"
