"""A fact of a station has one home: what a part of its profile says is the part's, the rest is stated.

A fact that is given of a part that is told is written into the part, where the part has a place for it.
A station's `facts` repeat what its parts say, so that lists, sheets and rules read the same.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from chassis.problems import At
from contracts.profile import SAYS, facts_of
from services.registry.decide import profile as parts
from services.registry.facts import StationFacts, Words, strange_words
from services.registry.models import Station
from services.registry.shapes import StationProfile

Part = Any

PARTS = {fact: part for part, facts in SAYS.items() for fact in facts}
"""Fact → the part whose it is."""
_NOWHERE = object()


def say(
    station: Station,
    before: date,
    given: Mapping[str, Any],
    profile: StationProfile,
    *,
    forget: Sequence[str] = (),
    words: Words | None,
) -> list[At]:
    """Change what is said of a station whose facts were of a day before; return what cannot be."""
    stated = _alone(station, before)
    station.profile = parts.changed(station.profile, profile)
    wrong: list[At] = []
    for name in forget:
        stated.pop(name, None)
        _drop(station, name)
    for name, value in given.items():
        part = PARTS.get(name)
        if part not in station.profile or part in profile.model_fields_set:
            stated[name] = value
        elif words is not None and (
            strange := [*strange_words(StationFacts, {name: value}, words, "/facts")]
        ):
            return strange
        elif not _write(station, name, value):
            stated[name] = value
    station.facts = facts_of(stated, station.profile, station.as_of)
    for name, value in given.items():
        if not _same(station.facts.get(name, _NOWHERE), value):
            wrong.append(_elsewhere(f"/facts/{name}", name))
    for number, name in enumerate(forget):
        if name in station.facts and name not in given:
            wrong.append(_elsewhere(f"/forget/{number}", name))
    return wrong


def of_day(station: Station, day: date) -> dict[str, Any]:
    """Return a station's facts of another day than the one its row is of."""
    return facts_of(_alone(station, station.as_of), station.profile, day)


def alone(station: Station) -> dict[str, Any]:
    """Return the facts that no part of a station's profile says."""
    return _alone(station, station.as_of)


def _alone(station: Station, day: date) -> dict[str, Any]:
    said = facts_of({}, station.profile, day)
    return {name: value for name, value in station.facts.items() if name not in said}


def _write(station: Station, name: str, value: Any) -> bool:
    """Write a fact into its part; whether the part has a place for it."""
    part, on = PARTS[name], station.as_of
    told = station.profile[part]
    if _same(facts_of({}, {part: told}, on).get(name, _NOWHERE), value):
        return True
    if name in _FIELDS:
        told = {**told, _FIELDS[name]: value}
    elif name in _LISTS:
        told = _LISTS[name](told, value, on)
    else:
        return False
    station.profile = {**station.profile, part: told}
    return True


def _drop(station: Station, name: str) -> None:
    """Make a fact that a part says unknown again, where it can be."""
    part = PARTS.get(name)
    if part not in station.profile:
        return
    if SAYS[part] == (name,) and name in _LISTS:
        station.profile = {n: p for n, p in station.profile.items() if n != part}
    elif name in _FIELDS and name not in _NEEDED:
        rest = {n: v for n, v in station.profile[part].items() if n != _FIELDS[name]}
        station.profile = {**station.profile, part: rest}


def _elsewhere(at: str, name: str) -> At:
    part = PARTS.get(name)
    return At(
        at, "said-by-part", f"由 profile.{part} 说明，请在该处修改", f"is said by `profile.{part}`"
    )


def _same(one: Any, other: Any) -> bool:
    """Whether two facts are one; what is listed is in no order."""
    if isinstance(one, list) and isinstance(other, list):
        return all(each in other for each in one) and all(each in one for each in other)
    return bool(one == other)


def _kinds(part: Sequence[Part], value: Sequence[str], key: str = "kind") -> list[Part]:
    """Return the entries of the kinds named, as they are; a kind that has none gets one."""
    found: list[Part] = []
    for kind in dict.fromkeys(value):
        found += [each for each in part if each.get(key) == kind] or [{key: kind}]
    return found


def _rooms(part: Part, value: Any, _: date) -> Part:
    return _kinds(part, value)


def _assets(part: Part, value: Any, _: date) -> Part:
    names = ("item", "provider")
    found: list[Part] = []
    for wanted in value:
        same = [each for each in part if all(each[n] == wanted.get(n) for n in names)]
        found += same or [{n: wanted[n] for n in names if n in wanted}]
    return found


def _systems(part: Part, value: Any, on: date) -> Part:
    """Keep the written rules that go on, end the others the day before, add those that are new."""
    day, before = on.isoformat(), (on - timedelta(1)).isoformat()
    current = [
        each
        for each in part
        if (each.get("adopted_on") or "0") <= day <= (each.get("ended_on") or "9")
    ]
    over = [each for each in part if each not in current]
    over += [
        {**each, "ended_on": before}
        for each in current
        if each["kind"] not in value and (each.get("adopted_on") or "0") <= before
    ]
    return [*over, *_kinds(current, value)]


def _plaque(part: Part, value: Any, _: date, name: str = "text") -> Part:
    plaques = [each for each in part if each["kind"] == "plaque"]
    if value is None:
        return [each for each in part if each["kind"] != "plaque"] if name == "text" else part
    if not plaques:
        return [{"kind": "plaque", name: value}, *part]
    best = next((each for each in plaques if each.get("text")), plaques[0])
    return [{**each, name: value} if each is best else each for each in part]


def _plaque_place(part: Part, value: Any, on: date) -> Part:
    return _plaque(part, value, on, "place")


def _logos(part: Part, value: Any, _: date) -> Part:
    up = [each for each in part if each["kind"] == "logo"]
    logos = [{"kind": "logo", **each} for each in _kinds(up, value, "logo")]
    return [*(each for each in part if each["kind"] != "logo"), *logos]


def _sign_index(part: Part, value: Any, _: date) -> Part:
    others = [each for each in part if each["kind"] != "index"]
    return [*others, {"kind": "index"}] if value else others


_FIELDS = {
    "site": "site",
    "office_m2": "office_m2",
    "office_independent": "independent",
    "organised": "divided",
    "workflow": "workflow",
    "service_window": "window",
    "service_list_displayed": "displayed",
    "functions": "functions",
    "needs_assessed_on": "needs_assessed_on",
    "service_plan_on": "service_plan_on",
    "case_work_planned": "case_work",
    "group_work_planned": "group_work",
    "needs_list_on": "on",
    "resource_list_on": "on",
}
"""Fact → the field of its part that says it."""
_NEEDED = frozenset({"needs_list_on", "resource_list_on"})
"""Fields a part cannot be without."""
_LISTS: dict[str, Callable[[Part, Any, date], Part]] = {
    "rooms": _rooms,
    "assets": _assets,
    "systems": _systems,
    "plaque": _plaque,
    "plaque_place": _plaque_place,
    "logos": _logos,
    "sign_index": _sign_index,
}
"""Fact → how it is written into the list that says it."""
