"""People of bodies: who represents or controls an agency, whom to call at a partner."""

from typing import Annotated, Literal

from pydantic import Field

from chassis.asked import Asked, Day
from chassis.identifiers import IdType
from chassis.vault import Plain
from services.registry.shapes.words import Name

Office = Literal["legal_representative", "controller", "shareholder", "manager", "contact"]
Share = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class AddOfficer(Asked):
    """Enter a person who represents, controls, manages or answers for a body."""

    role: Office
    name: Annotated[Plain, Field(min_length=1, max_length=100)]
    id_type: IdType = IdType.NONE
    id_number: Plain | None = None
    phone: Plain | None = None
    post: Name | None = Field(None, description="the post held there")
    share_percent: Share | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    effective_on: Day | None = None


class ChangeOfficer(Asked):
    """End an office, or correct what is said of it."""

    role: Office | None = None
    phone: Plain | None = None
    post: Name | None = None
    share_percent: Share | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    effective_on: Day | None = None
