"""What a partner sends (casework)."""

from datetime import date
from typing import ClassVar

from chassis.packs import Sheet
from contracts.facts.people import Worker
from contracts.facts.station import Station
from contracts.facts.words import Domain, LegalBasis, PartnerKind, Urgency


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
