"""What casework takes and answers over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from chassis.asked import Asked, Day, Listed, Paged
from chassis.identifiers import Phone, born_on, check_id

Short = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]

IdKind = Literal[
    "resident_id", "disability_certificate", "foreign_pr", "hmt_permit", "passport", "none"
]
Urgency = Literal["immediate", "hours_24", "hours_72", "working_days"]


class LegalBasis(Asked):
    """Why this person's data may be handed over: consent or statute, never neither (PIPL 13)."""

    kind: Literal["consent", "statute"]
    cite: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Subject(Asked):
    """The person referred."""

    name: Short
    id_type: IdKind
    id_number: Annotated[str, StringConstraints(max_length=40)] | None = None
    phone: Phone | None = None
    address: Annotated[str, StringConstraints(max_length=300)] | None = None
    born_on: Day | None = None

    @model_validator(mode="after")
    def _checked(self) -> Self:
        """Check the number by its kind (GB 11643 and the others), and keep it in its one form."""
        number = check_id(self.id_type, self.id_number)
        self.id_number = number or None
        if self.born_on is None:
            self.born_on = born_on(self.id_type, number)
        return self


class Attachment(Asked):
    """A document that goes another way: its kind, its size and its fingerprint."""

    kind: Code
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")]
    bytes: Annotated[int, Field(ge=1, le=1 << 40)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SendReferral(Asked):
    """A partner's wish that a station help somebody."""

    partner_ref: Short
    """The partner's own number, unique for ever."""
    domain: Code
    urgency: Urgency
    legal_basis: LegalBasis
    division: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,12}$")]
    division_system: Literal["nbs", "mca"] | None = None
    division_name: Short | None = None
    subject: Subject
    narrative: Annotated[str, StringConstraints(max_length=8_000)]
    attachments: Annotated[list[Attachment], Field(default_factory=list, max_length=20)]


class StationRef(BaseModel):
    """Which station."""

    id: UUID
    name: str


class Because(BaseModel):
    """One reason of a routing."""

    code: Literal["jurisdiction", "domain", "qualification", "load"]
    say: str


class Received(BaseModel):
    """The receipt of a referral: no personal field in it."""

    id: UUID
    version: int
    tracking_no: str
    status: str
    station: StationRef | None
    routed_because: list[Because]
    reply_by: datetime
    reply_by_provisional: bool


class Moved(BaseModel):
    """The receipt of a transition."""

    id: UUID
    status: str
    version: int
    at: datetime


class Nothing(Asked):
    """A transition that says nothing more."""


class Decline(Asked):
    """Why a station declines."""

    reason_code: Code
    reason: Words


class AskInformation(Asked):
    """What the station wants to know."""

    question: Words


class SupplyInformation(Asked):
    """The partner's answer."""

    answer: Words


class Transfer(Asked):
    """Where a referral goes instead, and why."""

    station_id: UUID
    reason: Words


class CloseReferral(Asked):
    """What came of it."""

    outcome_code: Code


class Withdraw(Asked):
    """Why the partner takes it back."""

    reason: Words


class MaskedSubject(BaseModel):
    """A person, as one may know of somebody without knowing them."""

    name: str | None
    id_type: str
    id_number: str | None
    phone: str | None


class ReferralView(BaseModel):
    """A referral; its person is masked, and absent where the caller has no need to know."""

    id: UUID
    version: int
    tracking_no: str
    partner_id: UUID
    partner_kind: str
    domain: str
    urgency: str
    sensitivity: str
    division: str
    division_system: str
    station_id: UUID | None
    status: str
    received_at: datetime
    reply_by: datetime
    reply_by_provisional: bool
    reason_code: str | None
    outcome_code: str | None
    person_id: UUID | None = None
    """Whom to erase (`/clients/{id}/erasure`); a partner is not shown it."""
    subject: MaskedSubject | None = None


class ReferralList(Listed):
    """A page of referrals."""

    items: list[ReferralView]


class Revealed(BaseModel):
    """A person and the words about them, shown whole. Every showing is an audit row."""

    referral_id: UUID
    partner_ref: str | None
    name: str | None
    id_type: str
    id_number: str | None
    phone: str | None
    address: str | None
    born_on: date | None
    narrative: str | None
    question: str | None
    answer: str | None
    reason: str | None


class Change(BaseModel):
    """One change of one referral, in the partner's feed."""

    position: int
    referral_id: UUID
    tracking_no: str
    sequence: int
    status: str
    reason_code: str | None
    at: datetime


class Changes(BaseModel):
    """A page of a partner's feed; `next` is never null: an empty page returns the cursor given."""

    items: list[Change]
    next: str


class Load(BaseModel):
    """How much a station has in hand."""

    station_id: UUID
    routed: int
    accepted: int
    started: int
    information_requested: int
    late: int
    """Unanswered past `reply_by`."""


class ReferralFilter(Paged):
    """Which referrals."""

    status: Code | None = None
    station_id: UUID | None = None
    domain: Code | None = None


class Erased(BaseModel):
    """The receipt of an erasure."""

    id: UUID
    at: datetime
