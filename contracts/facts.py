"""Fact sheets: what a city's rule may talk about, by subject.

A fact that is not given is unknown. `X | None` given as null is known to be none; a list that is
given is complete. Money is fen, shares are percent, areas square metres, days are days in
Asia/Shanghai. Periods, clocks and statistics are counted by the services that know them, so a
rule only compares. Clause numbers after a fact are the catalogue rows that first asked for it.
"""

from datetime import date
from typing import Annotated, ClassVar

from chassis.packs import Fen, Sheet, term

AgencyKind = Annotated[str, term("agency_kind")]
AssetItem = Annotated[str, term("asset")]
Cert = Annotated[str, term("cert")]
ContractTerm = Annotated[str, term("contract_term")]
Criterion = Annotated[str, term("criterion")]
DivisionKind = Annotated[str, term("division_kind")]
Domain = Annotated[str, term("domain")]
Education = Annotated[str, term("education")]
Employer = Annotated[str, term("employer")]
EvaluationKind = Annotated[str, term("evaluation_kind")]
EvaluationSide = Annotated[str, term("evaluation_side")]
Filer = Annotated[str, term("filer")]
FilingKind = Annotated[str, term("filing")]
FundPurpose = Annotated[str, term("fund_purpose")]
FundSource = Annotated[str, term("fund_source")]
Grade = Annotated[str, term("grade")]
HeadPost = Annotated[str, term("head_post")]
HireReason = Annotated[str, term("hire_reason")]
LegalBasis = Annotated[str, term("legal_basis")]
Level = Annotated[str, term("level")]
Logo = Annotated[str, term("logo")]
Mode = Annotated[str, term("mode")]
PartnerKind = Annotated[str, term("partner")]
PlaquePlace = Annotated[str, term("plaque_place")]
Post = Annotated[str, term("post")]
Procedure = Annotated[str, term("procedure")]
ProjectKind = Annotated[str, term("project_kind")]
Provider = Annotated[str, term("provider")]
Purchaser = Annotated[str, term("purchaser")]
Record = Annotated[str, term("record")]
Room = Annotated[str, term("room")]
ServiceField = Annotated[str, term("service_field")]
Speciality = Annotated[str, term("speciality")]
System = Annotated[str, term("system")]
TenderMethod = Annotated[str, term("tender_method")]
Tier = Annotated[str, term("tier")]
TrainingKind = Annotated[str, term("training_kind")]
Urgency = Annotated[str, term("urgency")]
WageClass = Annotated[str, term("wage_class")]


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


class Worker(Sheet):
    """One person working at a station (registry). Never a name, never a number of identity."""

    full_time: bool
    """专职: works here and nowhere else (HZ-4.3-a, WH-2.2-a)."""
    on_station: bool
    """驻站: posted to the station itself (HF-3.1-h, LZ-2.3.2-c, CJ-2.4-a)."""
    dispatched: bool
    """Sent by the contractor, not the township's own staff (LZ-2.3.2-c)."""
    cert: Cert
    """Professional certificate held today; `none` is known to be none."""
    cert_on: date | None
    """Day the certificate was approved."""
    education: Education
    sw_major: bool
    """Graduated in social work or a related subject (HF-3.1-i)."""
    sw_years: float
    """Years of social work experience (WH-2.2-c)."""
    first_on_station: date
    """First day on any station for this contractor; a renewal does not restart it (LZ-2.3.2-d)."""
    supervisor_cert: Cert | None
    """Certificate of the supervisor assigned; null when nobody is (CJ-2.4-c)."""
    trainings_this_year: list[TrainingKind]
    """Kinds of training received in the calendar year (HZ-4.5-a)."""
    training_hours_this_year: float
    """Hours of training in the calendar year (LZ-2.4.3-f)."""
    service_share_of_year: float
    """Part of the calendar year served, 0 to 1; yearly duties count pro rata."""
    served_first_year: bool
    """Still in the first year of service, when induction training is due (HZ-4.5-a)."""
    offence_check_on: date | None
    """Last query of violent and sexual offence records (未成年人保护法 第六十二条)."""


class Supervisor(Sheet):
    """A social worker who supervises stations (registry)."""

    sw_years: float
    """Years of social work service experience (WH-3.5-a)."""
    cert: Cert
    hired_by: Employer
    """Who engages the supervisor: the district, the contractor, a centre … (WH-3.5-a, LZ-2.4.3-a)."""
    stations: int
    """Stations under this supervisor (LZ-2.4.3-d)."""
    full_time: bool


class Deputy(Sheet):
    """A deputy head of a station (HF-4.1-b, -c)."""

    title: Post
    on_station: bool
    """Is one of the station's own on-station workers."""
    head_post: HeadPost | None
    """The post held beside it; null when the deputy holds none."""


class Head(Sheet):
    """The head of a station (HF-4.1-a, -d)."""

    post: HeadPost
    """The post held beside it."""
    concurrent: bool
    """Holds the headship part-time, beside that post."""


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


class Quarter(Sheet):
    """One quarter of a contract's service that has ended (CJ-6.4-b)."""

    start: date
    end: date
    ledger_on: date | None
    """Day the quarter's ledger material was handed in; null when it was not."""


class Incident(Sheet):
    """A contractor could not serve as agreed (WH-3.4-i)."""

    happened: date
    takeover_due: date
    """When the takeover had to start, by the city's clock of working days."""
    takeover_started: date | None


class Funding(Sheet):
    """Money given to stations in one budget year (procurement)."""

    source: FundSource
    level: Level
    purpose: FundPurpose
    amount: Fen
    payer_is_purchaser: bool
    """谁使用、谁购买: paid from the purchaser's own budget (LZ-4.2-a, WH-4.2-c)."""


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


class Payroll(Sheet):
    """One month's pay of one on-station worker (procurement's proof of pay)."""

    context: ClassVar[dict[str, type[Sheet]]] = {"worker": Worker, "station": Station}

    month_end: date
    wage_class: WageClass
    """Class of the minimum wage that applies."""
    cert: Cert
    """Certificate held in that month."""
    due: Fen
    """Agreed gross pay, the worker's own insurance share included."""
    pay: Fen
    """Gross pay given (LZ-2.3.2-e to -h)."""


class Agency(Sheet):
    """An organisation that runs stations or evaluates them (registry)."""

    kind: AgencyKind
    business_scope: str
    """Registered business scope, as written (CJ-2.3-b, LZ-2.3.2-a)."""
    registered_in: str
    """Division code of the registering body: a statistic, never a condition of tender."""
    systems: list[System]
    provides_stations: bool
    """Has a station service contract in force in this city (LZ-2.3.3-b)."""
    evaluates_stations: bool
    """Has an evaluation of station services in hand in this city (LZ-2.3.3-b)."""


class Tender(Sheet):
    """A purchase of station services (procurement)."""

    method: TenderMethod
    criteria: list[Criterion]
    """What bids are judged by (LZ-2.3.1-c, WH-3.4-d)."""
    fields: list[ServiceField]
    """Fields of service bought together (HF-4.3-b)."""
    amount: Fen
    in_catalogue: bool
    """In the central purchasing catalogue (LZ-4.3-a)."""
    procedure: Procedure
    opened_on: date


class Evaluation(Sheet):
    """An evaluation of a contract (evaluation)."""

    kind: EvaluationKind
    day: date
    grade: Grade
    sides: list[EvaluationSide]
    """Who sat on the panel (LZ-2.3.3-a)."""
    agency_kind: AgencyKind
    evaluator_provides_service: bool
    """The evaluator, or somebody related, runs stations in this city (LZ-2.3.3-b)."""
    whole_process: bool
    """Covers the project from start to end (WH-3.4-c)."""


class ExecutionYear(Sheet):
    """A full year of a contract, counted from its start, that has ended (WH-3.4-f)."""

    start: date
    end: date
    midterm: int
    """Mid-term evaluations held in it."""


class Contract(Sheet):
    """A contract to run a station (procurement). The sheet of the gate `procurement.contract.sign`."""

    context: ClassVar[dict[str, type[Sheet]]] = {"station": Station}

    start: date
    end: date
    """Last day of service."""
    signed_on: date
    budget_secured: bool
    """The money of all its years is secured (WH-3.4-e, 政府购买服务管理办法 第二十四条)."""
    price: Fen
    terms: list[ContractTerm]
    """What the agreement states (LZ-3.2-a)."""
    purchaser_kind: Purchaser
    payer_is_purchaser: bool
    supervision_funded: bool
    """Supervision is a line of its budget (LZ-2.4.3-e)."""
    supervision_plan_on: date | None
    takeover_plan_on: date | None
    """Day the temporary takeover plan was made (WH-3.4-h)."""
    management_fee_percent: float
    management_fee_limit_percent: float | None
    """Limit the contract itself sets; null when it sets none (LZ-2.3.2-i)."""
    labour_cost_per_head: Fen
    """Labour cost budgeted for one worker and one year, employer's contributions included (WH-2.2-d)."""
    evaluator_provides_service: bool
    """The provider, or somebody related, evaluates stations in this city (LZ-2.3.3-b)."""
    provider_scope: str
    """Registered business scope of the provider."""
    renewal_of: str | None
    """The contract it renews; null for a first one (WH-3.4-g)."""
    prior_evaluations: list[Evaluation]
    """Evaluations of the contract it renews."""
    evaluations: list[Evaluation]
    execution_years: list[ExecutionYear]
    ledger_quarters: list[Quarter]
    first_stationed: date | None
    """First day workers formally served on the station, at the agreed number (CJ-4.2-a)."""
    paid_total: Fen


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


class Filing(Sheet):
    """A document handed to a higher body (registry)."""

    kind: FilingKind
    by: Filer
    to: Filer
    day: date


class Year(Sheet):
    """One calendar year's end in figures (HF-1-b)."""

    year: int
    community_stations: int
    before: int
    """Community stations a year earlier."""


class Area(Sheet):
    """An area in figures (evaluation), with the pack's denominators.

    As subject `city` it is the whole jurisdiction of a pack, whatever its kind; as subject
    `district` one county or district inside it.
    """

    code: str
    townships: int
    """Township units, from the denominator the coverage page names."""
    townships_with_station: int
    townships_with_certified: int
    """Township units where at least one certified worker serves (LZ-1.3.2-a)."""
    communities: int
    communities_with_station: int
    stations: int
    """Open township stations."""
    stations_standardised: int
    """Of these, stations that fulfil the city's standard (LZ-1.3.1-d)."""
    demo_stations: int
    demo_studios: int
    centres: int
    """Centres that lead this area's own network: a city's of the city's tier, a district's of the
    county's (HF-3.1-a, LZ-2.1.1-a, LZ-2.1.2-a)."""
    districts: int
    districts_with_centre: int
    certified: int
    """Certified social workers today."""
    certified_2020: int
    certified_by_speciality: dict[str, int]
    """Certified workers by speciality; one person may count in several (LZ-1.3.2-b)."""
    agencies_incubated: int
    """Social work agencies incubated 2021 to 2023 (LZ-1.3.3-a)."""
    years: list[Year]
    filings: list[Filing]
    fundings: list[Funding]
    """This budget year's money for stations."""
    social_assistance_fund: Fen
    """Special funds for social assistance of the budget year, the base of a ceiling (LZ-4.2-b)."""
    assistance_work_fund: Fen
    """Special work funds for social assistance of the budget year, the base of a share (CJ-6.3-a)."""
    region_grant: Fen
    """Pilot grant of the region (CJ-5.1-a)."""
    payments_from_region: Fen
    """Paid out of that grant so far."""
    payments_from_region_by_others: Fen
    """Of this, paid by anyone but the town (CJ-5.2-a)."""


Worker.context = {"station": Station}

SUBJECTS: dict[str, type[Sheet]] = {
    "station": Station,
    "worker": Worker,
    "payroll": Payroll,
    "supervisor": Supervisor,
    "agency": Agency,
    "tender": Tender,
    "contract": Contract,
    "evaluation": Evaluation,
    "funding": Funding,
    "referral": Referral,
    "district": Area,
    "city": Area,
}
"""Subject of a rule → its sheet."""

GATES: dict[str, tuple[str, str]] = {
    "procurement.contract.sign": ("procurement", "contract"),
    "casework.referral.accept": ("casework", "referral"),
}
"""Gate → the service that holds it and the subject judged there."""
