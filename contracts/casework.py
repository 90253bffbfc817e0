"""What casework tells the others: ids, codes and times of a referral; never a person, never a word.

One event per step of a referral; its `status` is the state after the step.
"""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from chassis.events import Event


class ReferralStep(Event):
    """What every step of a referral tells."""

    referral_id: UUID
    tracking_no: str
    partner_id: UUID
    station_id: UUID | None
    status: str


class ReferralReceived(ReferralStep):
    """A partner referred a person; it was routed, or waits for somebody to route it."""

    type: ClassVar[str] = "casework.referral.received.v1"

    domain: str
    urgency: str
    division: str
    sensitive: bool
    received_on: date
    reply_by: datetime
    reply_by_provisional: bool


class ReferralAccepted(ReferralStep):
    """A worker of the station took the referral on."""

    type: ClassVar[str] = "casework.referral.accepted.v1"


class ReferralDeclined(ReferralStep):
    """The station declined, with a reason's code; its words stay in casework."""

    type: ClassVar[str] = "casework.referral.declined.v1"

    reason_code: str


class InformationRequested(ReferralStep):
    """The station asked the partner for more; the clock waits."""

    type: ClassVar[str] = "casework.referral.information_requested.v1"


class InformationSupplied(ReferralStep):
    """The partner answered; the clock goes on."""

    type: ClassVar[str] = "casework.referral.information_supplied.v1"

    reply_by: datetime


class ReplyTimeSet(ReferralStep):
    """Days its clock runs through were published: the answer is due then."""

    type: ClassVar[str] = "casework.referral.reply_time_set.v1"

    reply_by: datetime
    reply_by_provisional: bool


class ReferralTransferred(ReferralStep):
    """The referral moved to another station."""

    type: ClassVar[str] = "casework.referral.transferred.v1"

    from_station_id: UUID | None


class ReferralStarted(ReferralStep):
    """Work has begun."""

    type: ClassVar[str] = "casework.referral.started.v1"


class ReferralClosed(ReferralStep):
    """The work ended with an outcome's code."""

    type: ClassVar[str] = "casework.referral.closed.v1"

    outcome_code: str


class ReferralWithdrawn(ReferralStep):
    """The partner took the referral back."""

    type: ClassVar[str] = "casework.referral.withdrawn.v1"
