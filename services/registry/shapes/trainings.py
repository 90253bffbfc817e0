"""Trainings held."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.asked import Asked, Day, Paged
from services.registry.shapes.words import Name, Word

Hours = Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)]


class WriteTraining(Asked):
    """Enter a training with everyone who took part, or replace what is said of it."""

    kind: Word
    mode: Word
    hours: Hours = Field(description="hours each participant took part")
    provider: Name
    topic: Annotated[str, Field(max_length=200)] = ""
    starts_on: Day
    ends_on: Day
    worker_ids: list[UUID] = Field(max_length=500)
    status: Literal["held", "cancelled"] = "held"
    effective_on: Day | None = None


class FindTrainings(Paged):
    """Filters of the list of trainings."""

    status: Literal["held", "cancelled"] | None = None
    kind: Word | None = None
    worker_id: UUID | None = None
    year: Annotated[int, Field(ge=1990, le=2199)] | None = None
