"""How far a city is covered with stations."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, cast

from fastapi import Query

from chassis.http import Router, Tx
from chassis.problems import Forbidden
from services.evaluation import areas, queries
from services.evaluation.areas import CITY, DISTRICT
from services.evaluation.asks import CoverageAsked
from services.evaluation.decide import coverage, figures
from services.evaluation.decide.coverage import Ground, Tier
from services.evaluation.decide.targets import targets
from services.evaluation.models import Coverage, Told
from services.evaluation.queries import When
from services.evaluation.reach import area_of
from services.evaluation.routes.compliance import CanRead, Language, when_of

router = Router(tags=["evaluation"])


MOST_YEARS = 10


@router.get("/coverage")
async def get_coverage(
    asked: Annotated[CoverageAsked, Query()], tx: Tx, actor: CanRead, said: Language
) -> Coverage:
    """Show how far a tier covers the city, by which denominator, its targets, and years past."""
    area = area_of(actor)
    if area is None:
        raise Forbidden()
    when = when_of(asked, tx)
    j = await tx.pack(when.day, asked.known_at)
    stations = await queries.stations(tx, when)
    workers = await queries.every(tx, "worker", when)
    whole = await areas.land(tx, j, when, stations, workers)
    ground = whole.base
    reached = coverage.at_tier(asked.tier, whole.stations, ground)
    units = await _units(tx, asked.tier, ground)
    city = figures.of_city(whole, tx.city, when.day)
    goals = targets(j, CITY, j.prefixes[0], city, when.day, said)
    rows = coverage.divisions(reached, units, ground)
    mine = [row for row in rows if row["code"].startswith(area)]
    for row in mine:
        facts = figures.of_district(whole, row["code"], when.day)
        goals += targets(j, DISTRICT, row["code"], facts, when.day, said)
    answer = {
        "city": tx.city,
        "as_of": when.day.isoformat(),
        "tier": asked.tier,
        **_reached(reached),
        "outside_townships": reached.outside,
        "targets": goals,
        "divisions": mine,
    }
    if asked.by_year:
        answer["years"] = [
            await _at_the_end_of(year, asked, tx, when, said) for year in _years(stations, when)
        ]
    return cast("Coverage", answer)


async def _at_the_end_of(
    year: int, asked: CoverageAsked, tx: Any, when: When, said: str
) -> dict[str, Any]:
    """Count again by what is known of the last day of a year, and by the document of that day."""
    then = When(date(year, 12, 31), when.known_at, when.now)
    j = await tx.pack(then.day, asked.known_at)
    stations = await queries.stations(tx, then)
    workers = await queries.every(tx, "worker", then)
    whole = await areas.land(tx, j, then, stations, workers)
    city = figures.of_city(whole, tx.city, then.day)
    return {
        "year": year,
        "as_of": then.day.isoformat(),
        **_reached(coverage.at_tier(asked.tier, whole.stations, whole.base)),
        "targets": targets(j, CITY, j.prefixes[0], city, then.day, said),
    }


def _reached(tier: Tier) -> dict[str, Any]:
    denominator = {"source": tier.source, "vintage": tier.vintage, "count": tier.count}
    return {
        "denominator": denominator if tier.count is not None else None,
        "covered": len(tier.codes),
        "share": coverage.share(len(tier.codes), tier.count),
    }


def _years(stations: Sequence[Told], when: When) -> Sequence[int]:
    """Return the years that ended before a day, from the first a station was open in."""
    opened = [s.state["open_on"] for s in stations if s.state["open_on"]]
    first = int(min(opened, default=when.day.isoformat())[:4])
    return range(max(first, when.day.year - MOST_YEARS), when.day.year)


async def _units(tx: Any, tier: str, ground: Ground) -> dict[str, int]:
    """Return how many units of a tier each county has."""
    if tier == coverage.TOWNSHIP:
        return coverage.townships_of(ground)
    if tier == coverage.COUNTY:
        return {county.code: 1 for county in ground.counties}
    found = {}
    for county in ground.counties:
        number = await queries.communities(tx, ground.system, county.vintage, [county.code])
        found[county.code] = number or 0
    return found
