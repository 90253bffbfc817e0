"""People employed, and their postings."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from chassis.asked import Asked, Count, Day, Paged
from chassis.identifiers import IdType
from chassis.packs import term
from chassis.vault import Plain
from chassis.wording import Unfit
from services.registry.facts import WorkerFacts
from services.registry.shapes.words import Code, Name, Word

Years = Annotated[float, Field(ge=0, le=80, allow_inf_nan=False)]
Specialities = Annotated[list[Word], Field(max_length=20)]
Checks = Annotated[list[Day], Field(max_length=100)]


class Pay(Asked):
    """Gross pay agreed for each month, from the month that begins on a day."""

    starts_on: Day
    amount: Count = Field(description="fen a month, the worker's own insurance share included")


class Post(Asked):
    """A worker serves at a station for a period."""

    station_id: UUID
    starts_on: Day
    ends_on: Day | None = None
    full_time: bool
    on_station: bool
    dispatched: bool
    sw_years: Years | None = None


class ChangePosting(Asked):
    """End a posting, or correct it."""

    starts_on: Day | None = None
    ends_on: Day | None = None
    full_time: bool | None = None
    on_station: bool | None = None
    dispatched: bool | None = None
    sw_years: Years | None = None
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
    sw_years: Years | None = None
    specialities: Specialities = Field(default_factory=list)
    origin_post: Word | None = None
    pay: list[Pay] = Field(default_factory=list, max_length=200)
    offence_checks: Checks = Field(default_factory=list)
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
    sw_years: Years | None = None
    specialities: Specialities | None = None
    origin_post: Word | None = None
    pay: Annotated[list[Pay], Field(max_length=200)] | None = None
    offence_checks: Checks | None = None
    effective_on: Day | None = None
    facts: WorkerFacts | None = None
    forget: list[Word] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _document_is_whole(self) -> "ChangeWorker":
        if (self.id_type is None) != (self.id_number is None):
            raise Unfit(
                "together",
                "id_type 与 id_number 须一同填写",
                "id_type and id_number go together",
            )
        return self


class FindWorkers(Paged):
    """Filters of the list of workers. A name is asked for in a body, never in an address."""

    status: Literal["active", "left"] | None = None
    station_id: UUID | None = None
    employer_id: UUID | None = None
    cert: Annotated[Word, term("cert")] | None = None
    division: Code | None = Field(None, description="a prefix of the code of where they serve")
    sort: Literal["name", "-name", "as_of", "-as_of"] | None = None


class SearchWorkers(FindWorkers):
    """The same, with a part of the name or of its pinyin initials."""

    q: Name
