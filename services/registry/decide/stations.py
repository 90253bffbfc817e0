"""Stations: how they come, change and go, and who operates them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chassis.divisions import Division
from chassis.problems import At, Forbidden, Invalid, WrongStatus
from contracts import facts
from contracts.registry import StationChanged
from services.registry.decide.days import effective
from services.registry.facts import StationFacts, Words, strange_words
from services.registry.models import Operation, Station
from services.registry.shapes import ChangeStation, OpenStation

NEXT: dict[str, tuple[str, ...]] = {
    "planned": ("building", "open", "closed"),
    "building": ("open", "closed"),
    "open": ("suspended", "closed"),
    "suspended": ("open", "closed"),
    "closed": (),
}
"""Status → what may follow it."""

HEADS_MAY = frozenset({"domains", "facts", "forget", "effective_on"})
"""What a station's own head may change; the rest is for whoever is responsible for the station."""

_COUNTY = 6


def open_station(
    ask: OpenStation, place: Division, words: Words | None, today: date
) -> tuple[Station, StationChanged]:
    """Enter a station where the division table says it stands."""
    as_of = effective(ask.effective_on, today)
    station = Station(
        name=ask.name,
        status=ask.status,
        tier=ask.tier,
        mode=ask.mode,
        **_standing(place),
        domains=ask.domains,
        operator_id=None,
        operator_since=None,
        open_on=ask.open_on,
        as_of=as_of,
        facts=ask.facts.plain(),
    )
    if station.status == "open":
        station.open_on = ask.open_on or as_of
    return _whole(station, words)


def change_station(
    station: Station,
    ask: ChangeStation,
    place: Division | None,
    words: Words | None,
    today: date,
    *,
    as_head: bool = False,
) -> tuple[Station, StationChanged]:
    """Change a station from a day on."""
    said = ask.model_dump(exclude_unset=True, exclude_none=True).keys()
    if as_head and not said <= HEADS_MAY:
        raise Forbidden(
            "站长只能修改本站的设施、制度等事实和服务领域",
            "A head changes the facts and the domains of the own station only",
        )
    station.as_of = effective(ask.effective_on, today)
    for name in said & {"name", "tier", "mode", "domains", "open_on"}:
        setattr(station, name, getattr(ask, name))
    if place is not None:
        for name, value in _standing(place).items():
            setattr(station, name, value)
    if ask.status is not None and ask.status != station.status:
        if ask.status not in NEXT[station.status]:
            raise WrongStatus(station.status, NEXT[station.status])
        if ask.status == "open" and station.open_on is None:
            station.open_on = station.as_of
        station.status = ask.status
    station.facts = {
        name: value for name, value in station.facts.items() if name not in ask.forget
    } | (ask.facts.plain() if ask.facts else {})
    return _whole(station, words)


def operate_station(
    station: Station, contracts: Sequence[Operation], today: date, since: date
) -> tuple[Station, StationChanged] | None:
    """Give a station the operator its contracts say, from a day on; None where nothing changes.

    Whatever order the contracts were heard in, the answer is the same: the latest that has begun
    and is not over, else the first that will begin. A renewal changes nothing.
    """
    current = [each for each in contracts if each.ends_on >= today]
    begun = [each for each in current if each.starts_on <= today]
    best = max(begun, key=_began) if begun else min(current, key=_began, default=None)
    agency = best.agency_id if best else None
    if agency == station.operator_id:
        return None
    station.operator_id = agency
    station.operator_since = best.starts_on if best else None
    station.as_of = since
    return station, told(station)


def told(station: Station) -> StationChanged:
    """Return the whole public state of a station."""
    shared = StationChanged.model_fields.keys() - {"station_id"}
    return StationChanged(
        station_id=station.id, **{name: getattr(station, name) for name in shared}
    )


def _began(contract: Operation) -> tuple[date, str]:
    return contract.starts_on, str(contract.contract_id)


def _standing(place: Division) -> dict[str, Any]:
    return {
        "division": place.code,
        "division_system": place.system,
        "division_name": place.name,
        "district": place.code[:_COUNTY].ljust(_COUNTY, "0"),
    }


def _whole(station: Station, words: Words | None) -> tuple[Station, StationChanged]:
    """Hold a station's words to the city's vocabulary, and its days to each other."""
    wrong: list[At] = []
    if words is not None:
        said = {name: getattr(station, name) for name in ("tier", "mode", "domains")}
        wrong += strange_words(facts.Station, said, words)
        wrong += strange_words(StationFacts, station.facts, words, "/facts")
    if station.status == "open" and station.open_on and station.open_on > station.as_of:
        wrong.append(
            At(
                "/open_on",
                "not-yet",
                "已开放的站点不能在将来开放",
                "an open station opened already",
            )
        )
    if wrong:
        raise Invalid(wrong)
    return station, told(station)
