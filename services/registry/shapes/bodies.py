"""Agencies and partners."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chassis.asked import Asked, Day, Paged
from chassis.identifiers import CreditCode
from services.registry.shapes.words import Code, Name, Word


class WriteAgency(Asked):
    """Enter an agency, or replace what is said of it."""

    name: Name
    kind: Word
    credit_code: CreditCode
    registered_in: Code
    business_scope: Annotated[str, Field(max_length=4_000)]
    status: Literal["active", "withdrawn"] = "active"
    effective_on: Day | None = None


class FindAgencies(Paged):
    """Filters of the list of agencies."""

    status: Literal["active", "withdrawn"] | None = None
    kind: Word | None = None


class WritePartner(Asked):
    """Enter a partner, or replace what is said of it."""

    name: Name
    kind: Word
    domains: list[Word] = Field(default_factory=list, max_length=50)
    client_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}\.[a-z0-9-]{1,60}$")] | None = (
        None
    )
    status: Literal["active", "suspended"] = "active"
    effective_on: Day | None = None


class FindPartners(Paged):
    """Filters of the list of partners."""

    status: Literal["active", "suspended"] | None = None
    kind: Word | None = None
