"""What procurement tells the others about contracts."""

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from chassis.events import Event


class ContractSigned(Event):
    """A purchaser bought the running of a station from an agency for a period."""

    type: ClassVar[str] = "procurement.contract.signed.v1"

    contract_id: UUID
    station_id: UUID
    agency_id: UUID
    purchaser_kind: str
    signed_on: date
    starts_on: date
    ends_on: date
    """The last day of service."""
    renewal_of: UUID | None
    staffing: int | None
    """On-station workers promised; None where the contract names no number."""
    facts: dict[str, Any]
    """Further facts under the names of the contract's fact sheet (`contracts.facts.Contract`)."""


class ContractEnded(Event):
    """A contract ended before its last day."""

    type: ClassVar[str] = "procurement.contract.ended.v1"

    contract_id: UUID
    station_id: UUID
    agency_id: UUID
    ended_on: date
    reason_code: str
