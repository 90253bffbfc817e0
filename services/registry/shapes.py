"""What registry takes over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from chassis.asked import Asked, Day, Paged
from chassis.identifiers import CreditCode, IdType
from chassis.vault import Plain
from services.registry.facts import StationFacts, WorkerFacts

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A word of the pack's vocabulary."""
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}$")]
System = Literal["nbs", "mca"]


# -- jurisdictions and packs ---------------------------------------------------------------------


class Names(Asked):
    """A name in both languages."""

    zh: Name
    en: Name


class ServeCity(Asked):
    """Serve a jurisdiction."""

    code: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
    kind: Literal["city", "county", "district"]
    name: Names
    prefixes: Annotated[list[Code], Field(min_length=1, max_length=50)]


class ChangeCity(Asked):
    """Change what is said of a jurisdiction; its code stays."""

    kind: Literal["city", "county", "district"] | None = None
    name: Names | None = None
    prefixes: Annotated[list[Code], Field(min_length=1, max_length=50)] | None = None


class AuthorPack(Asked):
    """Bring a version of the city's pack: the texts of all its layers, merged into one."""

    layers: Annotated[str, Field(min_length=2)]
    note: Annotated[str, Field(max_length=1_000)] = ""


class ApprovePack(Asked):
    """Activate a version from a day on."""

    in_force: Day


class AsOf(Asked):
    """A day; today if none is said."""

    as_of: Day | None = None


# -- divisions -----------------------------------------------------------------------------------


class FindDivisions(Paged):
    """Which divisions to list: those of a level, or below one."""

    parent: Code | None = None
    level: Annotated[int, Field(ge=1, le=5)] | None = None
    system: System | None = None


class InSystem(Asked):
    """In which code system a division code is read; the pack's own if none is said."""

    system: System | None = None


# -- stations ------------------------------------------------------------------------------------


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


# -- workers -------------------------------------------------------------------------------------


class Post(Asked):
    """A worker serves at a station for a period."""

    station_id: UUID
    starts_on: Day
    ends_on: Day | None = None
    full_time: bool
    on_station: bool
    dispatched: bool


class ChangePosting(Asked):
    """End a posting, or correct it."""

    starts_on: Day | None = None
    ends_on: Day | None = None
    full_time: bool | None = None
    on_station: bool | None = None
    dispatched: bool | None = None
    effective_on: Day | None = None


class AddPosting(Post):
    """Post a worker who is employed already."""

    effective_on: Day | None = None


class Employ(Asked):
    """Enter a person employed."""

    name: Name
    id_type: IdType = IdType.NONE
    id_number: Plain | None = None
    phone: Plain | None = None
    employer_id: UUID | None = None
    cert: Word = "none"
    cert_on: Day | None = None
    cert_until: Day | None = None
    education: Word | None = None
    sw_major: bool | None = None
    sw_years: Annotated[float, Field(ge=0, le=80, allow_inf_nan=False)] | None = None
    postings: list[Post] = Field(default_factory=list, max_length=20)
    effective_on: Day | None = None
    facts: WorkerFacts = Field(default_factory=WorkerFacts)


class ChangeWorker(Asked):
    """Change what is named of a person employed."""

    name: Name | None = None
    status: Literal["active", "left"] | None = None
    id_type: IdType | None = None
    id_number: Plain | None = None
    phone: Plain | None = None
    employer_id: UUID | None = None
    cert: Word | None = None
    cert_on: Day | None = None
    cert_until: Day | None = None
    education: Word | None = None
    sw_major: bool | None = None
    sw_years: Annotated[float, Field(ge=0, le=80, allow_inf_nan=False)] | None = None
    effective_on: Day | None = None
    facts: WorkerFacts | None = None
    forget: list[Word] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _document_is_whole(self) -> "ChangeWorker":
        if (self.id_type is None) != (self.id_number is None):
            raise ValueError("a document's number and kind go together")
        return self


class FindWorkers(Paged):
    """Filters of the list of workers."""

    status: Literal["active", "left"] | None = None
    station_id: UUID | None = None


# -- agencies and partners -----------------------------------------------------------------------


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
