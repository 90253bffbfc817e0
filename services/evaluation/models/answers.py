"""The shapes evaluation answers with."""

from typing import Any, NotRequired

from typing_extensions import TypedDict


class Cite(TypedDict):
    """A clause."""

    document: str
    number: str | None
    clause: str
    ids: list[str]
    ended: bool


class Line(TypedDict):
    """What one rule says of a subject."""

    rule: str
    verdict: str
    severity: str | None
    modality: str
    effect: str | dict[str, str]
    cite: Cite
    facts: dict[str, Any]
    let: dict[str, Any]
    parameters: dict[str, Any]
    missing: list[str]
    waiver: dict[str, Any] | None
    say: str
    why: NotRequired[str]


class Subject(TypedDict):
    """Who is judged; a supposed one has no id."""

    kind: str
    id: str | None


class Source(TypedDict):
    """An event a verdict rests on."""

    event: str | None
    type: str | None
    aggregate: str
    epoch: int
    version: int
    at: str


class VerdictSheet(TypedDict):
    """Every rule on one subject, as of a day, as known at an instant."""

    subject: Subject
    city: str
    as_of: str
    known_at: str
    pack: dict[str, str]
    counts: dict[str, int]
    verdicts: list[Line]
    sources: NotRequired[list[Source]]
    """The events its facts come from, the newest first; of an area the newest hundred."""


class KeptLine(TypedDict):
    """What is kept of what one rule says."""

    rule: str
    verdict: str
    severity: str | None
    modality: str
    cite: Cite | None


class VerdictsOfOne(TypedDict):
    """What is stored of one subject's verdicts."""

    subject: Subject
    city: str
    as_of: str
    pack: dict[str, str]
    counts: dict[str, int]
    verdicts: list[KeptLine]
    since: str
    """When they last changed."""


class Denominator(TypedDict):
    """What a share is a share of."""

    source: str
    vintage: str
    count: int


class Target(TypedDict):
    """What the city set out to reach, by when, and whether it has."""

    rule: str
    subject: Subject
    due: str | None
    verdict: str
    cite: Cite
    say: str


class DivisionCovered(TypedDict):
    """A county or district: its townships, and how many have a station."""

    code: str
    name: str
    units: int
    covered: int


class CoveredThen(TypedDict):
    """How far a city was covered at a year's end, and its targets then."""

    year: int
    as_of: str
    denominator: Denominator | None
    covered: int
    share: str | None
    targets: list[Target]


class Coverage(TypedDict):
    """How far a city is covered with stations."""

    city: str
    as_of: str
    tier: str
    denominator: Denominator | None
    covered: int
    share: str | None
    outside_townships: int
    targets: list[Target]
    divisions: list[DivisionCovered]
    years: NotRequired[list[CoveredThen]]
