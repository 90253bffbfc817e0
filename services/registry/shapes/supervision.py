"""Supervisors, supervisions, and from when registers are whole."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.asked import Asked, Day, Paged
from services.registry.shapes.words import Word

RegisterName = Literal[
    "trainings",
    "supervisors",
    "supervisions",
    "stations",
    "workers",
    "links",
    "filings",
    "agencies",
    "contracts",
]


class Assign(Asked):
    """A supervisor is responsible for a station for a period."""

    station_id: UUID
    starts_on: Day
    ends_on: Day | None = Field(None, description="none: until the term ends")


class WriteSupervisor(Asked):
    """Enter a person employed as supervisor for a term, or replace what is said of the term."""

    worker_id: UUID
    hired_by: Word
    agency_id: UUID | None = None
    full_time: bool
    talent_level: Word | None = None
    starts_on: Day
    ends_on: Day | None = None
    stations: list[Assign] = Field(default_factory=list, max_length=200)
    effective_on: Day | None = None


class FindSupervisors(Paged):
    """Filters of the list of supervisors."""

    station_id: UUID | None = None
    worker_id: UUID | None = None


class Held(Asked):
    """A day of a supervision."""

    day: Day
    hours: Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)]


class WriteSupervision(Asked):
    """Enter a supervision of a station: one visit, all its days; or replace what is said of it."""

    station_id: UUID
    supervisor_id: UUID
    kind: Word
    days: list[Held] = Field(min_length=1, max_length=31)
    recorded_on: Day | None = None
    status: Literal["held", "cancelled"] = "held"
    effective_on: Day | None = None


class FindSupervisions(Paged):
    """Filters of the list of supervisions."""

    status: Literal["held", "cancelled"] | None = None
    station_id: UUID | None = None
    supervisor_id: UUID | None = None
    recorded: bool | None = Field(None, description="whether its record has been filed")


class OpenRegister(Asked):
    """Say from which day a register is whole: what is not in it since then did not happen."""

    name: RegisterName
    complete_from: Day


class MoveRegister(Asked):
    """Say another day."""

    complete_from: Day
