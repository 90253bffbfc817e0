"""What a caller asks of evaluation."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from chassis.asked import Asked, Day, Moment, Paged
from chassis.wording import OBJECT_BRANCH, TEXT_BRANCH

Ref = Annotated[
    str,
    StringConstraints(
        pattern=r"^(station|worker|contract|agency|supervisor|city|district):[0-9A-Za-z-]{1,40}$"
    ),
]
"""A subject: `station:ID`, `worker:ID`, `contract:ID`, `agency:ID`, `city:CODE`, `district:CODE`."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,80}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}$")]

NAMES_ONLY: dict[str, Any] = {"additionalProperties": False}
"""What pydantic refuses and does not tell: a key that is no name."""


class DayAsked(Asked):
    """Of which day, and as known when."""

    as_of: Day | None = Field(default=None, description="the day judged, today if left out")
    known_at: Moment | None = Field(
        default=None, description="leave out what became known later; now if left out"
    )


class ComplianceAsked(DayAsked):
    """Whose verdicts."""

    subject: Ref


class VerdictsAsked(DayAsked, Paged):
    """Which verdicts, and in which order."""

    kind: Literal["station", "worker", "contract", "agency", "city", "district"] | None = None
    rule: RuleName | None = Field(default=None, description="the rule's name in the pack")
    verdict: Literal["met", "broken", "waived", "undecided", "not_applicable"] | None = None
    modality: Literal["must", "in_principle", "encouraged", "target", "duty"] | None = None
    severity: Literal["violation", "warning", "hint", "target", "overdue"] | None = None
    district: Code | None = Field(
        default=None, description="a division's code; everything inside it is listed"
    )
    sort: Literal[
        "subject", "-subject", "division", "-division", "rule", "-rule", "severity", "-severity"
    ] = Field(default="subject", description="`severity`: the worst first")


class CoverageAsked(DayAsked):
    """Which coverage."""

    tier: Literal["township", "community", "county"] = "township"
    by_year: bool = Field(default=False, description="also each past year's end, ten at most")


class DeadlinesAsked(DayAsked, Paged):
    """Which deadlines."""

    kind: Literal["filing", "duty"] | None = None
    status: Literal["due", "late", "done", "done_late", "undated"] | None = None
    district: Code | None = Field(default=None, description="a prefix of the area's code")


class Supposed(Asked):
    """A subject that need not exist."""

    kind: Name
    facts: dict[Name, Any] = Field(
        description="its fact sheet; what is left out is unknown", json_schema_extra=NAMES_ONLY
    )
    context: dict[Name, dict[str, Any]] = Field(
        default_factory=dict,
        description="other sheets its rules may read, and `stated` facts",
        json_schema_extra=NAMES_ONLY,
    )


class WhatIf(Asked):
    """What the city's document would say of a subject, of other numbers, or of another text."""

    subject: Annotated[
        Annotated[Ref, Tag(TEXT_BRANCH)] | Annotated[Supposed, Tag(OBJECT_BRANCH)],
        Discriminator(lambda said: TEXT_BRANCH if isinstance(said, str) else OBJECT_BRANCH),
    ]
    parameters: dict[Name, Any] = Field(
        default_factory=dict,
        description="values in place of the pack's",
        json_schema_extra=NAMES_ONLY,
    )
    pack: str | None = Field(default=None, description="a merged pack text in place of the city's")
    as_of: Day | None = None


class GrantWaiver(Asked):
    """The city's wish to let a rule pass for somebody, for a time."""

    subject: Ref
    rule: RuleName = Field(description="the rule's name in the city's pack")
    starts_on: Day
    until: Day = Field(description="the last day")
    reason_code: Name = Field(description="of the pack's vocabulary `waiver_reason`")
    why: str = Field(min_length=1, max_length=1_000, description="kept here, in no event")


class RevokeWaiver(Asked):
    """A wish to take a waiver back."""

    on: Day | None = Field(
        default=None, description="the first day it no longer holds; today if left out"
    )


class WaiversAsked(Paged):
    """Which waivers."""

    subject: Ref | None = None
    rule: RuleName | None = None
    on: Day | None = Field(default=None, description="only those that hold that day")


class StateFact(Asked):
    """A wish to answer for a fact that only this city asks for."""

    subject: Ref
    name: Name = Field(description="the fact's name in the city's pack")
    value: Any = Field(description="in the unit the pack asks for")
    holds_from: Day = Field(description="the first day of which it is true")
    proof: str = Field(min_length=1, max_length=500, description="kept here, in no event")


class AttestationsAsked(Paged):
    """Which attestations."""

    subject: Ref | None = None
    name: Name | None = None


class Questioned(Asked):
    """Of whom."""

    subject: Ref
