"""Gathers what a question needs: states out of the history, divisions out of the reference table."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from chassis import divisions, problems
from chassis.db import Transaction
from chassis.identity import Actor
from chassis.packs import Jurisdiction
from chassis.problems import At
from services.evaluation import queries
from services.evaluation.areas import PLACES, areas
from services.evaluation.decide import assemble
from services.evaluation.decide.cases import (
    Around,
    Case,
    Found,
    agencies,
    family,
    supervisors,
    unposted,
)
from services.evaluation.models import Told
from services.evaluation.queries import When
from services.evaluation.reach import (
    AT_STATION,
    CITY_WIDE,
    reaches_area,
    reaches_station,
    reaches_supervisor,
)

AROUND = ("worker", "contract", "supervisor", "supervision", "link")
"""Whose facts speak of a station and make its sheet."""


async def case(tx: Transaction, subject: str, j: Jurisdiction, when: When, actor: Actor) -> Case:
    """Return the subject `kind:ID` within the caller's reach; 404 otherwise."""
    kind, _, identity = subject.partition(":")
    if kind in PLACES:
        return await _area(tx, kind, identity, j, when, actor)
    finder = FINDERS.get(kind)
    if finder is None:
        kinds = ", ".join([*FINDERS, *PLACES])
        raise problems.Invalid(
            [At("?/subject", "unknown-kind", f"可用：{kinds}", f"is not kind:ID of {kinds}")]
        )
    try:
        at = UUID(identity)
    except ValueError:
        raise problems.NotFound() from None
    return await finder(tx, at, when, actor)


async def said_of(tx: Transaction, subject: str, j: Jurisdiction, when: When, actor: Actor) -> Case:
    """Return the subject a body names; what is not there or not in reach is an unknown reference."""
    try:
        return await case(tx, subject, j, when, actor)
    except problems.Problem as none:
        if none.slug != "not-found":
            raise
        raise problems.UnknownReference("/subject") from None


async def _station(tx: Transaction, station_id: UUID, when: When, actor: Actor) -> Case:
    told = await queries.one(tx, "station", station_id, when)
    if told is None or not reaches_station(actor, told.state):
        raise problems.NotFound()
    return await _station_case(tx, told, when)


async def _worker(tx: Transaction, worker_id: UUID, when: When, actor: Actor) -> Case:
    told = await queries.one(tx, "worker", worker_id, when)
    if told is None:
        raise problems.NotFound()
    posts = assemble.postings(when.day, told.state)
    for post in posts:
        station = await queries.one(tx, "station", UUID(post["station_id"]), when)
        if station is not None and reaches_station(actor, station.state):
            [found] = await families(tx, [station], when)
            there = found.cases[0]
            facts = {
                "worker": found.staff[worker_id],
                "station": there.facts["station"],
            }
            here = str(station.subject_id)
            return Case("worker", str(worker_id), facts, there.area, None, here, told=there.told)
    if posts or not reaches_area(actor, ""):
        raise problems.NotFound()
    facts = {"worker": assemble.worker(when.day, told.state, None)}
    return Case("worker", str(worker_id), facts, "", told=[told])


async def _contract(tx: Transaction, contract_id: UUID, when: When, actor: Actor) -> Case:
    told = await queries.one(tx, "contract", contract_id, when)
    at = told and UUID(told.state["station_id"])
    station = at and await queries.one(tx, "station", at, when)
    if not told or not station:
        raise problems.NotFound()
    own = actor.role == "agency" and told.state["agency_id"] == str(actor.agency_id)
    if not own and not reaches_station(actor, station.state):
        raise problems.NotFound()
    there = await _station_case(tx, station, when)
    facts = {
        "contract": assemble.contract(when.day, told.state),
        "station": there.facts["station"],
    }
    return Case("contract", str(contract_id), facts, there.area, None, str(at), told=there.told)


async def _agency(tx: Transaction, agency_id: UUID, when: When, actor: Actor) -> Case:
    told = await queries.one(tx, "agency", agency_id, when)
    own = actor.role == "agency" and actor.agency_id == agency_id
    if told is None or not (own or actor.role in CITY_WIDE):
        raise problems.NotFound()
    return (await organisations(tx, [agency_id], when)).cases[0]


async def _supervisor(tx: Transaction, supervisor_id: UUID, when: When, actor: Actor) -> Case:
    told = await queries.one(tx, "supervisor", supervisor_id, when)
    if told is None or not reaches_supervisor(actor, told.state):
        raise problems.NotFound()
    found = (await guides(tx, [supervisor_id], when)).cases
    if not found:
        raise problems.NotFound()
    return found[0]


FINDERS: dict[str, Callable[[Transaction, UUID, When, Actor], Awaitable[Case]]] = {
    "station": _station,
    "worker": _worker,
    "contract": _contract,
    "agency": _agency,
    "supervisor": _supervisor,
}
"""Subject → how one of them is found for a caller."""


async def _area(
    tx: Transaction, kind: str, code: str, j: Jurisdiction, when: When, actor: Actor
) -> Case:
    found = next((c for c in await areas(tx, j, when, told=True) if c.key == (kind, code)), None)
    if found is None or not reaches_area(actor, found.area):
        raise problems.NotFound()
    return found


# ---------------------------------------------------------------------- many at once


async def _station_case(tx: Transaction, told: Told, when: When) -> Case:
    [found] = await families(tx, [told], when)
    return found.cases[0]


async def families(tx: Transaction, stations: Sequence[Told], when: When) -> list[Found]:
    """Return each station with the people who serve there and its contracts."""
    ids = [each.subject_id for each in stations]
    near = await queries.around(tx, ids, when, *AROUND)
    staff = {w.subject_id for (_, kind), told in near.items() if kind == "worker" for w in told}
    whose = {
        UUID(term.state["worker_id"])
        for (_, kind), told in near.items()
        if kind == "supervisor"
        for term in told
    }
    taught = await queries.around(tx, staff, when, "training") if staff else {}
    trainings = {worker_id: told for (worker_id, _), told in taught.items()}
    persons = await queries.some(tx, "worker", whose, when) if whose else {}
    above = {
        UUID(link.state["from_id"])
        for (_, kind), told in near.items()
        if kind == "link"
        for link in told
    }
    centres = await queries.some(tx, "station", above, when) if above else {}
    registers = await queries.registers(tx, when)
    where = {each.subject_id: _where(each) for each in stations}
    met = await divisions.places(tx, where.values())
    return [
        family(
            when.day,
            each,
            Around(
                **{f"{kind}s": near.get((each.subject_id, kind), ()) for kind in AROUND},
                trainings=trainings,
                persons=persons,
                centres=centres,
                registers=registers,
                over=when.over,
            ),
            *met.get(where[each.subject_id], (None, 0)),
        )
        for each in stations
    ]


async def guides(tx: Transaction, ids: Iterable[UUID], when: When) -> Found:
    """Return supervisors."""
    told = await queries.some(tx, "supervisor", ids, when)
    wanted = {UUID(each.state["worker_id"]) for each in told.values()}
    persons = await queries.some(tx, "worker", wanted, when)
    return supervisors(when.day, told.values(), persons)


async def organisations(tx: Transaction, ids: Iterable[UUID], when: When) -> Found:
    """Return agencies, with what they have agreed to run."""
    told = await queries.some(tx, "agency", ids, when)
    agreed = await queries.contracts_of(tx, told, when)
    registers = await queries.registers(tx, when)
    return agencies(when.day, told.values(), agreed, registers)


async def loose(tx: Transaction, ids: Iterable[UUID], when: When) -> Found:
    """Return those of these workers who serve nowhere."""
    told = await queries.some(tx, "worker", ids, when)
    return unposted(when.day, told.values())


async def everybody(
    tx: Transaction,
    when: When,
    kind: str | None,
    district: str | None,
    actor: Actor | None = None,
) -> Found:
    """Return all subjects of a kind (or of every kind) but areas, in one division or all.

    With a caller, of those the caller may see and hardly any other: who is gathered is judged.
    """
    found: list[Found] = []
    if kind in (None, "station", "worker", "contract"):
        found += await families(tx, await _stations(tx, when, district or "", actor), when)
    city_wide = actor is None or actor.role in CITY_WIDE
    if kind in (None, "worker") and not district and city_wide:
        found.append(unposted(when.day, await queries.every(tx, "worker", when)))
    if kind in (None, "agency") and not district:
        found.append(await organisations(tx, await _agencies(tx, when, actor), when))
    if kind in (None, "supervisor") and not district:
        told = await queries.every(tx, "supervisor", when)
        seen = [s for s in told if actor is None or reaches_supervisor(actor, s.state)]
        found.append(await guides(tx, [each.subject_id for each in seen], when))
    whole = together(found)
    if kind is not None:
        whole.cases = [case for case in whole.cases if case.kind == kind]
    return whole


async def _stations(tx: Transaction, when: When, district: str, actor: Actor | None) -> list[Told]:
    """Return the stations of a division that a caller sees, or has a contract to."""
    if actor is not None and actor.role in AT_STATION:
        ids = [actor.station_id] if actor.station_id else []
        told = [*(await queries.some(tx, "station", ids, when)).values()]
    else:
        told = await queries.every(tx, "station", when)
    bound: set[str] = set()
    if actor is not None and actor.role == "agency" and actor.agency_id:
        agreed = await queries.contracts_of(tx, [actor.agency_id], when)
        bound = {each.state["station_id"] for all_of in agreed.values() for each in all_of}
    return [
        each
        for each in told
        if each.state["division"].startswith(district)
        and (actor is None or str(each.subject_id) in bound or reaches_station(actor, each.state))
    ]


async def _agencies(tx: Transaction, when: When, actor: Actor | None) -> list[UUID]:
    if actor is None or actor.role in CITY_WIDE:
        return [each.subject_id for each in await queries.every(tx, "agency", when)]
    return [actor.agency_id] if actor.role == "agency" and actor.agency_id else []


def _where(station: Told) -> tuple[str, str]:
    return station.state["division_system"], station.state["division"]


def together(found: Iterable[Found]) -> Found:
    """Put several together; a subject found twice is one."""
    cases: dict[Any, Case] = {}
    gone: set[tuple[str, str]] = set()
    for each in found:
        cases |= {case.key: case for case in each.cases}
        gone |= each.gone
    return Found([*cases.values()], gone)
