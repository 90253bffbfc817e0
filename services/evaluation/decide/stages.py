"""How stations stood on a day: by the days of their stages, whenever they were entered.

Who opened in 2023 and was entered in 2026 was open in 2024. What else is told of a station holds from
the day it was told of; of the days before, its first word is taken for its tier and its place.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contracts.stages import stage_on
from services.evaluation.decide.assemble import OPEN, State

DATED = ("demonstrations",)
"""Parts of a profile that say their own days and are counted in figures."""


def stood(versions: Sequence[State], day: date) -> State | None:
    """Return how a station stood on a day, by every word of it, the latest first."""
    on = day.isoformat()
    words = next((each for each in versions if each["valid_from"] <= on), None)
    status = status_on(versions[0], words, day)
    return None if status is None else {**(words or versions[-1]), "status": status}


def staged(state: dict[str, Any], day: date) -> dict[str, Any]:
    """Return a station's state in its stage of a day: a word of then may have been told of later ones."""
    status = stage_on(state.get("stages") or (), day)
    return state if status in (None, state["status"]) else {**state, "status": status}


def status_on(latest: State, then: State | None, day: date) -> str | None:
    """Return the stage of a day, by the latest word and by what was told of that day."""
    if stages := latest.get("stages"):
        return stage_on(stages, day)
    if then is not None:  # told before stages were
        return str(then["status"])
    opened = latest["open_on"]
    return OPEN if latest["status"] == OPEN and opened and opened <= day.isoformat() else None


def as_counted(latest: State, then: State | None, day: date) -> State | None:
    """Return a station as an area counts it on a day; what was told of no such day is unknown."""
    status = status_on(latest, then, day)
    if status is None:
        return None
    if then is not None:
        return {**then, "status": status}
    profile: Mapping[str, Any] = latest.get("profile") or {}
    dated = {name: profile[name] for name in DATED if name in profile}
    return {**latest, "status": status, "facts": {}, "profile": dated}
