"""Stations: how they come, change and go, and who operates them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from chassis.divisions import Division
from chassis.initials import initials
from chassis.problems import At, Forbidden, Invalid
from contracts import facts
from contracts.profile import facts_of
from contracts.registry import StationChanged
from services.registry.decide import profile as parts
from services.registry.decide import stages, stated
from services.registry.decide.days import effective
from services.registry.facts import StationFacts, Words, strange_words
from services.registry.models import Operation, Station
from services.registry.shapes import ChangeStation, OpenStation, StationProfile

HEADS_MAY = frozenset({"domains", "facts", "forget", "profile", "effective_on"})
"""What a station's own head may change; the rest is for whoever is responsible for the station."""
NAMED_FROM_ABOVE = frozenset({"demo", "demonstrations"})
"""Nobody names the own station a demonstration station."""

COMMUNITY = "community"
_COUNTY = 6


def open_station(
    ask: OpenStation,
    place: Division,
    words: Words | None,
    today: date,
    *,
    serves: Sequence[str] = (),
) -> tuple[Station, StationChanged]:
    """Enter a station where the division table says it stands."""
    days = [each.on for each in ask.stages or ()]
    opened = ask.open_on if ask.status == "open" else None
    as_of = effective(ask.effective_on, today, opened, *days)
    station = Station(
        name=ask.name,
        initials=initials(ask.name),
        status=ask.status,
        tier=ask.tier,
        mode=ask.mode,
        **_standing(place),
        serves=list(serves),
        unit_id=ask.unit_id,
        agency_id=ask.agency_id,
        domains=ask.domains,
        operator_id=None,
        operator_since=None,
        open_on=ask.open_on,
        as_of=as_of,
        facts={},
        stages=[],
        profile={},
    )
    wrong = stages.begin(station, ask, today)
    wrong += stated.say(station, as_of, ask.facts.plain(), ask.profile, words=words)
    return _whole(station, words, wrong, today)


def change_station(
    station: Station,
    ask: ChangeStation,
    place: Division | None,
    words: Words | None,
    today: date,
    *,
    serves: Sequence[str] | None = None,
    as_head: bool = False,
) -> tuple[Station, StationChanged]:
    """Change a station from a day on."""
    said = ask.model_dump(exclude_unset=True, exclude_none=True).keys()
    if as_head:
        _as_head(ask)
    before, station.as_of = station.as_of, effective(ask.effective_on, today)
    for name in said & {"name", "tier", "mode", "domains", "open_on"}:
        setattr(station, name, getattr(ask, name))
    station.initials = initials(station.name)
    for name in ask.model_fields_set & {"unit_id", "agency_id"}:
        setattr(station, name, getattr(ask, name))
    if place is not None:
        for name, value in _standing(place).items():
            setattr(station, name, value)
    if serves is not None:
        station.serves = list(serves)
    wrong = stages.go_on(station, ask, today)
    given, profile = ask.facts.plain() if ask.facts else {}, ask.profile or StationProfile()
    wrong += stated.say(station, before, given, profile, forget=ask.forget, words=words)
    return _whole(station, words, wrong, today)


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
    station.facts = stated.of_day(station, since)
    station.as_of = since
    return station, told(station)


def told(station: Station) -> StationChanged:
    """Return the whole public state of a station, with the facts a rule may ask for."""
    shared = StationChanged.model_fields.keys() - {"station_id", "facts", "profile"}
    return StationChanged(
        station_id=station.id,
        facts=facts_of(station.facts, station.profile, station.as_of),
        profile=parts.public(station.profile),
        **{name: getattr(station, name) for name in shared},
    )


def _as_head(ask: ChangeStation) -> None:
    """Refuse what is not for a station's own head to say."""
    stated = ask.facts.model_fields_set if ask.facts else set()
    parts_said = ask.profile.model_fields_set if ask.profile else set()
    if not ask.model_fields_set <= HEADS_MAY:
        raise Forbidden(
            "站长只能修改本站的设施、制度等情况和服务领域",
            "A head changes the facts, the profile and the domains of the own station only",
        )
    if NAMED_FROM_ABOVE & (stated | parts_said | set(ask.forget)):
        raise Forbidden(
            "示范站由上级命名",
            "A demonstration station is named by whoever is responsible for it",
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


def _whole(
    station: Station, words: Words | None, strange: Iterable[At], today: date
) -> tuple[Station, StationChanged]:
    """Hold a station's words to the city's vocabulary, and its days to each other."""
    wrong = list(strange)
    if words is not None:
        said = {name: getattr(station, name) for name in ("tier", "mode", "domains")}
        wrong += strange_words(facts.Station, said, words)
        wrong += strange_words(StationFacts, stated.alone(station), words, "/facts")
    wrong += parts.complaints(station.profile, words)
    if station.tier == COMMUNITY and station.unit_id is None and len(station.division) <= _COUNTY:
        wrong.append(
            At(
                "/division",
                "too-wide",
                "社区站点须填至乡镇（街道）或社区的区划代码",
                "is a county: a community's station stands in a township or community",
            )
        )
    if station.status == "open" and station.open_on and station.open_on > today:
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
