"""Stations: how they come, change and go, and who operates them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from chassis.divisions import Division
from chassis.initials import initials
from chassis.problems import At, Forbidden, Invalid, WrongStatus
from contracts import facts
from contracts.profile import facts_of
from contracts.registry import StationChanged
from services.registry.decide import profile as parts
from services.registry.decide.days import effective
from services.registry.facts import StationFacts, Words, strange_words
from services.registry.models import Operation, Station
from services.registry.shapes import ChangeStation, OpenStation, Stage

NEXT: dict[str, tuple[str, ...]] = {
    "planned": ("building", "open", "closed"),
    "building": ("open", "closed"),
    "open": ("suspended", "closed"),
    "suspended": ("open", "closed"),
    "closed": (),
}
"""Status → what may follow it."""

HEADS_MAY = frozenset({"domains", "facts", "forget", "profile", "effective_on"})
"""What a station's own head may change; the rest is for whoever is responsible for the station."""
NAMED_FROM_ABOVE = frozenset({"demo", "demonstrations"})
"""Nobody names the own station a demonstration station."""

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
    as_of = effective(ask.effective_on, today)
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
        facts=ask.facts.plain(),
        stages=_plain(ask.stages) if ask.stages else [],
        profile=parts.changed({}, ask.profile),
    )
    if station.status == "open":
        station.open_on = ask.open_on or _first_open(station.stages) or as_of
    if not station.stages:
        began = station.open_on if station.status == "open" else as_of
        station.stages = [_stage(station.status, began or as_of)]
    return _whole(station, words, _strange_stages(station))


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
    station.as_of = effective(ask.effective_on, today)
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
    wrong = _staged(station, ask)
    if ask.profile is not None:
        station.profile = parts.changed(station.profile, ask.profile)
    station.facts = {
        name: value for name, value in station.facts.items() if name not in ask.forget
    } | (ask.facts.plain() if ask.facts else {})
    return _whole(station, words, wrong)


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


def _staged(station: Station, ask: ChangeStation) -> list[At]:
    """Go on to the next stage, or correct the days of those so far; return what is wrong with it.

    A stage nobody dated began on the day it was entered, so the next may seem to begin before it;
    only stages that are said must be in order.
    """
    if ask.status is not None and ask.status != station.status:
        if ask.status not in NEXT[station.status]:
            raise WrongStatus(station.status, NEXT[station.status])
        if ask.status == "open" and station.open_on is None:
            station.open_on = station.as_of
        station.status = ask.status
        station.stages = [*station.stages, _stage(ask.status, station.as_of)]
    if ask.stages is not None:
        station.stages = _plain(ask.stages)
        return list(_strange_stages(station))
    return []


def _stage(status: str, on: date) -> dict[str, str]:
    return {"status": status, "on": on.isoformat()}


def _plain(stages: Sequence[Stage]) -> list[dict[str, str]]:
    return [_stage(each.status, each.on) for each in stages]


def _first_open(stages: Sequence[dict[str, str]]) -> date | None:
    return next((date.fromisoformat(e["on"]) for e in stages if e["status"] == "open"), None)


def _strange_stages(station: Station) -> Iterator[At]:
    """Yield where stages do not follow one another, in status or in time."""
    stages = station.stages
    for number, (one, then) in enumerate(pairwise(stages), 1):
        if then["status"] not in NEXT[one["status"]]:
            at = f"/stages/{number}/status"
            yield At(at, "does-not-follow", "与前一阶段不衔接", "does not follow the one before")
        if then["on"] < one["on"]:
            at = f"/stages/{number}/on"
            yield At(at, "before-start", "早于前一阶段", "is before the stage before it")
    if stages and stages[-1]["status"] != station.status:
        at = f"/stages/{len(stages) - 1}/status"
        yield At(at, "not-the-status", "与当前状态不一致", "is not the station's status")


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
    station: Station, words: Words | None, strange: Iterable[At]
) -> tuple[Station, StationChanged]:
    """Hold a station's words to the city's vocabulary, and its days to each other."""
    wrong = list(strange)
    if words is not None:
        said = {name: getattr(station, name) for name in ("tier", "mode", "domains")}
        wrong += strange_words(facts.Station, said, words)
        wrong += strange_words(StationFacts, station.facts, words, "/facts")
    wrong += parts.complaints(station.profile, words)
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
