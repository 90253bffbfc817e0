"""Subjects ready to be judged: a station with everyone there, those on no station, agencies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from chassis.divisions import Division
from services.evaluation.decide import assemble, people
from services.evaluation.decide.people import Registers
from services.evaluation.models import Told

CLOSED, SUPERVISES = "closed", "supervises"
CENTRES = frozenset({"county", "city"})
"""Tiers of guidance centres."""
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
    staff: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """The sheets of everybody who serves at the station, by worker."""


@dataclass(frozen=True)
class Around:
    """What stands around a station: people, contracts, supervision; what registers count of them."""

    workers: Sequence[Told] = ()
    contracts: Sequence[Told] = ()
    supervisors: Sequence[Told] = ()
    supervisions: Sequence[Told] = ()
    links: Sequence[Told] = ()
    centres: Mapping[Any, Told] = field(default_factory=dict)
    """Who stands at the upper end of the links, by station."""
    trainings: Mapping[Any, Sequence[Told]] = field(default_factory=dict)
    """By worker."""
    persons: Mapping[Any, Told] = field(default_factory=dict)
    """Who the supervisors are, by worker."""
    registers: Registers = field(default_factory=dict)
    over: date | None = None
    """The last day that is over, of those up to the day judged."""


def family(
    day: date, station: Told, around: Around, place: Division | None, villages: int
) -> Found:
    """Return a station, then the people who serve there first of all, its contracts, and idle ones."""
    state, found, idle = station.state, Found(), Found()
    contracts = around.contracts
    here, area = str(station.subject_id), state["division"]
    agreed = [each.state for each in contracts]
    guided, counted, guides = _supervision(day, here, state, agreed, around)
    staff: list[dict[str, Any]] = []
    serving: list[UUID] = []
    own: list[tuple[Told, int]] = []
    told = [station]
    for each in around.workers:
        posts = assemble.postings(day, each.state)
        mine = [post for post in posts if post["station_id"] == here]
        if mine:
            told.append(each)
            serving.append(each.subject_id)
            taught = around.trainings.get(each.subject_id, ())
            known_of = _counted(day, each, taught, around.registers) | guided
            staff.append(assemble.worker(day, each.state, mine[0], known_of))
            told += taught
            if posts[0] is mine[0]:
                own.append((each, len(staff) - 1))
        elif not posts:
            _unposted(day, each, idle)
    facts = assemble.staffed(day, state, staff, agreed, place, villages, counted)
    known = facts.get("workers", staff)
    found.staff = dict(zip(serving, known, strict=True))
    runs, told = state["operator_id"], [*told, *contracts, *guides]
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
    return Found([*found.cases, *idle.cases], found.gone | idle.gone, found.staff)


def _counted(
    day: date, worker: Told, trainings: Sequence[Told], registers: Registers
) -> dict[str, Any]:
    taught = [each.state for each in trainings]
    return people.first_on_station(day, worker.state) | people.trained(
        day, worker.state, taught, registers
    )


def _supervision(
    day: date, here: str, state: assemble.State, contracts: Sequence[assemble.State], around: Around
) -> tuple[dict[str, Any], dict[str, Any], list[Told]]:
    """Return what its supervision says of a station's workers, of the station, and who told it."""
    visits = [each.state for each in around.supervisions]
    current = assemble.in_force(day, contracts)
    opened, over = state["open_on"], around.over
    counted = people.supervised(day, visits, current, around.registers, opened, over)
    counted |= centre_above(day, around)
    told = [*around.supervisions, *around.links]
    if not people.whole("supervisors", around.registers, day):
        return {}, counted, told
    terms = [each for each in around.supervisors if people.assigned(day, here, [each.state])]
    persons = [around.persons.get(UUID(each.state["worker_id"])) for each in terms]
    sheets = [
        people.supervisor(day, term.state, person.state if person else None)
        for term, person in zip(terms, persons, strict=True)
    ]
    told += [*terms, *(each for each in persons if each is not None)]
    return people.supervisor_cert(sheets), counted | {"supervisors": sheets}, told


def centre_above(day: date, around: Around) -> dict[str, Any]:
    """Return whether an open guidance centre supervises a station that day (WH-2.1-b, HF-3.1-b)."""
    above = [
        around.centres.get(UUID(each.state["from_id"]))
        for each in around.links
        if each.state["kind"] == SUPERVISES and assemble.covers(each.state, day)
    ]
    led = any(
        each is not None and each.state["status"] == assemble.OPEN and each.state["tier"] in CENTRES
        for each in above
    )
    # Of a centre nobody has told of on that day it is not known that it is none.
    known = None not in above and people.whole("links", around.registers, day)
    if led or known:
        return {"supervised_by_centre": led}
    return {}


def supervisors(day: date, told: Iterable[Told], persons: Mapping[Any, Told]) -> Found:
    """Return supervisors; one whose term is over is none any more."""
    found = Found()
    for each in told:
        identity = str(each.subject_id)
        if not assemble.covers(each.state, day):
            found.gone.add(("supervisor", identity))
            continue
        person = persons.get(UUID(each.state["worker_id"]))
        facts = {"supervisor": people.supervisor(day, each.state, person.state if person else None)}
        sources = [each, *([person] if person else [])]
        agency = each.state["agency_id"]
        case = Case("supervisor", identity, facts, "", None, None, agency, sources)
        found.cases.append(case)
    return found


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


def agencies(
    day: date,
    told: Iterable[Told],
    contracts: Mapping[Any, Sequence[Told]],
    registers: Registers,
) -> Found:
    """Return agencies."""
    found, all_told = Found(), people.whole("contracts", registers, day)
    for each in told:
        agreed = contracts.get(each.subject_id, ())
        states = [c.state for c in agreed]
        facts = {"agency": assemble.agency(day, each.state, states, all_told=all_told)}
        identity, name = str(each.subject_id), each.state["name"]
        case = Case("agency", identity, facts, "", name, None, identity, [each, *agreed])
        found.cases.append(case)
    return found
