"""How a contract was judged (evaluation)."""

from datetime import date

from chassis.packs import Sheet
from contracts.facts.words import (
    AgencyKind,
    Aspect,
    EvaluationKind,
    EvaluationSide,
    Grade,
)


class Indicator(Sheet):
    """One measure of an evaluation (WH-3.4-b)."""

    unit: str | None
    """What it is counted in; null when it cannot be measured."""
    target: float | None
    """What it is compared with."""
    source: str | None
    """Where its figure comes from, so that it can be traced."""


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
    aspects: list[Aspect]
    """What it looked at: process, quality, effect (HF-4.4-a)."""
    improvement_planned: bool
    """Its results went into a plan to improve (HF-4.4-a)."""
    indicators: list[Indicator]
