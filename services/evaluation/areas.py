"""The city and its districts in figures: states and divisions gathered, counted in `decide`."""

from collections.abc import Sequence
from datetime import date, datetime

from chassis import divisions
from chassis.calendar import Days, Overlay
from chassis.db import Transaction
from chassis.divisions import Division
from chassis.packs import Jurisdiction
from services.evaluation import queries
from services.evaluation.decide import assemble, figures
from services.evaluation.decide.cases import Case
from services.evaluation.decide.coverage import (
    STATED,
    Ground,
    certificates,
    preferred,
)
from services.evaluation.decide.figures import Land
from services.evaluation.models import Told
from services.evaluation.queries import When
from services.evaluation.rules import COMMUNITIES, SPECIALITY, TOWNSHIPS

SYSTEMS = ("nbs", "mca")
CITY, DISTRICT = "city", "district"
PLACES = (CITY, DISTRICT)
FILED = ("filings", "townships_with_plan")
"""What is counted of filings."""
ALWAYS_AFTER = date.max
_COUNTY_LEVEL = 3


async def areas(tx: Transaction, j: Jurisdiction, when: When, *, told: bool = False) -> list[Case]:
    """Return the city and every district inside it; with what was `told` of each, if asked."""
    stations = await queries.stations(tx, when)
    workers = await queries.every(tx, "worker", when)
    whole = await land(tx, j, when, stations, workers)
    newest = sorted([*stations, *workers] if told else [], key=_since, reverse=True)
    facts = {CITY: figures.of_city(whole, tx.city, when.day)}
    cases = [Case(CITY, tx.city, facts, j.prefixes[0], told=newest)]
    for county in whole.base.counties:
        facts = {DISTRICT: figures.of_district(whole, county.code, when.day)}
        here = {s["station_id"] for s in whole.stations if s["district"] == county.code}
        mine = [each for each in newest if _stations(each) & here]
        cases.append(Case(DISTRICT, county.code, facts, county.code, county.name, told=mine))
    return cases


async def land(
    tx: Transaction,
    j: Jurisdiction,
    when: When,
    stations: Sequence[Told],
    workers: Sequence[Told],
) -> Land:
    """Return a city as it is counted; years are read only where a rule asks for them."""
    people = [each.state for each in workers]
    past = bool(j.touched([f"{CITY}.years", f"{DISTRICT}.years"]))
    told = {
        kind: [each.state for each in await queries.every(tx, kind, when)]
        for kind in ("target", "filing")
    }
    # Each says its own day: one entered later was incubated then all the same.
    agencies = await queries.every(tx, "agency", When(date.max, when.known_at))
    return Land(
        base=await ground(tx, j, when),
        stations=[assemble.on_day(when.day, each.state) for each in stations],
        workers=people,
        held=certificates(when.day, people),
        targets=told["target"],
        filings=told["filing"],
        agencies=[each.state for each in agencies],
        station_history=await queries.history(tx, "station", when) if past else {},
        worker_history=await queries.history(tx, "worker", when) if past else {},
        specialities=[*j.vocabulary.get(SPECIALITY, {})],
        calendar=Days(Overlay(j.holidays, j.workdays)),
        prefixes=j.prefixes,
        registers=await queries.registers(tx, when),
        filings_since=asking_since(j, [f"{place}.{fact}" for place in PLACES for fact in FILED]),
    )


def asking_since(j: Jurisdiction, paths: Sequence[str]) -> date:
    """Return the first day of the documents whose rules ask for any of these facts."""
    cites = [
        version.item.compiled.cite
        for rule in j.touched(paths)
        for version in j.rules[rule]
        if version.item.compiled
    ]
    days = [min(each.document.issued or ALWAYS_AFTER, each.document.in_force) for each in cites]
    return min(days, default=ALWAYS_AFTER)


def _since(told: Told) -> datetime:
    return told.known_from


def _stations(told: Told) -> set[str]:
    return {str(told.subject_id), *(p["station_id"] for p in told.state.get("postings", ()))}


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
        edition=str(vintage or ""),
        rooms=preferred([e for e in j.denominators.get(COMMUNITIES, []) if e.value], when.day),
    )
