"""Gathers what a question needs: states out of the history, divisions out of the reference table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis import divisions, problems
from chassis.db import Transaction
from chassis.divisions import Division
from chassis.identity import Actor
from chassis.packs import Jurisdiction
from chassis.problems import At
from services.evaluation import queries
from services.evaluation.decide import assemble
from services.evaluation.decide.coverage import (
    STATED,
    Ground,
    certificates,
    city_facts,
    district_facts,
    preferred,
)
from services.evaluation.queries import State, When
from services.evaluation.reach import reaches_area, reaches_station
from services.evaluation.rules import TOWNSHIPS

SYSTEMS = ("nbs", "mca")
CITY_SUBJECT, DISTRICT_SUBJECT = "city", "district"
_COUNTY_LEVEL = 3


@dataclass(frozen=True)
class Case:
    """A subject ready to be judged: its sheets by name, and the place whose rules hold."""

    kind: str
    id: str
    facts: Mapping[str, Any]
    area: str


async def case(tx: Transaction, subject: str, j: Jurisdiction, when: When, actor: Actor) -> Case:
    """Return the subject `kind:ID` within the caller's reach; 404 otherwise."""
    kind, _, identity = subject.partition(":")
    if kind in (CITY_SUBJECT, DISTRICT_SUBJECT):
        return await _area(tx, kind, identity, j, when, actor)
    finder = _FINDERS.get(kind)
    if finder is None:
        kinds = ", ".join([*_FINDERS, CITY_SUBJECT, DISTRICT_SUBJECT])
        raise problems.Invalid(
            [At("?/subject", "unknown-kind", f"可用：{kinds}", f"is not kind:ID of {kinds}")]
        )
    try:
        at = UUID(identity)
    except ValueError:
        raise problems.NotFound() from None
    return await finder(tx, at, when, actor)


async def _station(tx: Transaction, station_id: UUID, when: When, actor: Actor) -> Case:
    state = await queries.one(tx, "station", station_id, when)
    if state is None or not reaches_station(actor, state):
        raise problems.NotFound()
    facts = await station_facts(tx, state, when)
    return Case("station", str(station_id), {"station": facts}, state["division"])


async def _worker(tx: Transaction, worker_id: UUID, when: When, actor: Actor) -> Case:
    state = await queries.one(tx, "worker", worker_id, when)
    if state is None:
        raise problems.NotFound()
    posts = assemble.postings(when.day, state)
    for post in posts:
        station = await queries.one(tx, "station", UUID(post["station_id"]), when)
        if station is not None and reaches_station(actor, station):
            facts = {
                "worker": assemble.worker(when.day, state, post),
                "station": await station_facts(tx, station, when),
            }
            return Case("worker", str(worker_id), facts, station["division"])
    if posts or not reaches_area(actor, ""):
        raise problems.NotFound()
    facts = {"worker": assemble.worker(when.day, state, None)}
    return Case("worker", str(worker_id), facts, "")


async def _contract(tx: Transaction, contract_id: UUID, when: When, actor: Actor) -> Case:
    state = await queries.one(tx, "contract", contract_id, when)
    station = state and await queries.one(tx, "station", UUID(state["station_id"]), when)
    if not state or not station:
        raise problems.NotFound()
    own = actor.role == "agency" and state["agency_id"] == str(actor.agency_id)
    if not own and not reaches_station(actor, station):
        raise problems.NotFound()
    facts = {
        "contract": assemble.contract(when.day, state),
        "station": await station_facts(tx, station, when),
    }
    return Case("contract", str(contract_id), facts, station["division"])


_FINDERS: dict[str, Callable[[Transaction, UUID, When, Actor], Awaitable[Case]]] = {
    "station": _station,
    "worker": _worker,
    "contract": _contract,
}


async def station_facts(tx: Transaction, state: State, when: When) -> dict[str, Any]:
    """Return a station's fact sheet."""
    station_id = UUID(state["station_id"])
    around = await queries.at_station(tx, station_id, when, "worker", "contract")
    system, code = state["division_system"], state["division"]
    place = await divisions.find(tx, system, code)
    villages = await divisions.children(tx, system, code) if place else 0
    return assemble.station(when.day, state, around["worker"], around["contract"], place, villages)


async def _area(
    tx: Transaction, kind: str, code: str, j: Jurisdiction, when: When, actor: Actor
) -> Case:
    if kind == CITY_SUBJECT:
        prefix = j.prefixes[0] if code == tx.city else None
    else:
        inside = code.isdecimal() and code.startswith(j.prefixes)
        prefix = code if inside and len(code) == 6 else None  # noqa: PLR2004 - a county's code
    if prefix is None or not reaches_area(actor, prefix):
        raise problems.NotFound()
    base = await ground(tx, j, when)
    if kind == DISTRICT_SUBJECT and code not in {c.code for c in base.counties}:
        raise problems.NotFound()
    stations = await queries.every(tx, "station", when)
    held = certificates(when.day, await queries.every(tx, "worker", when))
    build = city_facts if kind == CITY_SUBJECT else district_facts
    facts = build(code, stations, held, base)
    return Case(kind, code, {kind: facts}, prefix)


async def ground(tx: Transaction, j: Jurisdiction, when: When) -> Ground:
    """Return what coverage is counted against: the pack's denominator and its system's divisions."""
    entries = j.denominators.get(TOWNSHIPS, [])
    chosen = preferred(entries, when.day)
    editions = await divisions.editions(tx, j.prefixes)
    counted = [e.source for e in entries if e.source != STATED]
    wanted = [*counted, *SYSTEMS] if chosen is None or chosen.source == STATED else [chosen.source]
    loaded = {system for system, _, _ in editions}
    system = next((each for each in wanted if each in loaded), wanted[0])
    mine = [(vintage, number) for each, vintage, number in editions if each == system]
    year = chosen.year if chosen and chosen.source == system else None
    vintage, number = next(
        ((v, n) for v, n in reversed(mine) if year in (None, v.year)),
        mine[-1] if mine else (None, None),
    )
    townships: list[Division] = []
    elsewhere: list[Division] = []
    counties: list[Division] = []
    for prefix in j.prefixes:
        townships += await divisions.townships(tx, system, prefix, vintage)
        for other in SYSTEMS:
            if other != system:
                elsewhere += await divisions.townships(tx, other, prefix)
        rows = await tx.fetch(divisions.WITHIN, system, prefix, vintage, _COUNTY_LEVEL)
        counties += [Division.of(row) for row in rows]
    below = None
    if vintage is not None:
        below = await queries.communities(tx, system, vintage, list(j.prefixes))
    count = chosen.value if chosen and chosen.value is not None else number
    dated = str(vintage) if vintage and year in (None, vintage.year) else str(year or "")
    is_stated = chosen is not None and chosen.source == STATED
    return Ground(
        source=chosen.source if chosen else system,
        vintage=str(chosen.year or "") if chosen and is_stated else dated,
        count=count,
        system=system,
        townships={each.code: each for each in townships},
        elsewhere=elsewhere,
        counties=counties,
        communities=below,
    )
