"""Coverage: townships with an open station, over the townships a city's document counts.

What is counted are townships, not stations, and each by its code in the denominator's own system: a
station that is entered under the other system's code is found by its township's name within its
county. A station outside every counted township (a zone, a farm) is shown beside, never counted in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from chassis.divisions import Division, name_key
from chassis.packs.model import Denominator
from services.evaluation.decide import assemble
from services.evaluation.decide.assemble import OPEN, State

STATED = "stated"
TOWNSHIP, COUNTY, COMMUNITY, CITY = "township", "county", "community", "city"
Certificates = Mapping[str, Sequence[str | None]]
"""Station → the certificate of each who serves there."""

_COUNTY_DIGITS, _TOWNSHIP_DIGITS, _COMMUNITY_DIGITS = 6, 9, 12


@dataclass(frozen=True)
class Ground:
    """What is counted: the denominator, and the divisions of one system it is seen against."""

    source: str
    vintage: str
    count: int | None
    system: str
    townships: Mapping[str, Division] = field(default_factory=dict)
    """By code; empty where no edition is loaded, and then nothing can be outside."""
    elsewhere: Sequence[Division] = ()
    """The townships of the other system, for stations entered under it."""
    counties: Sequence[Division] = ()
    communities: int | None = None
    edition: str = ""
    """Of which day the divisions are."""
    rooms: Denominator | None = None
    """What the pack counts communities by, where it says so."""


@dataclass
class Covered:
    """Where stations stand."""

    townships: set[str] = field(default_factory=set)
    outside: int = 0


def preferred(entries: Sequence[Denominator], day: date) -> Denominator | None:
    """Return the denominator of a day: the first source named, its latest year not after the day."""
    if not entries:
        return None
    same = sorted(
        (entry for entry in entries if entry.source == entries[0].source),
        key=lambda entry: entry.year or 0,
    )
    past = [entry for entry in same if (entry.year or 0) <= day.year]
    return past[-1] if past else same[0]


def open_at(stations: Iterable[State], *tiers: str) -> list[State]:
    """Return the stations of these tiers that are open."""
    return [s for s in stations if s["status"] == OPEN and s["tier"] in tiers]


def covered(stations: Iterable[State], ground: Ground) -> Covered:
    """Count the townships that have an open township station."""
    found = Covered()
    for station in open_at(stations, TOWNSHIP):
        code = township_of(station, ground)
        if code is None:
            found.outside += 1
        else:
            found.townships.add(code)
    return found


def township_of(station: State, ground: Ground) -> str | None:
    """Return the counted township a station stands in, None outside."""
    code = station["division"][:_TOWNSHIP_DIGITS]
    if len(code) < _TOWNSHIP_DIGITS:
        return None
    if not ground.townships:
        return str(code)
    if station["division_system"] == ground.system:
        return code if code in ground.townships else None
    names = [name_key(there.name) for there in ground.elsewhere if there.code == code]
    same = [
        here.code
        for here in ground.townships.values()
        if here.code[:_COUNTY_DIGITS] == code[:_COUNTY_DIGITS] and name_key(here.name) in names
    ]
    return same[0] if len(same) == 1 else None


@dataclass(frozen=True)
class Tier:
    """How far one tier reaches: of so many units, by whose count, which codes have a station."""

    source: str
    vintage: str
    count: int | None
    codes: frozenset[str]
    outside: int = 0


def at_tier(tier: str, stations: Sequence[State], ground: Ground) -> Tier:
    """Return what of the ground a tier covers: townships, communities, or counties with a centre."""
    if tier == COMMUNITY:
        rooms = {s["division"] for s in open_at(stations, COMMUNITY)}
        inside = frozenset(code for code in rooms if len(code) == _COMMUNITY_DIGITS)
        count, source, vintage = ground.communities, ground.system, ground.edition
        if ground.rooms is not None:
            count, source = ground.rooms.value, ground.rooms.source
            vintage = str(ground.rooms.year or "")
        return Tier(source, vintage, count, inside, len(rooms - inside))
    if tier == COUNTY:
        known = {county.code for county in ground.counties}
        centres = {s["district"] for s in open_at(stations, COUNTY)}
        number = len(known) or None
        lead = frozenset(centres & known)
        return Tier(ground.system, ground.edition, number, lead, len(centres - known))
    found = covered(stations, ground)
    codes = frozenset(found.townships)
    return Tier(ground.source, ground.vintage, ground.count, codes, found.outside)


def share(number: int, of: int | None) -> str | None:
    """Return a share as it is published, four decimals; None of nothing."""
    if not of:
        return None
    return str((Decimal(number) / of).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def divisions(reached: Tier, units: Mapping[str, int], ground: Ground) -> list[dict[str, Any]]:
    """Return each county with its units and how many are covered."""
    return [
        {
            "code": county.code,
            "name": county.name,
            "units": units.get(county.code, 0),
            "covered": _under(reached.codes, county.code),
        }
        for county in ground.counties
    ]


def townships_of(ground: Ground) -> dict[str, int]:
    """Return how many townships each county has."""
    return {c.code: _under(ground.townships, c.code) for c in ground.counties}


def certificates(day: date, workers: Iterable[State]) -> Certificates:
    """Return the certificates of everyone posted that day, by station; None where not known."""
    found: dict[str, list[str | None]] = {}
    for each in workers:
        for post in assemble.postings(day, each):
            found.setdefault(post["station_id"], []).append(assemble.certificate(day, each))
    return found


def city_facts(
    code: str, stations: Sequence[State], held: Certificates, ground: Ground
) -> dict[str, Any]:
    """Return what is known of the whole jurisdiction, on the sheet `Area`."""
    # A city with counties has a centre of its own; theirs are counted beside it.
    facts = _facts(code, stations, held, ground, CITY if ground.counties else COUNTY)
    if ground.count is not None:
        facts["townships"] = ground.count
    if ground.communities is not None:
        facts["communities"] = ground.communities
    if ground.counties:
        facts["districts"] = len(ground.counties)
        with_centre = {s["district"] for s in open_at(stations, COUNTY)}
        facts["districts_with_centre"] = len(with_centre & {c.code for c in ground.counties})
    return facts


def district_facts(
    code: str, stations: Sequence[State], held: Certificates, ground: Ground
) -> dict[str, Any]:
    """Return what is known of one county or district inside."""
    here = [s for s in stations if s["district"] == code]
    facts = _facts(code, here, held, ground, COUNTY)
    if ground.source != STATED and ground.townships:
        # A figure somebody stated for the whole says nothing of its parts.
        facts["townships"] = _under(ground.townships, code)
    return facts


def _facts(
    code: str, stations: Sequence[State], held: Certificates, ground: Ground, centre: str
) -> dict[str, Any]:
    township = open_at(stations, TOWNSHIP)
    rooms = {s["division"] for s in open_at(stations, COMMUNITY)}
    facts: dict[str, Any] = {
        "code": code,
        "stations": len(township),
        "townships_with_station": len(covered(stations, ground).townships),
        "communities_with_station": sum(len(c) == _COMMUNITY_DIGITS for c in rooms),
        "centres": len(open_at(stations, centre)),
    }
    for name, tier in (("demo_stations", TOWNSHIP), ("demo_studios", COMMUNITY)):
        demo = [s["facts"].get("demo") for s in open_at(stations, tier)]
        if None not in demo:
            facts[name] = demo.count(True)
    certified = _certified(township, held, ground)
    if certified is not None:
        facts["townships_with_certified"] = certified
    return facts


def _certified(stations: Sequence[State], held: Certificates, ground: Ground) -> int | None:
    """Count townships where a certified worker serves; None while somebody's is not known."""
    served: set[str] = set()
    open_question: set[str] = set()
    for station in stations:
        code, here = township_of(station, ground), held.get(station["station_id"], [])
        if code is None:
            continue
        if any(cert not in (None, "none") for cert in here):
            served.add(code)
        elif None in here:
            open_question.add(code)
    return None if open_question - served else len(served)


def _under(codes: Iterable[str], prefix: str) -> int:
    return sum(code.startswith(prefix) for code in codes)
