"""Subjects ready to be judged: a station with everyone there, those on no station, agencies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chassis.divisions import Division
from services.evaluation.decide import assemble
from services.evaluation.models import Told

CLOSED = "closed"
Key = tuple[str, str]
"""Kind and id of a subject."""


@dataclass(frozen=True, slots=True)
class Case:
    """A subject ready to be judged: its sheets by name, and the place whose rules hold."""

    kind: str
    id: str
    facts: Mapping[str, Any]
    area: str
    name: str | None = None
    station_id: str | None = None
    agency_id: str | None = None
    """For whom it is to be seen: its station, and who runs it."""
    told: Sequence[Told] = ()
    """What its facts come from."""

    @property
    def key(self) -> Key:
        """Kind and id."""
        return self.kind, self.id


@dataclass
class Found:
    """Cases, and the subjects that are no longer listed: a station that closed, who has left."""

    cases: list[Case] = field(default_factory=list)
    gone: set[Key] = field(default_factory=set)


def family(
    day: date,
    station: Told,
    workers: Iterable[Told],
    contracts: Sequence[Told],
    place: Division | None,
    villages: int,
) -> Found:
    """Return a station, then the people who serve there first of all, its contracts, and idle ones."""
    state, found, idle = station.state, Found(), Found()
    here, area = str(station.subject_id), state["division"]
    people: list[dict[str, Any]] = []
    own: list[tuple[Told, int]] = []
    told = [station]
    for each in workers:
        posts = assemble.postings(day, each.state)
        mine = [post for post in posts if post["station_id"] == here]
        if mine:
            told.append(each)
            people.append(assemble.worker(day, each.state, mine[0]))
            if posts[0] is mine[0]:
                own.append((each, len(people) - 1))
        elif not posts:
            _unposted(day, each, idle)
    agreed = [each.state for each in contracts]
    facts = assemble.staffed(day, state, people, agreed, place, villages)
    known = facts.get("workers", people)
    runs, told = state["operator_id"], [*told, *contracts]
    sheets = {"station": facts}
    found.cases.append(Case("station", here, sheets, area, state["name"], here, runs, told))
    if state["status"] == CLOSED:
        found.gone.add(("station", here))
    for each, at in own:
        sheets = {"worker": known[at], "station": facts}
        case = Case("worker", str(each.subject_id), sheets, area, None, here, runs, told)
        found.cases.append(case)
    for each in contracts:
        sheets = {"contract": assemble.contract(day, each.state), "station": facts}
        whose = each.state["agency_id"]
        case = Case("contract", str(each.subject_id), sheets, area, None, here, whose, told)
        found.cases.append(case)
    return Found([*found.cases, *idle.cases], found.gone | idle.gone)


def unposted(day: date, workers: Iterable[Told]) -> Found:
    """Return the workers who serve nowhere that day; one who has left is none any more."""
    found = Found()
    for each in workers:
        if not assemble.postings(day, each.state):
            _unposted(day, each, found)
    return found


def _unposted(day: date, each: Told, found: Found) -> None:
    identity = str(each.subject_id)
    if each.state["status"] == assemble.LEFT:
        found.gone.add(("worker", identity))
    else:
        facts = {"worker": assemble.worker(day, each.state, None)}
        found.cases.append(Case("worker", identity, facts, "", told=[each]))


def agencies(day: date, told: Iterable[Told], contracts: Mapping[Any, Sequence[Told]]) -> Found:
    """Return agencies."""
    found = Found()
    for each in told:
        agreed = contracts.get(each.subject_id, ())
        facts = {"agency": assemble.agency(day, each.state, [c.state for c in agreed])}
        identity, name = str(each.subject_id), each.state["name"]
        case = Case("agency", identity, facts, "", name, None, identity, [each, *agreed])
        found.cases.append(case)
    return found
