"""Management units, and the links of the network."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from chassis.asked import Asked, Day, Paged
from chassis.packs import term
from chassis.wording import Unfit
from services.registry.shapes.words import Code, Line, Name, System, Word

LinkKind = Literal["supervises", "dispatches", "controls", "related"]
End = Literal["station", "agency"]


class WriteUnit(Asked):
    """Enter a management unit, or replace what is said of it."""

    name: Name
    kind: Annotated[Word, term("unit_kind")]
    own_code: Name | None = Field(None, description="the city's own number for it")
    division: Code = Field(description="the division around it: a county, or the city")
    division_system: System | None = None
    covers: Annotated[list[Code], Field(max_length=500)] = Field(
        default_factory=list, description="townships and communities it manages"
    )
    parent_id: UUID | None = Field(None, description="the unit it belongs to")
    status: Literal["active", "abolished"] = "active"
    since: Day | None = None
    until: Day | None = None
    effective_on: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "WriteUnit":
        if self.since and self.until and self.until < self.since:
            raise Unfit(
                "before-start",
                "结束日期（until）早于开始日期（since）",
                "`until` is before `since`",
            )
        return self


class FindUnits(Paged):
    """Filters of the list of units."""

    kind: Word | None = None
    status: Literal["active", "abolished"] | None = None
    division: Code | None = Field(None, description="a prefix of the division around it")


class AddLink(Asked):
    """Say that one body of the network stands over, sends people to, or is tied to another."""

    kind: LinkKind
    from_kind: End
    from_id: UUID
    to_kind: End
    to_id: UUID
    starts_on: Day
    ends_on: Day | None = None
    note: Line | None = None
    effective_on: Day | None = None


class ChangeLink(Asked):
    """End a link, or correct its period."""

    starts_on: Day | None = None
    ends_on: Day | None = None
    note: Line | None = None
    effective_on: Day | None = None


class FindLinks(Paged):
    """Filters of the list of links."""

    kind: LinkKind | None = None
    of: UUID | None = Field(None, description="whatever stands at either end")
    on: Day | None = Field(None, description="those that hold on this day")
