"""What a caller asks of procurement, and what signing answers.

A fact of the agreement that is not said is unknown, one said to be null is known to be none: the
gate judges by that difference, so an ask keeps it (`contracts.facts.Contract`).
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from chassis.asked import Asked, Count, Day

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A word of a vocabulary; which words there are is the pack's to say."""


class Purchaser(Asked):
    """The body that buys."""

    name: str = Field(min_length=1, max_length=200)
    kind: Word


class Price(Asked):
    """What the whole term costs, in whole fen."""

    amount: Count
    currency: Literal["CNY"] = "CNY"


class PriorEvaluation(Asked):
    """An evaluation of the contract that is renewed, as the purchaser's files have it."""

    kind: Word
    day: Day
    grade: Word


class SignContract(Asked):
    """A purchaser's wish to have the running of a station by an agency on record."""

    station_id: UUID
    agency_id: UUID
    purchaser: Purchaser
    signed_on: Day
    starts_on: Day
    ends_on: Day = Field(description="the last day of service")
    price: Price
    staffing: Count | None = Field(default=None, description="on-station workers promised")
    renewal_of: UUID | None = None
    budget_secured: bool | None = None
    terms: list[Word] | None = Field(default=None, max_length=100)
    payer_is_purchaser: bool | None = None
    supervision_funded: bool | None = None
    supervision_plan_on: Day | None = None
    takeover_plan_on: Day | None = None
    management_fee_percent: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    management_fee_limit_percent: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    labour_cost_per_head: Count | None = Field(default=None, description="fen a year")
    evaluator_provides_service: bool | None = None
    prior_evaluations: list[PriorEvaluation] | None = Field(default=None, max_length=50)


class EndContract(Asked):
    """A wish to end a contract before its last day."""

    ended_on: Day = Field(description="the last day of service")
    reason_code: Word


class Warned(BaseModel):
    """A softer clause that is not fulfilled, or cannot be judged."""

    id: str
    verdict: str
    modality: str
    cite: dict[str, Any]
    value: Any
    missing: list[str]
    say: str


class ContractReceipt(BaseModel):
    """What signing answers."""

    id: UUID
    version: int
    station_id: UUID
    agency_id: UUID
    starts_on: date
    ends_on: date
    pack_version: str
    warnings: list[Warned]
