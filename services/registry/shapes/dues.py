"""What is due: yearly targets, filings with their receipts, duties of departments."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from chassis.asked import Asked, Day, Paged
from chassis.packs import term
from chassis.wording import Unfit
from services.registry.shapes.words import Code, Line, Name, Text, Word

Year = Annotated[int, Field(ge=1990, le=2199)]
Amount = Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]


class Cited(Asked):
    """Base of what a document asks for, with the place that says so."""

    cite: Line | None = Field(None, description="document and clause")
    clause: Name | None = Field(None, description="the clause's id in the catalogue")
    note: Text | None = None
    effective_on: Day | None = None


class WriteTarget(Cited):
    """Set a target of an area, or replace what is said of it."""

    kind: Annotated[Word, term("target")]
    year: Year
    due_on: Day
    tier: Annotated[Word, term("tier")] | None = None
    speciality: Annotated[Word, term("speciality")] | None = None
    division: Code | None = Field(None, description="the area; none: the whole jurisdiction")
    amount: Amount
    unit: Literal["count", "percent"]
    baseline_year: Year | None = None
    baseline: Amount | None = None
    status: Literal["active", "withdrawn"] = "active"

    @model_validator(mode="after")
    def _baseline_is_whole(self) -> "WriteTarget":
        if (self.baseline_year is None) != (self.baseline is None):
            raise Unfit(
                "together",
                "基准须同时填写年份（baseline_year）和数值（baseline）",
                "a baseline is a year (baseline_year) and an amount (baseline)",
            )
        return self


class FindTargets(Paged):
    """Filters of the list of targets."""

    kind: Annotated[Word, term("target")] | None = None
    year: Year | None = None
    tier: Annotated[Word, term("tier")] | None = None
    status: Literal["active", "withdrawn"] | None = None
    division: Code | None = Field(None, description="a prefix of the area's code")


class FiledDocument(Asked):
    """A document of a filing; the text itself is kept elsewhere."""

    title: Line
    number: Name | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class WriteFiling(Cited):
    """Enter a document that is due or was handed to a higher body, or replace what is said of it."""

    kind: Annotated[Word, term("filing")]
    filer: Annotated[Word, term("filer")]
    receiver: Annotated[Word, term("filer")]
    division: Code | None = Field(
        None, description="whose area; none: the whole jurisdiction, or where the station stands"
    )
    station_id: UUID | None = None
    title: Line | None = None
    year: Year | None = None
    sections: list[Annotated[Word, term("plan_section")]] = Field(
        default_factory=list, max_length=50
    )
    documents: list[FiledDocument] = Field(default_factory=list, max_length=50)
    issued_on: Day | None = Field(None, description="the day the document itself was made")
    due_on: Day | None = None
    filed_on: Day | None = None
    received_on: Day | None = Field(None, description="the receiving body's to say")
    receipt_no: Name | None = Field(None, description="the receiving body's to say")
    returned_on: Day | None = Field(None, description="the receiving body's to say")


FilingStatus = Literal["due", "filed", "received", "returned"]


class FindFilings(Paged):
    """Filters of the list of filings."""

    kind: Annotated[Word, term("filing")] | None = None
    filer: Annotated[Word, term("filer")] | None = None
    year: Year | None = None
    status: FilingStatus | None = None
    station_id: UUID | None = None
    division: Code | None = Field(None, description="a prefix of the area's code")
    due_before: Day | None = None


class Done(Asked):
    """A time a duty was done."""

    on: Day
    note: Line | None = None


class WriteDuty(Cited):
    """Enter a duty of a department, or replace what is said of it (HF-4.5-a to -n, LZ-3.2)."""

    department: Annotated[Word, term("partner")]
    partner_id: UUID | None = Field(None, description="where that body is a partner of ours")
    division: Code | None = Field(None, description="the area; none: the whole jurisdiction")
    what: Line
    what_en: Line | None = None
    every: Literal["once", "month", "quarter", "half_year", "year"] = "once"
    due_on: Day | None = Field(
        None, description="the first day it is due; of one that returns, else its period's last"
    )
    times: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None, description="how often in each period"
    )
    done: list[Done] = Field(default_factory=list, max_length=200)
    dropped: bool = False


class FindDuties(Paged):
    """Filters of the list of duties."""

    department: Annotated[Word, term("partner")] | None = None
    partner_id: UUID | None = None
    status: Literal["open", "done", "dropped"] | None = None
    division: Code | None = Field(None, description="a prefix of the area's code")
    due_before: Day | None = None
