"""Stations."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from chassis.asked import Asked, Day, Paged
from chassis.packs import term
from chassis.wording import Unfit
from services.registry.facts import StationFacts
from services.registry.shapes.profile import StationProfile
from services.registry.shapes.words import Code, Name, System, Word

Status = Literal["planned", "building", "open", "suspended", "closed"]
Grounds = Annotated[list[Code], Field(max_length=500)]


class Stage(Asked):
    """A stage in the life of a station, and its first day."""

    status: Status
    on: Day
    assumed: bool = Field(
        default=False, description="nobody said the day: it is the one it was entered on"
    )


Stages = Annotated[list[Stage], Field(min_length=1, max_length=100)]


class OpenStation(Asked):
    """Enter a station; it may be planned, in building, or open already."""

    name: Name
    tier: Word
    mode: Word
    status: Literal["planned", "building", "open"] = "planned"
    division: Code
    division_system: System | None = None
    division_name: Name | None = None
    serves: Grounds = Field(default_factory=list, description="empty: its own division")
    unit_id: UUID | None = Field(None, description="the management unit it stands in")
    agency_id: UUID | None = Field(
        None, description="the body it is itself, a centre that provides"
    )
    domains: list[Word] = Field(default_factory=list, max_length=50)
    open_on: Day | None = None
    stages: Stages | None = Field(None, description="its stages so far; the last is its status")
    effective_on: Day | None = None
    facts: StationFacts = Field(default_factory=StationFacts)
    profile: StationProfile = Field(default_factory=StationProfile)


class ChangeStation(Asked):
    """Change what is named; a fact given replaces that fact, `forget` makes facts unknown again."""

    name: Name | None = None
    tier: Word | None = None
    mode: Word | None = None
    status: Status | None = None
    division: Code | None = None
    division_system: System | None = None
    division_name: Name | None = None
    serves: Grounds | None = None
    unit_id: UUID | None = Field(None, description="null: it stands in none")
    agency_id: UUID | None = Field(None, description="null: it is no body of its own")
    domains: Annotated[list[Word], Field(max_length=50)] | None = None
    open_on: Day | None = None
    stages: Stages | None = Field(None, description="corrects the days of its stages so far")
    effective_on: Day | None = None
    facts: StationFacts | None = None
    profile: StationProfile | None = Field(
        None, description="a part given replaces that part; null takes it back"
    )
    forget: list[Word] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _place_is_whole(self) -> "ChangeStation":
        if self.division is None and (self.division_system or self.division_name):
            raise Unfit(
                "together",
                "division_system、division_name 须与 division 一同填写",
                "division_system and division_name go with division",
            )
        return self


class FindStations(Paged):
    """Filters of the list of stations."""

    status: Status | None = None
    tier: Annotated[Word, term("tier")] | None = None
    unit_id: UUID | None = None
    division: Code | None = Field(None, description="a prefix of the division code")
    mode: Annotated[Word, term("mode")] | None = None
    name: Name | None = Field(None, description="how the name begins")
    q: Name | None = Field(None, description="a part of the name, or of its pinyin initials")
    sort: Literal["name", "-name", "open_on", "-open_on", "as_of", "-as_of", "division"] | None = (
        Field(None, description="by `open_on` lists only those that have opened")
    )
