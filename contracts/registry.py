"""What registry tells the others: the whole public state of an aggregate, so a copy is a replacement.

No name of a person, no number of identity, no address. A field here is a promise: add, never change.
"""

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events import Event


class Part(BaseModel):
    """A piece of an event's data."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class JurisdictionChanged(Event):
    """A jurisdiction the platform serves. Told under the platform's tenant 000000."""

    type: ClassVar[str] = "registry.jurisdiction.changed.v1"

    code: str
    kind: str
    name: dict[str, str]
    prefixes: list[str]


class PackActivated(Event):
    """A version of a city's pack was activated: all its layers as one text, and from which day."""

    type: ClassVar[str] = "registry.pack.activated.v1"

    version: str
    in_force: date
    text: str


class StationChanged(Event):
    """A station, as it stands from `as_of` on; every public fact registry has of it."""

    type: ClassVar[str] = "registry.station.changed.v1"

    station_id: UUID
    as_of: date
    name: str
    status: str
    """planned, building, open, suspended or closed"""
    tier: str
    mode: str
    division: str
    division_system: str
    division_name: str = ""
    district: str
    """Code of the county or district, six digits."""
    serves: list[str] = Field(default_factory=list)
    """Codes of the divisions it serves, in the same system; an empty list means its own."""
    unit_id: UUID | None = None
    """The management unit it stands in."""
    agency_id: UUID | None = None
    """The body it is itself: a centre that provides services."""
    domains: list[str]
    """Kinds of referral it takes; an empty list takes them all."""
    operator_id: UUID | None
    operator_since: date | None
    open_on: date | None
    facts: dict[str, Any]
    """Further facts under the names of the station's fact sheet (`contracts.facts.Station`)."""
    stages: list[dict[str, Any]] = Field(default_factory=list)
    """From which day it was planned, in building, open, suspended, closed: status and day."""
    profile: dict[str, Any] = Field(default_factory=dict)
    """Premises, rooms, signs, systems … as registered, without what is written freely."""


class UnitChanged(Event):
    """An area managed as one that no division code names: a development zone, a scenic area."""

    type: ClassVar[str] = "registry.unit.changed.v1"

    unit_id: UUID
    as_of: date
    name: str
    kind: str
    own_code: str | None
    division: str
    """The division around it."""
    division_system: str
    covers: list[str]
    """Codes of the townships and communities it manages."""
    parent_id: UUID | None
    status: str
    """active or abolished"""
    since: date | None
    until: date | None


class LinkChanged(Event):
    """Who stands over, sends people to, controls or is related to whom, and when."""

    type: ClassVar[str] = "registry.link.changed.v1"

    link_id: UUID
    as_of: date
    kind: str
    """supervises, dispatches, controls or related"""
    from_kind: str
    """station or agency"""
    from_id: UUID
    to_kind: str
    to_id: UUID
    starts_on: date
    ends_on: date | None
    """The last day; null while it goes on."""


class WorkerPosting(Part):
    """A period in which a worker serves at a station."""

    station_id: UUID
    starts_on: date
    ends_on: date | None
    full_time: bool
    on_station: bool
    dispatched: bool


class WorkerChanged(Event):
    """A worker: postings and qualification under a worker's id; no name, no identity number."""

    type: ClassVar[str] = "registry.worker.changed.v1"

    worker_id: UUID
    as_of: date
    status: str
    """active or left"""
    employer_id: UUID | None
    cert: str
    cert_on: date | None
    education: str | None
    sw_major: bool | None
    sw_years: float | None
    facts: dict[str, Any]
    """Further facts under the names of the worker's fact sheet (`contracts.facts.Worker`)."""
    postings: list[WorkerPosting]


class AgencyChanged(Event):
    """An agency that may run stations."""

    type: ClassVar[str] = "registry.agency.changed.v1"

    agency_id: UUID
    as_of: date
    name: str
    kind: str
    status: str
    registered_in: str
    business_scope: str


class PartnerChanged(Event):
    """A body that refers people: a court, a federation, a school."""

    type: ClassVar[str] = "registry.partner.changed.v1"

    partner_id: UUID
    as_of: date
    name: str
    kind: str
    status: str
    domains: list[str]
    """Kinds of referral it may make; an empty list allows them all."""
