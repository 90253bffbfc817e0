"""What a partner sends, and harm a worker finds (casework)."""

from datetime import date
from typing import ClassVar

from chassis.packs import Sheet
from contracts.facts.people import Worker
from contracts.facts.station import Station
from contracts.facts.words import (
    Domain,
    HarmKind,
    LegalBasis,
    PartnerKind,
    Urgency,
)


class Referral(Sheet):
    """A referral about to be accepted (casework). The sheet of the gate `casework.referral.accept`."""

    context: ClassVar[dict[str, type[Sheet]]] = {"station": Station, "worker": Worker}

    domain: Domain
    urgency: Urgency
    legal_basis: LegalBasis
    partner_kind: PartnerKind
    sensitive: bool
    """Violence, minors, correction: opened to its own people only."""
    received_on: date


class Harm(Sheet):
    """Harm or suspected harm a worker came upon, which the law says must be reported. No person."""

    context: ClassVar[dict[str, type[Sheet]]] = {"station": Station}

    kind: HarmKind
    found_on: date
    told: list[PartnerKind]
    """Who has been told; an empty list is nobody."""
    hours: float
    """Hours from finding it to telling the first of them, or until now while nobody is told."""
