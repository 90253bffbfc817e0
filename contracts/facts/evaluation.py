"""How a contract was judged (evaluation)."""

from datetime import date

from chassis.packs import Sheet
from contracts.facts.words import AgencyKind, EvaluationKind, EvaluationSide, Grade


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
