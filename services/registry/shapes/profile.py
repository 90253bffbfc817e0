"""What a station is beside its place and its stage: premises, signs, rules, leaders, services.

A part nobody told of is unknown; a list that is told is complete; in a change, null takes a part back.
The words of each list are the city's own (the vocabularies of its pack).
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.asked import Asked, Count, Day
from chassis.packs import term
from services.registry.shapes.words import Line, Name, SquareMetres, Word

_MANY = 200

Year = Annotated[int, Field(ge=1990, le=2199)]


class Sharing(Asked):
    """A body the premises are shared with, and which rooms (HZ-4.2-a, LZ-2.1.4-a)."""

    body: Name
    kind: Annotated[Word, term("partner")] | None = None
    rooms: Annotated[list[Annotated[Word, term("room")]], Field(max_length=_MANY)] = Field(
        default_factory=list, description="empty: all of them"
    )


class Premises(Asked):
    """Where the station works (HF-3.1-f, HZ-4.2-a, LZ-2.1.3-b, WH-2.4-a)."""

    site: Annotated[Word, term("site")] | None = Field(
        None, description="the existing site it is on"
    )
    address: Line | None = None
    area_m2: SquareMetres | None = None
    office_m2: SquareMetres | None = None
    independent: bool | None = Field(None, description="the office is apart from others")
    shared_with: list[Sharing] = Field(default_factory=list, max_length=_MANY)


class RoomThere(Asked):
    """A room (CJ-2.1-e, HZ-4.2-b, WH-2.4-b)."""

    kind: Annotated[Word, term("room")]
    name: Name | None = None
    area_m2: SquareMetres | None = None
    shared: bool | None = None


class AssetThere(Asked):
    """A thing in the station, and who provides it (CJ-2.1-a, CJ-2.1-b)."""

    item: Annotated[Word, term("asset")]
    provider: Annotated[Word, term("provider")]
    number: Count | None = None


class Sign(Asked):
    """A plaque, a logo or an index plate that is up (CJ-2.5-a to -c, HZ-4.2-e, -f, LZ-2.1.3-c)."""

    kind: Literal["plaque", "logo", "index"]
    text: Line | None = Field(None, description="its exact words")
    place: Annotated[Word, term("plaque_place")] | None = None
    logo: Annotated[Word, term("logo")] | None = None


class WrittenRule(Asked):
    """A management system of the station (制度), with its document (CJ-2.2-b, HZ-4.2-c, WH-2.5-b)."""

    kind: Annotated[Word, term("system")]
    title: Line | None = None
    number: Name | None = Field(None, description="the document's number")
    adopted_on: Day | None = None
    ended_on: Day | None = None


class Organisation(Asked):
    """How the station is organised, and how a case goes through it (CJ-2.2-a, WH-2.5-a)."""

    divided: bool | None = Field(None, description="its duties are divided")
    chart: Line | None = Field(None, description="the document that says so")
    workflow: bool | None = Field(None, description="has a standard workflow in writing")
    steps: list[Name] = Field(default_factory=list, max_length=50)
    adopted_on: Day | None = None


class PartyLeadership(Asked):
    """The party organisation under which the station works (HF-3.2-a)."""

    organisation: Name
    since: Day | None = None


class Leader(Asked):
    """A leadership post of the station and its holder (HF-4.1-a to -d)."""

    role: Literal["head", "deputy"]
    title: Annotated[Word, term("post")] | None = Field(None, description="of a deputy")
    worker_id: UUID | None = Field(None, description="where the holder is one of our workers")
    post: Annotated[Word, term("head_post")] | None = Field(
        None, description="the post held beside it"
    )
    concurrent: bool | None = Field(None, description="held part-time, beside that post")
    on_station: bool | None = Field(None, description="is one of its own on-station workers")
    starts_on: Day | None = None
    ends_on: Day | None = None


class OfferedService(Asked):
    """A service on the station's list (HF-3.3-g, HZ-4.1-c)."""

    item: Annotated[Word, term("service_item")] | None = None
    field: Annotated[Word, term("service_field")]
    nature: Annotated[Word, term("nature")] | None = Field(
        None, description="what the bureau holds it to be: a service, or an authority's own affair"
    )
    name: Name | None = None
    since: Day | None = None
    until: Day | None = None


class Services(Asked):
    """What the station offers, and how the public sees it (HZ-4.2-d)."""

    functions: Annotated[
        list[Annotated[Word, term("station_function")]], Field(max_length=_MANY)
    ] = Field(default_factory=list, description="what it does for others (WH-2.1-a)")
    window: bool | None = Field(None, description="has a window for the public")
    displayed: bool | None = Field(None, description="shows its services or service list")
    items: list[OfferedService] = Field(default_factory=list, max_length=_MANY)


class ProjectRun(Asked):
    """A service project of the station (WH-2.3-a, HF-2.3-a)."""

    kind: Annotated[Word, term("project_kind")]
    field: Annotated[Word, term("service_field")]
    name: Name | None = None
    sponsor: Annotated[Word, term("partner")] | None = Field(
        None, description="the department whose project it is"
    )
    since: Day | None = None
    until: Day | None = None


class Brand(Asked):
    """A brand project of its own, 一站一品 (HZ-3.1-a, HF-2.3-b)."""

    name: Name
    field: Annotated[Word, term("service_field")] | None = None
    since: Day | None = None
    until: Day | None = None


class Demonstration(Asked):
    """A naming as a demonstration station (HZ-2-c, LZ-2.1.2-b)."""

    year: Year
    level: Annotated[Word, term("level")] | None = None
    until: Day | None = None


class Plans(Asked):
    """What the station set out to do, and from which needs (HZ-3.3-a, CJ-2.1-e)."""

    needs_assessed_on: Day | None = None
    service_plan_on: Day | None = None
    case_work: bool | None = Field(None, description="the plan contains case work")
    group_work: bool | None = Field(None, description="the plan contains group work")


class Need(Asked):
    """What people of the area need."""

    field: Annotated[Word, term("service_field")]
    what: Line
    since: Day | None = None
    met_on: Day | None = None


class Needs(Asked):
    """The list of residents' needs, and its day (WH-3.3-c)."""

    on: Day
    lines: list[Need] = Field(default_factory=list, max_length=_MANY)


class Resource(Asked):
    """What the station can link."""

    kind: Annotated[Word, term("resource")]
    what: Line
    provider: Annotated[Word, term("partner")] | None = None
    until: Day | None = None


class Resources(Asked):
    """The list of the area's resources, and its day (WH-3.3-c)."""

    on: Day
    lines: list[Resource] = Field(default_factory=list, max_length=_MANY)


class StationProfile(Asked):
    """All parts; a part that is not given is unknown."""

    premises: Premises | None = None
    rooms: Annotated[list[RoomThere], Field(max_length=_MANY)] | None = None
    assets: Annotated[list[AssetThere], Field(max_length=_MANY)] | None = None
    signs: Annotated[list[Sign], Field(max_length=_MANY)] | None = None
    systems: Annotated[list[WrittenRule], Field(max_length=_MANY)] | None = None
    organisation: Organisation | None = None
    party: PartyLeadership | None = None
    leadership: Annotated[list[Leader], Field(max_length=_MANY)] | None = None
    services: Services | None = None
    projects: Annotated[list[ProjectRun], Field(max_length=_MANY)] | None = None
    brands: Annotated[list[Brand], Field(max_length=_MANY)] | None = None
    demonstrations: Annotated[list[Demonstration], Field(max_length=_MANY)] | None = None
    plans: Plans | None = None
    needs: Needs | None = None
    resources: Resources | None = None
