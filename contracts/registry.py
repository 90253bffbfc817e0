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
    sw_years: float | None = None
    """Years of social work experience on the first day (WH-2.2-c)."""


class AgreedPay(Part):
    """Gross pay agreed for each month from one on, the worker's own insurance share included."""

    starts_on: date
    """The first day of the first month."""
    amount: int
    """Fen a month (LZ-2.3.2-e to -h)."""


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
    cert_until: date | None = None
    """Last day the certificate's registration is valid."""
    specialities: list[str] = Field(default_factory=list)
    """Fields the worker is specialised in; one person may have several (LZ-1.3.2-b)."""
    origin_post: str | None = None
    """The post held before social work: assistance handler, child director … (WH-3.2-a)."""
    pay: list[AgreedPay] = Field(default_factory=list)
    offence_checks: list[date] = Field(default_factory=list)
    """Days the records of violent and sexual offences were asked (未成年人保护法 第六十二条)."""


class TrainingChanged(Event):
    """A training, and who took part (HZ-4.5-a, LZ-2.4.3-f, WH-3.2-b)."""

    type: ClassVar[str] = "registry.training.changed.v1"

    training_id: UUID
    as_of: date
    status: str
    """held or cancelled"""
    kind: str
    mode: str
    hours: float
    starts_on: date
    ends_on: date
    worker_ids: list[UUID]


class Supervised(Part):
    """A period in which a supervisor is responsible for a station."""

    station_id: UUID
    starts_on: date
    ends_on: date | None


class SupervisorChanged(Event):
    """A person employed in the role of supervisor, for a term (LZ-2.4.3-a, WH-3.5-a, HZ-4.4-d)."""

    type: ClassVar[str] = "registry.supervisor.changed.v1"

    supervisor_id: UUID
    worker_id: UUID
    """Who it is: certificate and experience are the worker's."""
    as_of: date
    hired_by: str
    agency_id: UUID | None
    full_time: bool
    talent_level: str | None
    """Level of the talent list the person is on (HZ-4.4-b)."""
    starts_on: date
    ends_on: date | None
    stations: list[Supervised]


class SupervisionDay(Part):
    """One day of a supervision."""

    day: date
    hours: float


class SupervisionChanged(Event):
    """One supervision of a station, over one day or several in a row (LZ-2.4.3-b, -c)."""

    type: ClassVar[str] = "registry.supervision.changed.v1"

    supervision_id: UUID
    station_id: UUID
    supervisor_id: UUID
    as_of: date
    status: str
    """held or cancelled"""
    kind: str
    days: list[SupervisionDay]
    recorded_on: date | None
    """Day the record was filed; null while there is none (HZ-4.4-c)."""


class RegisterChanged(Event):
    """From which day a city keeps a register whole: from then on what is not in it did not happen."""

    type: ClassVar[str] = "registry.register.changed.v1"

    name: str
    """trainings, supervisors, supervisions, stations, workers, links, filings, agencies or contracts"""
    complete_from: date


class BodyOfficer(Part):
    """An office in a body and its period; of the person no more than an id."""

    id: UUID
    role: str
    """legal_representative, controller, shareholder, manager or contact"""
    share_percent: float | None
    starts_on: date | None
    ends_on: date | None


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
    service_fields: list[str] = Field(default_factory=list)
    """Fields of service its registered scope includes."""
    division: str | None = None
    """Where its office is."""
    established_on: date | None = None
    incubated_on: date | None = None
    incubated_in: str | None = None
    """The county or district that incubated it."""
    systems: list[dict[str, Any]] = Field(default_factory=list)
    """Its written rules: kind, title, number, adopted_on, ended_on."""
    officers: list[BodyOfficer] = Field(default_factory=list)


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
    channels: list[str] = Field(default_factory=list)
    """How it refers and hears back: api, webhook, spreadsheet, link, telephone, paper."""
    duties: list[dict[str, Any]] = Field(default_factory=list)
    """What the city's document asks of it: what, cite, clause."""
    division: str | None = None
    """The area it answers for; null: the whole city."""
    officers: list[BodyOfficer] = Field(default_factory=list)


class TargetChanged(Event):
    """What an area set out to reach, and by when; whether it was reached is evaluation's to say."""

    type: ClassVar[str] = "registry.target.changed.v1"

    target_id: UUID
    as_of: date
    kind: str
    year: int
    due_on: date
    tier: str | None
    speciality: str | None
    division: str | None
    """The area; null: the whole jurisdiction."""
    amount: float
    unit: str
    """count or percent"""
    baseline_year: int | None
    baseline: float | None
    status: str
    """active or withdrawn"""
    cite: str | None
    clause: str | None


class FilingChanged(Event):
    """A document handed to a higher body, or due to be; received or returned by it."""

    type: ClassVar[str] = "registry.filing.changed.v1"

    filing_id: UUID
    as_of: date
    kind: str
    filer: str
    """Who hands it in."""
    receiver: str
    division: str | None
    """Whose area; null: the whole jurisdiction."""
    station_id: UUID | None
    year: int | None
    sections: list[str]
    issued_on: date | None
    due_on: date | None
    filed_on: date | None
    received_on: date | None
    receipt_no: str | None
    returned_on: date | None
    status: str
    """due, filed, received or returned"""
    cite: str | None
    clause: str | None


class DutyChanged(Event):
    """What a department is to do, by when, and on which days it was done."""

    type: ClassVar[str] = "registry.duty.changed.v1"

    duty_id: UUID
    as_of: date
    department: str
    partner_id: UUID | None
    division: str | None
    """The area; null: the whole jurisdiction."""
    what: str
    what_en: str | None = None
    pack_key: str | None = None
    """Its key in the city's pack, where the document itself lays it on the body."""
    every: str
    """once, month, quarter, half_year or year"""
    due_on: date | None
    times: int | None
    done_on: list[date]
    status: str
    """open, done or dropped"""
    cite: str | None
    clause: str | None
