"""Stations."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from chassis.asked import Asked, Day, Paged
from services.registry.facts import StationFacts
from services.registry.shapes.words import Code, Name, System, Word


class OpenStation(Asked):
    """Enter a station; it may be planned, in building, or open already."""

    name: Name
    tier: Word
    mode: Word
    status: Literal["planned", "building", "open"] = "planned"
    division: Code
    division_system: System | None = None
    division_name: Name | None = None
    domains: list[Word] = Field(default_factory=list, max_length=50)
    open_on: Day | None = None
    effective_on: Day | None = None
    facts: StationFacts = Field(default_factory=StationFacts)


class ChangeStation(Asked):
    """Change what is named; a fact given replaces that fact, `forget` makes facts unknown again."""

    name: Name | None = None
    tier: Word | None = None
    mode: Word | None = None
    status: Literal["planned", "building", "open", "suspended", "closed"] | None = None
    division: Code | None = None
    division_system: System | None = None
    division_name: Name | None = None
    domains: Annotated[list[Word], Field(max_length=50)] | None = None
    open_on: Day | None = None
    effective_on: Day | None = None
    facts: StationFacts | None = None
    forget: list[Word] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _place_is_whole(self) -> "ChangeStation":
        if self.division is None and (self.division_system or self.division_name):
            raise ValueError("a division's system and name go with its code")
        return self


class FindStations(Paged):
    """Filters of the list of stations."""

    status: Literal["planned", "building", "open", "suspended", "closed"] | None = None
    tier: Word | None = None
    division: Code | None = Field(None, description="a prefix of the division code")
    name: Name | None = Field(None, description="how the name begins")
