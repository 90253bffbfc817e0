"""Agencies and partners."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chassis.asked import Asked, Day, Paged
from chassis.identifiers import CreditCode
from chassis.packs import term
from services.registry.shapes.profile import WrittenRule
from services.registry.shapes.words import Code, Line, Name, Word


class WriteAgency(Asked):
    """Enter an agency, or replace what is said of it."""

    name: Name
    kind: Word
    credit_code: CreditCode
    registered_in: Code
    business_scope: Annotated[str, Field(max_length=4_000)]
    service_fields: list[Annotated[Word, term("service_field")]] = Field(
        default_factory=list, max_length=50, description="fields its registered scope includes"
    )
    division: Code | None = Field(None, description="where its office is")
    established_on: Day | None = None
    incubated_on: Day | None = Field(None, description="the day it left incubation")
    incubated_in: Code | None = Field(None, description="the county or district that incubated it")
    systems: list[WrittenRule] = Field(default_factory=list, max_length=100)
    status: Literal["active", "withdrawn"] = "active"
    effective_on: Day | None = None


class FindAgencies(Paged):
    """Filters of the list of agencies."""

    status: Literal["active", "withdrawn"] | None = None
    kind: Annotated[Word, term("agency_kind")] | None = None
    registered_in: Code | None = Field(None, description="a prefix of the registering body's code")
    credit_code: Name | None = Field(None, description="how the credit code begins")
    q: Name | None = Field(None, description="a part of the name, or of its pinyin initials")
    sort: (
        Literal["name", "-name", "established_on", "-established_on", "as_of", "-as_of"] | None
    ) = Field(None, description="by `established_on` lists only those whose day is known")


Channel = Literal["api", "webhook", "spreadsheet", "link", "telephone", "paper"]


class Charge(Asked):
    """What a document asks of a partner, with the place that says so (HF-4.5-a to -n)."""

    what: Line
    cite: Line | None = Field(None, description="document and clause")
    clause: Name | None = Field(None, description="the clause's id in the catalogue")


class WritePartner(Asked):
    """Enter a partner, or replace what is said of it."""

    name: Name
    kind: Word
    domains: list[Word] = Field(default_factory=list, max_length=50)
    channels: list[Channel] = Field(default_factory=list, max_length=10)
    duties: list[Charge] = Field(default_factory=list, max_length=100)
    division: Code | None = Field(None, description="the area it answers for; none: the whole city")
    client_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}\.[a-z0-9-]{1,60}$")] | None = (
        None
    )
    status: Literal["active", "suspended"] = "active"
    effective_on: Day | None = None


class FindPartners(Paged):
    """Filters of the list of partners."""

    status: Literal["active", "suspended"] | None = None
    kind: Annotated[Word, term("partner")] | None = None
    q: Name | None = Field(None, description="a part of the name, or of its pinyin initials")
    sort: Literal["name", "-name", "as_of", "-as_of"] | None = None
