"""Whose verdicts a caller may see: what is out of reach is as if it were not there."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from fastapi import Request
from sqlalchemy import ColumnElement, false, func

from chassis.identity import Actor
from chassis.problems import Forbidden
from services.evaluation.decide.cases import Case
from services.evaluation.decide.deadlines import Deadline
from services.evaluation.decide.verdicts import Kept

CITY_WIDE = frozenset({"city_bureau", "auditor"})
BY_DIVISION = frozenset({"township", "district_bureau"})
AT_STATION = frozenset({"worker", "station_head"})
COUNTY_DIGITS = 6


class _Reader:
    """Whoever may read verdicts: by `evaluation:read`, or by `registry:read` of their own station."""

    scope = "evaluation:read"

    def __call__(self, request: Request) -> Actor:
        """Return who asks."""
        actor: Actor = request.state.actor
        if not actor.scopes & {self.scope, "registry:read"}:
            raise Forbidden()
        return actor


reads_verdicts = _Reader()


def area_of(actor: Actor) -> str | None:
    """Return the prefix of the divisions a caller sees, "" for all, None for none."""
    if actor.role in CITY_WIDE:
        return ""
    return (actor.division or None) if actor.role in BY_DIVISION else None


def reaches_area(actor: Actor, code: str) -> bool:
    """Whether the caller sees the figures of an area."""
    area = area_of(actor)
    return area is not None and code.startswith(area)


def sees_figures(actor: Actor) -> bool:
    """Whether the caller sees the figures of any area: a township has none of its own."""
    area = area_of(actor)
    return area is not None and len(area) <= COUNTY_DIGITS


def reaches_station(actor: Actor, state: Mapping[str, Any]) -> bool:
    """Whether the caller sees a station's verdicts."""
    if actor.role in AT_STATION:
        return bool(state["station_id"] == str(actor.station_id))
    if actor.role == "agency":
        return bool(actor.agency_id and state["operator_id"] == str(actor.agency_id))
    return reaches_area(actor, state["division"])


def concerning(actor: Actor, row: Any) -> ColumnElement[bool]:
    """Return the condition on what is said of somebody: what is out of reach is as if not there."""
    area = area_of(actor)
    if area is not None:
        return cast("ColumnElement[bool]", func.starts_with(row.division, area))
    if actor.role in AT_STATION and actor.station_id:
        return cast("ColumnElement[bool]", row.station_id == actor.station_id)
    return false()


def reads_waivers(actor: Actor) -> bool:
    """Whether the caller is of those who see the waivers of whom they see verdicts."""
    return area_of(actor) is not None or actor.role in AT_STATION


def may_state(actor: Actor, case: Case) -> bool:
    """Whether the caller may answer for somebody: a head for the station, a bureau in its area."""
    if actor.role == "station_head":
        return bool(actor.station_id) and case.station_id == str(actor.station_id)
    return reaches_area(actor, case.area)


def reaches(actor: Actor, kept: Kept) -> bool:
    """Whether the caller sees what is kept of somebody."""
    if actor.role in AT_STATION:
        return bool(actor.station_id) and kept.station_id == str(actor.station_id)
    if actor.role == "agency":
        return bool(actor.agency_id) and kept.agency_id == str(actor.agency_id)
    return reaches_area(actor, kept.division)


def reaches_supervisor(actor: Actor, state: Mapping[str, Any]) -> bool:
    """Whether the caller sees a supervisor's verdicts: the city, the person, who employs them."""
    if actor.role == "agency":
        return bool(actor.agency_id and state["agency_id"] == str(actor.agency_id))
    if actor.role == "supervisor":
        return bool(actor.worker_id and state["worker_id"] == str(actor.worker_id))
    return actor.role in CITY_WIDE


def whose_dues(actor: Actor) -> Callable[[Deadline], bool]:
    """Return which deadlines a caller sees: as registry lists filings and duties."""
    if actor.role in AT_STATION and actor.station_id:
        own = str(actor.station_id)
        return lambda each: each.station_id == own
    area = area_of(actor)
    if area is None:
        raise Forbidden()
    return lambda each: each.division is None or each.division.startswith(area)
