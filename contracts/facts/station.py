"""A station and what belongs to it (registry)."""

from datetime import date

from chassis.packs import Sheet
from contracts.facts.people import Deputy, Head, Supervisor, Worker
from contracts.facts.words import (
    Allowance,
    AssetItem,
    ClientCategory,
    DivisionKind,
    Domain,
    Function,
    HireReason,
    InspectionKind,
    LedgerField,
    Logo,
    Mode,
    Nature,
    PartnerKind,
    PlaquePlace,
    ProjectKind,
    Provider,
    Record,
    Room,
    ServiceField,
    ServiceItem,
    Site,
    Speciality,
    System,
    Tier,
)


class Division(Sheet):
    """The township or community a station stands in (registry's reference data)."""

    code: str
    """Division code in the pack's own code system: never joined across systems."""
    kind: DivisionKind
    district: str
    """Code of the county or district above it, six digits."""
    villages: int
    """Villages and communities inside."""
    population: int


class Asset(Sheet):
    """A thing in the station and who provides it (CJ-2.1-a, -b)."""

    item: AssetItem
    provider: Provider


class Partner(Sheet):
    """A body the station works with, kept in its partner directory (registry)."""

    kind: PartnerKind


class Project(Sheet):
    """A service project of the station (WH-2.3-a)."""

    kind: ProjectKind
    field: ServiceField
    sponsor: PartnerKind | None
    """Who pays for it, if somebody other than civil affairs does (HF-2.3-a)."""


class Offer(Sheet):
    """One item of the service list of a station (HF-3.3-g, HZ-4.1-c)."""

    item: ServiceItem
    field: ServiceField
    nature: Nature
    """What kind of matter the bureau holds it to be: a service, or an authority's own."""


class ClientGroup(Sheet):
    """People of one category in a station's area, in figures (casework). Never a person."""

    group: ClientCategory
    clients: int
    """Known to the station today."""
    visited: int
    """Of these, visited at home in the last twelve months (CJ-3.1-a, LZ-2.2-d)."""
    on_file: int
    """Of these, with a follow-up file or a case (CJ-3.2-c)."""
    needs_known: int
    """Of these, with material, spiritual and social needs noted (LZ-2.2-d)."""
    follow_up_late: int
    """Of these, past the day of their next visit, or without one (LZ-2.2-d)."""


class Ledger(Sheet):
    """A ledger the station keeps on people of one category (CJ-3.1-c)."""

    group: ClientCategory
    fields: list[LedgerField]


class AllowanceCheck(Sheet):
    """The last check that an allowance reaches those it is for (CJ-3.1-d, CJ-3.2-b)."""

    allowance: Allowance
    group: ClientCategory
    day: date


class Inspection(Sheet):
    """One inspection of the station, and what became of its findings (CJ-6.4-d, HF-3.3-j)."""

    by: PartnerKind
    kind: InspectionKind
    day: date
    refused: bool
    """The station or its contractor did not let it happen."""
    open_findings: int
    """Findings that are not put right yet."""
    rectify_due: date | None
    """Last day to put them right; null when nothing was found."""


class Month(Sheet):
    """One full month of service; partial first and last months are left out (LZ-2.4.3-b)."""

    start: date
    end: date
    supervisions: int
    shortest_hours: float | None
    """Shortest supervision of the month, sessions of one visit added up; null when none."""


class Incident(Sheet):
    """A contractor could not serve as agreed (WH-3.4-i)."""

    happened: date
    takeover_due: date
    """When the takeover had to start, by the city's clock of working days."""
    takeover_started: date | None


class Station(Sheet):
    """A social work service station, or a lower or higher unit of the network (registry)."""

    name: str
    tier: Tier
    mode: Mode
    """How it is staffed: bought, hired directly, added posts … (HF-3.1-g, HZ-4.3-c)."""
    direct_hire_reason: HireReason | None
    demo: bool
    """Named a demonstration station (HZ-2-c)."""
    open_on: date
    division: Division
    head: Head
    deputies: list[Deputy]
    workers: list[Worker]
    """Everyone posted today."""
    staffing_by_contract: int | None
    """On-station workers the contract promises; null without a contract (CJ-2.4-a)."""
    supervisors: list[Supervisor]
    supervised_by_centre: bool
    """A guidance centre above supervises it (WH-2.1-b)."""
    last_supervised: date | None
    unrecorded_supervisions: int
    """Supervisions held without a record on file (HZ-4.4-c)."""
    months: list[Month]
    site: Site
    """Where it is set up: in a place of service that was there, or apart (HF-3.1-f, HZ-4.2-a)."""
    rooms: list[Room]
    case_work_planned: bool
    """The service plan contains case work (CJ-2.1-e)."""
    group_work_planned: bool
    """The service plan contains group work (CJ-2.1-e)."""
    office_m2: float
    office_independent: bool
    """The office is apart from others (LZ-2.1.3-b)."""
    assets: list[Asset]
    functions: list[Function]
    """What it does for others beside serving clients (WH-2.1-a)."""
    organised: bool
    """Has an organisation with its duties divided (CJ-2.2-a, WH-2.5-a)."""
    workflow: bool
    """Has a standard workflow in writing (CJ-2.2-a, LZ-2.1.3-a, WH-2.5-a)."""
    systems: list[System]
    """Written rules in force: staff, finance, archives … (CJ-2.2-b, HZ-4.2-c, WH-2.5-b)."""
    records: list[Record]
    """Kinds of records kept (WH-2.5-c)."""
    plaque: str | None
    """Words on the plaque; null when there is none."""
    plaque_place: PlaquePlace | None
    """Where the plaque hangs; null when there is none."""
    logos: list[Logo]
    sign_index: bool
    """Signs and index plates are up (WH-2.4-c)."""
    service_window: bool
    """Has a window for the public (HZ-4.2-d)."""
    service_list_displayed: bool
    """Shows its services or service list (HZ-4.2-d)."""
    volunteers: bool
    """Does volunteer service too (CJ-2.5-c)."""
    partners: list[Partner]
    projects: list[Project]
    brand_projects: int
    """Brand projects of its own, 一站一品 (HZ-3.1-a)."""
    focus: Speciality | None
    """The speciality it is built around; null when it has none (HZ-4.6-a)."""
    offer: list[Offer]
    """Its service list."""
    needs_assessed_on: date | None
    """Day the needs of its area were last assessed (HZ-3.3-a)."""
    service_plan_on: date | None
    """Day of its service plan (HZ-3.3-a)."""
    needs_list_on: date | None
    """Day of the list of residents' needs (WH-3.3-c)."""
    resource_list_on: date | None
    """Day of the list of the area's resources (WH-3.3-c)."""
    clients_in_need: int
    clients_with_service_list: int
    """Of these, with a service list of their own (WH-3.3-c)."""
    client_groups: list[ClientGroup]
    """Every category it knows people of."""
    ledgers: list[Ledger]
    allowance_checks: list[AllowanceCheck]
    slowest_entry: int | None
    """Working days from a household investigation to its entry, the slowest of the last twelve
    months; null when there was none (CJ-3.3-b)."""
    rooms_below: int
    """Community rooms or studios of its area (HZ-4.5-b)."""
    rooms_supported: int
    """Of these, supported by it in the last twelve months."""
    domains: list[Domain]
    """Kinds of referral it takes; an empty list takes them all."""
    admin_hours: float
    """Hours of administrative chores in the last twelve months (HF-3.2-c, WH-3.3-a)."""
    all_hours: float
    """Hours of all activities in the last twelve months."""
    incidents: list[Incident]
    inspections: list[Inspection]
    """Those of the last two years."""
