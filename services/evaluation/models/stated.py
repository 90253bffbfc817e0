"""What people state to evaluation: waivers of rules, and facts that only one city asks for.

Both have two times: the days they speak of, and the instants at which they were said and taken back.
Their words (`why`, `proof`) stay here and are in no event.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Instant, Json
from services.evaluation.models.rows import Evaluation


class AboutSomebody(SQLModel):
    """Of whom something is said."""

    id: UUID
    version: int
    subject_kind: str
    subject_id: str
    division: str
    """Where the subject stood when it was said: for reach."""
    station_id: UUID | None


class WaiverReceipt(AboutSomebody):
    """A rule that is let pass for somebody, for a time."""

    rule: str
    starts_on: date
    until: date
    """The last day it was granted for."""
    reason_code: str
    granted_by: str
    granted_at: datetime = Field(sa_type=Instant)
    last_on: date | None = None
    """Where it was revoked, the last day it held; before `starts_on` if it never did."""
    revoked_by: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class WaiverView(WaiverReceipt):
    """A waiver with the words of whoever granted it."""

    why: str


class Waiver(Evaluation, Aggregate, WaiverView, table=True):
    """A waiver."""


class AttestationReceipt(AboutSomebody):
    """That somebody answers for a fact."""

    name: str
    """The fact's name in the city's pack."""
    holds_from: date
    stated_by: str
    stated_at: datetime = Field(sa_type=Instant)
    revoked_by: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    """From then on it counts for no day."""


class AttestationView(AttestationReceipt):
    """A fact somebody answers for, and by what."""

    value: Any = Field(sa_type=Json)
    proof: str


class Attestation(Evaluation, Aggregate, AttestationView, table=True):
    """An attestation."""
