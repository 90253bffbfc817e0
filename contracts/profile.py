"""What a station's profile says to a rule on a day; a leader goes and a project ends without an event.

Registry tells the profile, and the facts it says on the day of the change; who asks of another day
asks the profile again.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Part = Any
"""A part of a profile as JSON: what came in, days as ISO text, what was not said left out."""


SAYS: dict[str, tuple[str, ...]] = {
    "premises": ("site", "office_m2", "office_independent"),
    "rooms": ("rooms",),
    "assets": ("assets",),
    "signs": ("plaque", "plaque_place", "logos", "sign_index"),
    "systems": ("systems",),
    "organisation": ("organised", "workflow"),
    "leadership": ("head", "deputies"),
    "services": ("service_window", "service_list_displayed", "functions", "offer"),
    "projects": ("projects",),
    "brands": ("brand_projects",),
    "demonstrations": ("demo",),
    "plans": ("needs_assessed_on", "service_plan_on", "case_work_planned", "group_work_planned"),
    "needs": ("needs_list_on",),
    "resources": ("resource_list_on",),
}
"""Part → the facts it may say."""


def facts_of(facts: Mapping[str, Any], profile: Mapping[str, Part], on: date) -> dict[str, Any]:
    """Return the facts of the station's sheet: those stated, and over them those the profile says."""
    found = dict(facts)
    if "leadership" in profile:
        found.pop("head", None)  # it says who heads the station, or that nobody known does
    for name, part in profile.items():
        if name in _FACTS:
            found |= _FACTS[name](part, on.isoformat())
    return found


def _current(parts: list[Part], on: str, since: str = "since", until: str = "until") -> list[Part]:
    return [each for each in parts if (each.get(since) or "0") <= on <= (each.get(until) or "9")]


def _known(**facts: Any) -> dict[str, Any]:
    """Leave out what is not known; a fact that is known to be none is not said this way."""
    return {name: value for name, value in facts.items() if value is not None}


def _premises(part: Part, _: str) -> dict[str, Any]:
    return _known(
        site=part.get("site"),
        office_m2=part.get("office_m2"),
        office_independent=part.get("independent"),
    )


def _rooms(part: Part, _: str) -> dict[str, Any]:
    return {"rooms": list(dict.fromkeys(each["kind"] for each in part))}


def _assets(part: Part, _: str) -> dict[str, Any]:
    return {"assets": [{name: each[name] for name in ("item", "provider")} for each in part]}


def _signs(part: Part, _: str) -> dict[str, Any]:
    """Say what hangs: the first plaque with its words is the plaque; without one there is none."""
    plaques = [each for each in part if each["kind"] == "plaque"]
    logos = [each["logo"] for each in part if each["kind"] == "logo" and each.get("logo")]
    found: dict[str, Any] = {
        "logos": list(dict.fromkeys(logos)),
        "sign_index": any(each["kind"] == "index" for each in part),
    }
    if not plaques:
        return found | {"plaque": None, "plaque_place": None}
    best = next((each for each in plaques if each.get("text")), plaques[0])
    return found | _known(plaque=best.get("text"), plaque_place=best.get("place"))


def _systems(part: Part, on: str) -> dict[str, Any]:
    current = _current(part, on, "adopted_on", "ended_on")
    return {"systems": list(dict.fromkeys(each["kind"] for each in current))}


def _organisation(part: Part, _: str) -> dict[str, Any]:
    return _known(organised=part.get("divided"), workflow=part.get("workflow"))


def _plans(part: Part, _: str) -> dict[str, Any]:
    """Say the days of assessment and plan; one that is said to be none is known to be none."""
    days = ("needs_assessed_on", "service_plan_on")
    return {name: part[name] for name in days if name in part} | _known(
        case_work_planned=part.get("case_work"), group_work_planned=part.get("group_work")
    )


def _needs(part: Part, _: str) -> dict[str, Any]:
    return {"needs_list_on": part["on"]}


def _resources(part: Part, _: str) -> dict[str, Any]:
    return {"resource_list_on": part["on"]}


def _leadership(part: Part, on: str) -> dict[str, Any]:
    current = _current(part, on, "starts_on", "ends_on")
    heads = [each for each in current if each["role"] == "head"]
    deputies = [
        _known(title=each.get("title"), on_station=each.get("on_station"))
        | ({"head_post": each["post"]} if "post" in each else {})
        for each in current
        if each["role"] == "deputy"
    ]
    found: dict[str, Any] = {"deputies": deputies}
    if heads:
        found["head"] = _known(post=heads[0].get("post"), concurrent=heads[0].get("concurrent"))
    return found


def _services(part: Part, on: str) -> dict[str, Any]:
    found = _known(service_window=part.get("window"), service_list_displayed=part.get("displayed"))
    if "functions" in part:
        found["functions"] = list(dict.fromkeys(part["functions"]))
    if "items" in part:
        names = ("item", "field", "nature")
        found["offer"] = [
            _known(**{name: each.get(name) for name in names})
            for each in _current(part["items"], on)
        ]
    return found


def _projects(part: Part, on: str) -> dict[str, Any]:
    names = ("kind", "field", "sponsor")
    current = _current(part, on)
    return {"projects": [{n: each[n] for n in names if n in each} for each in current]}


def _brands(part: Part, on: str) -> dict[str, Any]:
    return {"brand_projects": len(_current(part, on))}


def _demonstrations(part: Part, on: str) -> dict[str, Any]:
    named = [each for each in _current(part, on) if str(each["year"]) <= on[:4]]
    return {"demo": bool(named)}


_FACTS: dict[str, Callable[[Part, str], dict[str, Any]]] = {
    "premises": _premises,
    "rooms": _rooms,
    "assets": _assets,
    "signs": _signs,
    "systems": _systems,
    "organisation": _organisation,
    "leadership": _leadership,
    "services": _services,
    "projects": _projects,
    "brands": _brands,
    "demonstrations": _demonstrations,
    "plans": _plans,
    "needs": _needs,
    "resources": _resources,
}
"""Part → the facts it says. The other parts are asked for by no sheet."""
