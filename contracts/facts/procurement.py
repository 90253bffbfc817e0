"""Money, purchases and contracts (procurement)."""

from datetime import date
from typing import ClassVar

from chassis.packs import Fen, Sheet
from contracts.facts.evaluation import Evaluation
from contracts.facts.station import Station
from contracts.facts.words import (
    ContractStage,
    ContractTerm,
    Criterion,
    FundPurpose,
    FundSource,
    Level,
    Procedure,
    Purchaser,
    ServiceField,
    TenderMethod,
)


class Quarter(Sheet):
    """One quarter of a contract's service that has ended (CJ-6.4-b)."""

    start: date
    end: date
    ledger_on: date | None
    """Day the quarter's ledger material was handed in; null when it was not."""


class Funding(Sheet):
    """Money given to stations in one budget year (procurement)."""

    source: FundSource
    level: Level
    purpose: FundPurpose
    amount: Fen
    payer_is_purchaser: bool
    """谁使用、谁购买: paid from the purchaser's own budget (LZ-4.2-a, WH-4.2-c)."""


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
    open_days: int
    """Days from the documents' issue to the last day of bids."""
    bidders: int
    """Suppliers that answered."""


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
    training_plan_on: date | None
    evaluation_plan_on: date | None
    """Days of the plans that go with it (LZ-3.3-a)."""
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
    stages: list[ContractStage]
    """Stages of the purchase that are on record: budget, procurement, signing … (WH-3.4-a)."""
    procedure: Procedure
    """By which it was bought."""
    award_notice_on: date
    """Day the provider was told of the award."""
    publication_due: date
    """Last day to publish it, by the city's clock of working days."""
    published_on: date | None
    filing_due: date
    """Last day to hand in its copy, by the same clock."""
    filed_on: date | None
    clients_accepted: bool
    """People served took part in acceptance."""
    acceptance_published: bool
