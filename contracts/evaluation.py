"""What evaluation tells the others: waivers and attestations by ids, codes and days; never a word."""

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from chassis.events import Event


class WaiverStep(Event):
    """What every step of a waiver tells."""

    waiver_id: UUID
    rule: str
    """The rule's name in the city's pack."""
    subject_kind: str
    subject_id: str
    """For whom; of a station it holds for the contracts, workers and referrals there too."""


class WaiverGranted(WaiverStep):
    """A rule is let pass for somebody, for a time."""

    type: ClassVar[str] = "evaluation.waiver.granted.v1"

    starts_on: date
    until: date
    """The last day."""
    reason_code: str
    granted_by: str
    """The client that granted it."""


class WaiverRevoked(WaiverStep):
    """A waiver was taken back."""

    type: ClassVar[str] = "evaluation.waiver.revoked.v1"

    last_on: date
    """The last day it held; before its first if it never did."""
    revoked_by: str


class AttestationStep(Event):
    """What every step of an attestation tells."""

    attestation_id: UUID
    subject_kind: str
    subject_id: str
    name: str
    """The fact's name in the city's pack."""


class AttestationStated(AttestationStep):
    """Somebody answers for a fact that only this city asks for."""

    type: ClassVar[str] = "evaluation.attestation.stated.v1"

    holds_from: date
    value: Any
    """The value; None of a free text, which stays where it was stated."""
    stated_by: str


class AttestationRevoked(AttestationStep):
    """An attestation was taken back: it counts for no day."""

    type: ClassVar[str] = "evaluation.attestation.revoked.v1"

    revoked_by: str
