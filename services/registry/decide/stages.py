"""The stages of a station: planned, building, open, suspended, closed, each with its first day.

They are in order, in status and in time, whatever order they are told in. A first stage nobody dated
has the day it was entered, and gives way to a second one that is said to have begun before.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from chassis.problems import At, WrongStatus
from contracts.stages import stage_on
from services.registry.models import Station
from services.registry.shapes import ChangeStation, OpenStation, Stage

NEXT: dict[str, tuple[str, ...]] = {
    "planned": ("building", "open", "closed"),
    "building": ("open", "closed"),
    "open": ("suspended", "closed"),
    "suspended": ("open", "closed"),
    "closed": (),
}
"""Status → what may follow it."""
OPEN = "open"


def begin(station: Station, ask: OpenStation, today: date) -> list[At]:
    """Give a station the stages so far; return what is wrong with them."""
    station.stages = _plain(ask.stages or ())
    if station.status == OPEN:
        station.open_on = ask.open_on or _opened(station.stages) or station.as_of
    if not station.stages:
        opened = ask.open_on if station.status == OPEN else None
        said = (opened or ask.effective_on) is not None
        station.stages = [_stage(station.status, opened or station.as_of, assumed=not said)]
    return [*_strange(station, today)]


def go_on(station: Station, ask: ChangeStation, today: date) -> list[At]:
    """Go on to the next stage, or correct the days of those so far; return what is wrong with it."""
    wrong: list[At] = []
    if ask.status is not None and ask.status != station.status:
        if ask.status not in NEXT[station.status]:
            raise WrongStatus(station.status, NEXT[station.status])
        wrong += _step(station, ask.status, ask.open_on)
    if ask.stages is not None:
        station.stages = _plain(ask.stages)
        if ask.open_on is None:
            station.open_on = _opened(station.stages) or station.open_on
        wrong = [*_strange(station, today)]
    elif ask.open_on is not None and _opened(station.stages) is not None:
        first = next(each for each in station.stages if each["status"] == OPEN)
        dated = _stage(OPEN, ask.open_on)
        station.stages = [dated if each is first else each for each in station.stages]
        if any(then["on"] < one["on"] for one, then in pairwise(station.stages)):
            wrong.append(
                At("/open_on", "out-of-order", "与各阶段日期不符", "does not fit its stages")
            )
    return wrong


def stood(state: Mapping[str, Any], latest: Mapping[str, Any], day: date) -> dict[str, Any] | None:
    """Return a station's state of a day, in its stage of that day; None before its first.

    The days of stages are believed as they were told last: a correction of them holds from no day.
    """
    stages = latest.get("stages")
    if not stages:  # told before stages were
        return dict(state)
    status = stage_on(stages, day)
    return None if status is None else {**state, "status": status, "stages": stages}


def _step(station: Station, status: str, open_on: date | None) -> Iterator[At]:
    on, at = station.as_of, "/effective_on"
    if status == OPEN and _opened(station.stages) is None:
        on, at = (open_on, "/open_on") if open_on else (on, at)
        station.open_on = station.open_on or on
    before = station.stages
    if len(before) == 1 and before[0].get("assumed") and on.isoformat() < before[0]["on"]:
        if station.open_on is not None and station.open_on.isoformat() == before[0]["on"]:
            station.open_on = on
        before = [before[0] | {"on": on.isoformat()}]
    if before and on.isoformat() < before[-1]["on"]:
        yield At(
            at,
            "before-start",
            "早于前一阶段；日期有误的，请用 stages 更正",
            "is before the stage before it; `stages` corrects their days",
        )
    station.status = status
    station.stages = [*before, _stage(status, on)]


def _stage(status: str, on: date, *, assumed: bool = False) -> dict[str, Any]:
    return {"status": status, "on": on.isoformat()} | ({"assumed": True} if assumed else {})


def _plain(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    return [_stage(each.status, each.on, assumed=each.assumed) for each in stages]


def _opened(stages: Sequence[Mapping[str, Any]]) -> date | None:
    return next((date.fromisoformat(e["on"]) for e in stages if e["status"] == OPEN), None)


def _strange(station: Station, today: date) -> Iterator[At]:
    """Yield where stages do not follow one another, in status or in time."""
    stages = station.stages
    for number, (one, then) in enumerate(pairwise(stages), 1):
        if then["status"] not in NEXT[one["status"]]:
            at = f"/stages/{number}/status"
            yield At(at, "does-not-follow", "与前一阶段不衔接", "does not follow the one before")
        if then["on"] < one["on"]:
            at = f"/stages/{number}/on"
            yield At(at, "before-start", "早于前一阶段", "is before the stage before it")
    for number, each in enumerate(stages):
        if each["on"] > today.isoformat():
            at = f"/stages/{number}/on"
            yield At(at, "in-future", "不能晚于今天", "is later than today")
    if stages and stages[-1]["status"] != station.status:
        at = f"/stages/{len(stages) - 1}/status"
        yield At(at, "not-the-status", "与当前状态不一致", "is not the station's status")
