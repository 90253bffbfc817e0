"""A station and what belongs to it (registry)."""

from datetime import date

from chassis.packs import Sheet
from contracts.facts.people import Deputy, Head, Supervisor, Worker
from contracts.facts.words import (
    AssetItem,
    DivisionKind,
    Domain,
    HireReason,
    Logo,
    Mode,
    PartnerKind,
    PlaquePlace,
    ProjectKind,
    Provider,
    Record,
    Room,
    ServiceField,
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
    rooms: list[Room]
    case_work_planned: bool
    """The service plan contains case work (CJ-2.1-e)."""
    group_work_planned: bool
    """The service plan contains group work (CJ-2.1-e)."""
    office_m2: float
    office_independent: bool
    """The office is apart from others (LZ-2.1.3-b)."""
    assets: list[Asset]
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
    domains: list[Domain]
    """Kinds of referral it takes; an empty list takes them all."""
    admin_hours: float
    """Hours of administrative chores in the last twelve months (HF-3.2-c, WH-3.3-a)."""
    all_hours: float
    """Hours of all activities in the last twelve months."""
    incidents: list[Incident]
