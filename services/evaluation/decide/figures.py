"""Growth, certificates and filings of an area: figures that are known only where they were told.

What happened before anything was told of is no nought: a year is given where records reach back to
the end of the year before it; filings and incubated agencies once the city has said that their
register is whole since anybody could be asked for them. A list with gaps is not given at all, since
a rule takes a list that is given for all there is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chassis.calendar import Days
from chassis.clock import end_of
from contracts import facts
from services.evaluation.decide.assemble import (
    LEFT,
    NOTHING,
    OPEN,
    State,
    certificate,
    known,
    postings,
)
from services.evaluation.decide.coverage import (
    TOWNSHIP,
    Certificates,
    Ground,
    city_facts,
    district_facts,
)
from services.evaluation.decide.people import Registers, whole
from services.evaluation.decide.stages import stood

COMMUNITY = "community"
PLAN = "plan"
BASELINE_YEAR = 2020
INCUBATED = ("2021-01-01", "2023-12-31")
"""Between these days `agencies_incubated` counts (LZ-1.3.3-a)."""
ACTIVE = "active"

History = Mapping[Any, Sequence[State]]
"""Every version of each subject by id, the latest word first, each with its `valid_from`."""


@dataclass(frozen=True)
class Land:
    """A city as it is counted: its ground, and everything told of it."""

    base: Ground
    stations: Sequence[State]
    workers: Sequence[State]
    held: Certificates
    targets: Sequence[State] = ()
    filings: Sequence[State] = ()
    agencies: Sequence[State] = ()
    station_history: History = field(default_factory=dict)
    worker_history: History = field(default_factory=dict)
    specialities: Collection[str] = ()
    calendar: Days = field(default_factory=Days)
    prefixes: Collection[str] = ()
    registers: Registers = field(default_factory=dict)
    filings_since: date = date.max
    """The first day of the documents that ask for filings."""


def of_city(land: Land, code: str, day: date) -> dict[str, Any]:
    """Return what is known of the whole jurisdiction, on the sheet `Area`."""
    everywhere = {None, code, *land.prefixes}
    return known(
        facts.Area,
        {
            **city_facts(code, land.stations, land.held, land.base),
            **staff_facts(land.workers, day, land.specialities),
            **baseline(land.targets),
            **incubated(land, None, day),
            **filed(land, everywhere, day),
            **_years(land.station_history, land.worker_history, day, land.registers),
        },
    )


def of_district(land: Land, code: str, day: date) -> dict[str, Any]:
    """Return what is known of one county or district inside."""
    here = {s["station_id"] for s in land.stations if s["district"] == code}
    staff = [
        each
        for each in land.workers
        if any(post["station_id"] in here for post in postings(day, each))
    ]
    lives = {
        key: versions
        for key, versions in land.station_history.items()
        if versions[0]["district"] == code
    }
    return known(
        facts.Area,
        {
            **district_facts(code, land.stations, land.held, land.base),
            **staff_facts(staff, day, land.specialities),
            **incubated(land, code, day),
            **filed(land, {code}, day),
            **_years(lives, {}, day, land.registers),
        },
    )


def _years(stations: History, workers: History, day: date, registers: Registers) -> dict[str, Any]:
    found = years(stations, workers, day, registers)
    return {"years": found} if found else {}


def begun(history: History) -> str | None:
    """Return the first day anything was told: what is entered later speaks of days before, not of all."""
    return min((v["told"] for versions in history.values() for v in versions), default=None)


def years(
    stations: History, workers: History, day: date, registers: Registers = NOTHING
) -> list[dict[str, Any]]:
    """Return the calendar years' ends up to a day, those that records reach a year before.

    Records reach back to the first day anything was told, or as far as the city says that `stations`
    (or `workers`) is whole; counted is who had opened by then, whenever that was entered.
    """
    since = min(filter(None, (begun(stations), registers.get("stations"))), default=None)
    if since is None:
        return []
    found = []
    for year in range(int(since[:4]) + 1, day.year):
        end, before = date(year, 12, 31), date(year - 1, 12, 31)
        one: dict[str, Any] = {
            "year": year,
            "community_stations": _rooms(stations, end),
            "before": _rooms(stations, before),
        }
        ends = [certified(_serving(workers, each), each) for each in (end, before)]
        first = min(filter(None, (begun(workers), registers.get("workers"))), default=None)
        if None not in ends and first is not None and first <= before.isoformat():
            one |= {"certified": ends[0], "certified_before": ends[1]}
        found.append(one)
    return found


def _serving(workers: History, day: date) -> list[State]:
    """Return who was there on a day: as told of it, or entered later and posted by then."""
    on = day.isoformat()
    found = []
    for versions in workers.values():
        then = next((v for v in versions if v["valid_from"] <= on), None)
        # The latest word tells every posting; one of an older release does not say when they began.
        began = versions[0].get("began") or versions[-1].get("began")
        if then is not None or (began is not None and began <= on):
            found.append(then or versions[-1])
    return found


def certified(workers: Iterable[State], day: date) -> int | None:
    """Count who holds a certificate that day; None while one's is not known."""
    held = [certificate(day, each) for each in workers if each["status"] != LEFT]
    return None if None in held else sum(cert != "none" for cert in held)


def by_speciality(
    workers: Iterable[State], day: date, words: Iterable[str]
) -> dict[str, int] | None:
    """Count certified workers by speciality; None while somebody's are not told."""
    found = dict.fromkeys(words, 0)
    for each in workers:
        if each["status"] == LEFT or certificate(day, each) == "none":
            continue
        if "specialities" not in each or certificate(day, each) is None:
            return None
        for word in each["specialities"]:
            found[word] = found.get(word, 0) + 1
    return found


def staff_facts(workers: Sequence[State], day: date, words: Iterable[str]) -> dict[str, Any]:
    """Return what is known of all who serve in an area."""
    said: dict[str, Any] = {}
    if (number := certified(workers, day)) is not None:
        said["certified"] = number
    if workers and (counted := by_speciality(workers, day, words)) is not None:
        said["certified_by_speciality"] = counted
    return said


def baseline(targets: Iterable[State]) -> dict[str, Any]:
    """Return the certified of the year that growth is counted from, as the city's target says it."""
    for each in targets:
        same = (each["kind"], each["baseline_year"]) in _BASELINES and each["status"] == ACTIVE
        if same and each["division"] is None and each["baseline"] is not None:
            return {"certified_2020": int(each["baseline"])}
    return {}


_BASELINES = {(kind, BASELINE_YEAR) for kind in ("certified", "certified_growth")}


def incubated(land: Land, district: str | None, day: date) -> dict[str, Any]:
    """Return how many agencies a district, or the whole, had incubated by a day."""
    first, last = INCUBATED
    if not whole("agencies", land.registers, date.fromisoformat(first)):
        return {}
    until = min(last, day.isoformat())
    return {
        "agencies_incubated": sum(
            first <= (each.get("incubated_on") or "") <= until
            and district in (None, each.get("incubated_in"))
            for each in land.agencies
        )
    }


def filed(land: Land, area: Collection[str | None], day: date) -> dict[str, Any]:
    """Return what an area has handed in by a day, where nothing that was can be missing."""
    if not whole("filings", land.registers, min(land.filings_since, day)):
        return {}
    standing = [each for each in land.filings if stands(each, day)]
    mine = [each for each in standing if each["division"] in area]
    return {
        "filings": [_filing(each, land.calendar) for each in mine],
        "townships_with_plan": len(_planned(standing, land.base, area)),
    }


def _planned(standing: Iterable[State], ground: Ground, area: Collection[str | None]) -> set[str]:
    """Return the counted townships of an area that handed in a plan of their own (HZ-5.1-a)."""
    codes = {
        each["division"]
        for each in standing
        if (each["kind"], each["filer"]) == (PLAN, TOWNSHIP) and each["division"]
    }
    inside = tuple(filter(None, area))
    counted = ground.townships
    return {c for c in codes if c.startswith(inside) and (c in counted or not counted)}


def stands(filing: State, day: date) -> bool:
    """Whether a document was handed in by a day, and not sent back by then."""
    on, filed_on, back = day.isoformat(), filing["filed_on"], filing["returned_on"]
    return bool(filed_on and filed_on <= on and not (back and back <= on))


def _filing(each: State, calendar: Days) -> dict[str, Any]:
    one = {
        "kind": each["kind"],
        "by": each["filer"],
        "to": each["receiver"],
        "day": each["filed_on"],
        "sections": each["sections"],
    }
    if each["issued_on"]:
        one["issued"] = each["issued_on"]
        handed_in = end_of(date.fromisoformat(each["filed_on"]))
        counted = calendar.count(end_of(date.fromisoformat(each["issued_on"])), handed_in)
        if not counted.provisional:
            one["working_days"] = counted.days
    return one


def _rooms(stations: History, day: date) -> int:
    then = [stood(versions, day) for versions in stations.values()]
    return sum(s is not None and s["tier"] == COMMUNITY and s["status"] == OPEN for s in then)
