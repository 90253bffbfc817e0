"""People of bodies: who represents or controls an agency, whom to call at a partner."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from chassis.asked import Asked, Day
from chassis.identifiers import IdType
from chassis.vault import Plain
from services.registry.shapes.words import Name

Office = Literal["legal_representative", "controller", "shareholder", "manager", "contact"]
Share = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class AddOfficer(Asked):
    """Enter a person who represents, controls, manages or answers for a body."""

    role: Office
    name: Plain
    id_type: IdType = IdType.NONE
    id_number: Plain | None = None
    phone: Plain | None = None
    post: Name | None = Field(None, description="the post held there")
    share_percent: Share | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    effective_on: Day | None = None

    @model_validator(mode="after")
    def _named(self) -> "AddOfficer":
        if not 1 <= len(self.name.get_secret_value()) <= 100:  # noqa: PLR2004
            raise ValueError("a name has 1 to 100 characters")
        return self


class ChangeOfficer(Asked):
    """End an office, or correct what is said of it."""

    role: Office | None = None
    phone: Plain | None = None
    post: Name | None = None
    share_percent: Share | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    effective_on: Day | None = None
