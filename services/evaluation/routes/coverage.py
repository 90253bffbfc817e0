"""How far a city is covered with stations."""

from typing import Annotated, cast

from fastapi import Query

from chassis.http import Router, Tx
from chassis.problems import Forbidden
from services.evaluation import areas, queries
from services.evaluation.areas import CITY, DISTRICT
from services.evaluation.asks import DayAsked
from services.evaluation.decide import coverage
from services.evaluation.decide.targets import targets
from services.evaluation.models import Coverage
from services.evaluation.reach import area_of
from services.evaluation.routes.compliance import CanRead, Language, when_of

router = Router(tags=["evaluation"])


@router.get("/coverage")
async def get_coverage(
    asked: Annotated[DayAsked, Query()], tx: Tx, actor: CanRead, said: Language
) -> Coverage:
    """Show how far the city is covered with stations, by which denominator, and its targets."""
    area = area_of(actor)
    if area is None:
        raise Forbidden()
    when = when_of(asked, tx)
    j = await tx.pack(when.day, asked.known_at)
    ground = await areas.ground(tx, j, when)
    stations = [each.state for each in await queries.every(tx, "station", when)]
    workers = [each.state for each in await queries.every(tx, "worker", when)]
    held = coverage.certificates(when.day, workers)
    found = coverage.covered(stations, ground)
    city = coverage.city_facts(tx.city, stations, held, ground)
    goals = targets(j, CITY, j.prefixes[0], city, when.day, said)
    mine = [row for row in coverage.divisions(found, ground) if row["code"].startswith(area)]
    for row in mine:
        facts = coverage.district_facts(row["code"], stations, held, ground)
        goals += targets(j, DISTRICT, row["code"], facts, when.day, said)
    denominator = {"source": ground.source, "vintage": ground.vintage, "count": ground.count}
    answer = {
        "city": tx.city,
        "as_of": when.day.isoformat(),
        "tier": coverage.TOWNSHIP,
        "denominator": denominator if ground.count is not None else None,
        "covered": len(found.townships),
        "share": coverage.share(len(found.townships), ground.count),
        "outside_townships": found.outside,
        "targets": goals,
        "divisions": mine,
    }
    return cast("Coverage", answer)
