"""Who reaches what (contract.md, "Roles and owners"): said once, used by every read and write.

    all        the city
    division   what stands, serves, or lies under the caller's division prefix
    own        the caller's station, who serves there, who operates it, the unit it stands in
    operated   the stations the caller's agency operates, or has a contract to
    employed   who the caller's agency employs
    supervised the stations the caller supervises, who serves there, what supervisions were held
    itself     the caller's own agency

What is not named is out of reach: it answers like what is absent. Who reaches but may not write is
told so.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_
from sqlmodel import col

from chassis.db import Transaction
from chassis.identity import Actor
from chassis.problems import Forbidden, NotFound
from chassis.rows import Aggregate
from services.registry.models import (
    Agency,
    Assignment,
    Attendance,
    Duty,
    Filing,
    Link,
    Operation,
    Partner,
    Posting,
    Register,
    Station,
    Supervision,
    Supervisor,
    Target,
    Training,
    Unit,
    Worker,
)

Condition = ColumnElement[bool]
ReachedT = TypeVar("ReachedT", bound=Aggregate)

Reaches = Mapping[type[Aggregate], str]

Kinds = tuple[type[Aggregate], ...]

_STAFF: Kinds = (Worker, Training, Supervisor, Supervision)
"""Kinds that are reached through a station: who serves there, or is supervised there."""
_PLACES: Kinds = (Unit, Link)
_BODIES: Kinds = (Agency, Partner, Register)
_DUES: Kinds = (Target, Filing, Duty)
"""Kinds that name an area, or the whole jurisdiction."""


def _all_of(how: str, kinds: Kinds) -> dict[type[Aggregate], str]:
    return dict.fromkeys(kinds, how)


_EVERYTHING: Reaches = _all_of("all", (Station, *_STAFF, *_PLACES, *_BODIES, *_DUES))
_DIVISION: Reaches = _all_of("division", (Station, *_STAFF, *_PLACES, *_DUES)) | _all_of(
    "all", _BODIES
)
_STATION: Reaches = _all_of("own", (Station, *_STAFF, *_PLACES, Agency, Filing)) | {Register: "all"}
_SUPERVISED: Reaches = _all_of("supervised", (Station, *_STAFF)) | {Register: "all"}
_AGENCY: Reaches = _all_of("employed", _STAFF) | {
    Station: "operated",
    Agency: "itself",
    Link: "itself",
    Register: "all",
}

READS: Mapping[str, Reaches] = {
    "city_bureau": _EVERYTHING,
    "auditor": _EVERYTHING,
    "district_bureau": _DIVISION,
    "township": _DIVISION,
    "station_head": _STATION,
    "worker": _STATION,
    "supervisor": _SUPERVISED,
    "agency": _AGENCY,
}
"""Role → kind of thing → how far it sees; what is not here sees nothing."""

WRITES: Mapping[str, frozenset[type[Aggregate]]] = {
    "city_bureau": frozenset({Station, *_STAFF, *_PLACES, *_BODIES, *_DUES}),
    "district_bureau": frozenset({Station, *_STAFF, *_PLACES, *_DUES}),
    "township": frozenset({Station, Worker, Training, Supervision, Filing}),
    "station_head": frozenset({Station, Worker, Training, Supervision, Filing}),
    "supervisor": frozenset({Supervision}),
}
"""Role → the kinds of things it writes, as far as it sees them."""

CITY_WIDE = frozenset({"city_bureau", "auditor"})


def reach(actor: Actor, kind: type[Aggregate], today: date) -> list[Condition]:
    """Return the conditions under which rows of a kind exist for this caller."""
    how = READS.get(actor.role, {}).get(kind)
    return [] if how == "all" else [_HOW[kind, how](actor, today) if how else false()]


async def reached(
    tx: Transaction, actor: Actor, kind: type[ReachedT], thing: UUID, *, write: bool = False
) -> ReachedT:
    """Return a row this caller reaches; 404 as if absent where it does not.

    `write=True` is 403 for who may see it and not change it.
    """
    row = await tx.one(kind, col(kind.id) == thing, *reach(actor, kind, tx.today))
    if row is None:
        raise NotFound()
    if write:
        must_write(actor, kind)
    return row


def must_write(actor: Actor, kind: type[Aggregate]) -> None:
    """Refuse a caller whose role does not write such things."""
    if kind not in WRITES.get(actor.role, ()):
        raise Forbidden("该角色不能修改此类数据", "This role does not change such data")


def in_division(actor: Actor, code: str) -> bool:
    """Whether a caller is responsible for whatever stands at a division code."""
    how = READS.get(actor.role, {}).get(Station)
    if how == "division":
        return bool(actor.division) and code.startswith(actor.division or "")
    return how == "all"


def serving_at(station_id: UUID, today: date) -> Condition:
    """Who serves at a station today, or will."""
    return _serving(today, col(Posting.station_id) == station_id)


def serving_within(prefix: str, today: date) -> Condition:
    """Who serves under a division prefix today, or will."""
    return _serving(
        today,
        col(Station.city) == col(Posting.city),
        col(Station.id) == col(Posting.station_id),
        under(col(Station.division), prefix),
    )


def attended_by(worker_id: UUID) -> Condition:
    """Trainings a worker took part in."""
    return exists().where(
        col(Attendance.city) == col(Training.city),
        col(Attendance.training_id) == col(Training.id),
        col(Attendance.worker_id) == worker_id,
    )


def assigned_to(station_id: UUID) -> Condition:
    """Supervisors who are, were or will be responsible for a station."""
    return exists().where(
        col(Assignment.city) == col(Supervisor.city),
        col(Assignment.supervisor_id) == col(Supervisor.id),
        col(Assignment.station_id) == station_id,
    )


def year_of(column: Any, year: int) -> Condition:
    """Whether a day lies in a calendar year; a range, which an index answers."""
    found: Condition = (column >= date(year, 1, 1)) & (column <= date(year, 12, 31))
    return found


def _division(actor: Actor, _: date) -> Condition:
    return under(col(Station.division), actor.division) if actor.division else false()


def _own_station(actor: Actor, _: date) -> Condition:
    return col(Station.id) == actor.station_id if actor.station_id else false()


def _operated(actor: Actor, today: date) -> Condition:
    if actor.agency_id is None:
        return false()
    contract = exists().where(
        col(Operation.city) == col(Station.city),
        col(Operation.station_id) == col(Station.id),
        col(Operation.agency_id) == actor.agency_id,
        col(Operation.ends_on) >= today,
    )
    return or_(col(Station.operator_id) == actor.agency_id, contract)


def _serving(today: date, *at: Condition) -> Condition:
    """Who serves at stations today, or will: a posting that is over opens nothing."""
    return exists().where(
        col(Posting.city) == col(Worker.city),
        col(Posting.worker_id) == col(Worker.id),
        or_(col(Posting.ends_on).is_(None), col(Posting.ends_on) >= today),
        *at,
    )


def _serving_in_division(actor: Actor, today: date) -> Condition:
    return serving_within(actor.division, today) if actor.division else false()


def _serving_at_own(actor: Actor, today: date) -> Condition:
    if actor.station_id is None:
        return false()
    return serving_at(actor.station_id, today)


def _employed(actor: Actor, _: date) -> Condition:
    return col(Worker.employer_id) == actor.agency_id if actor.agency_id else false()


def _own_operator(actor: Actor, _: date) -> Condition:
    if actor.station_id is None:
        return false()
    return exists().where(
        col(Station.city) == col(Agency.city),
        col(Station.id) == actor.station_id,
        col(Station.operator_id) == col(Agency.id),
    )


def _itself(actor: Actor, _: date) -> Condition:
    return col(Agency.id) == actor.agency_id if actor.agency_id else false()


def _unit_within(actor: Actor, _: date) -> Condition:
    return under(col(Unit.division), actor.division) if actor.division else false()


def _unit_around_own(actor: Actor, _: date) -> Condition:
    if actor.station_id is None:
        return false()
    return exists().where(
        col(Station.city) == col(Unit.city),
        col(Station.id) == actor.station_id,
        col(Station.unit_id) == col(Unit.id),
    )


def _linked_within(actor: Actor, _: date) -> Condition:
    if not actor.division:
        return false()
    return exists().where(
        col(Station.city) == col(Link.city),
        or_(col(Station.id) == col(Link.from_id), col(Station.id) == col(Link.to_id)),
        under(col(Station.division), actor.division),
    )


def _at_an_end(thing: UUID | None) -> Condition:
    return or_(col(Link.from_id) == thing, col(Link.to_id) == thing) if thing else false()


def _linked_to_own(actor: Actor, _: date) -> Condition:
    return _at_an_end(actor.station_id)


def _linked_to_itself(actor: Actor, _: date) -> Condition:
    return _at_an_end(actor.agency_id)


def _supervised(actor: Actor, today: date, *at: Condition) -> Condition:
    """Whether the caller supervises a station today: `at` says which."""
    if actor.worker_id is None:
        return false()
    return exists().where(
        col(Supervisor.city) == col(Assignment.city),
        col(Supervisor.id) == col(Assignment.supervisor_id),
        col(Supervisor.worker_id) == actor.worker_id,
        col(Assignment.starts_on) <= today,
        or_(col(Assignment.ends_on).is_(None), col(Assignment.ends_on) >= today),
        *at,
    )


def _supervised_station(actor: Actor, today: date) -> Condition:
    return _supervised(
        actor,
        today,
        col(Assignment.city) == col(Station.city),
        col(Assignment.station_id) == col(Station.id),
    )


def _serving_at_supervised(actor: Actor, today: date) -> Condition:
    at = _supervised(
        actor,
        today,
        col(Assignment.city) == col(Posting.city),
        col(Assignment.station_id) == col(Posting.station_id),
    )
    return _serving(today, at)


def _itself_supervisor(actor: Actor, _: date) -> Condition:
    return col(Supervisor.worker_id) == actor.worker_id if actor.worker_id else false()


def _attended(workers: str) -> Callable[[Actor, date], Condition]:
    """Trainings where somebody took part whom the caller reaches."""

    def how(actor: Actor, today: date) -> Condition:
        return exists().where(
            col(Attendance.city) == col(Training.city),
            col(Attendance.training_id) == col(Training.id),
            col(Worker.city) == col(Attendance.city),
            col(Worker.id) == col(Attendance.worker_id),
            _HOW[Worker, workers](actor, today),
        )

    return how


def _assigned(stations: str) -> Callable[[Actor, date], Condition]:
    """Supervisors of a station the caller reaches."""

    def how(actor: Actor, today: date) -> Condition:
        return exists().where(
            col(Assignment.city) == col(Supervisor.city),
            col(Assignment.supervisor_id) == col(Supervisor.id),
            col(Station.city) == col(Assignment.city),
            col(Station.id) == col(Assignment.station_id),
            _HOW[Station, stations](actor, today),
        )

    return how


def _held_at(stations: str) -> Callable[[Actor, date], Condition]:
    """Supervisions of a station the caller reaches."""

    def how(actor: Actor, today: date) -> Condition:
        return exists().where(
            col(Station.city) == col(Supervision.city),
            col(Station.id) == col(Supervision.station_id),
            _HOW[Station, stations](actor, today),
        )

    return how


def _of_the_area(kind: type[Target | Filing | Duty]) -> Callable[[Actor, date], Condition]:
    """What names the caller's area, or no area: what the whole city set out to do is no secret."""

    def within(actor: Actor, _: date) -> Condition:
        if not actor.division:
            return false()
        return or_(col(kind.division).is_(None), under(col(kind.division), actor.division))

    return within


def _filed_by_own(actor: Actor, _: date) -> Condition:
    return col(Filing.station_id) == actor.station_id if actor.station_id else false()


_HOW: dict[tuple[type[Aggregate], str], Callable[[Actor, date], Condition]] = {
    (Station, "division"): _division,
    (Station, "own"): _own_station,
    (Station, "operated"): _operated,
    (Worker, "division"): _serving_in_division,
    (Worker, "own"): _serving_at_own,
    (Worker, "employed"): _employed,
    (Station, "supervised"): _supervised_station,
    (Worker, "supervised"): _serving_at_supervised,
    **{(Training, how): _attended(how) for how in ("division", "own", "employed", "supervised")},
    **{(Supervisor, how): _assigned(how) for how in ("division", "own")},
    (Supervisor, "employed"): _assigned("operated"),
    (Supervisor, "supervised"): _itself_supervisor,
    **{(Supervision, how): _held_at(how) for how in ("division", "own", "supervised")},
    (Supervision, "employed"): _held_at("operated"),
    (Agency, "own"): _own_operator,
    (Agency, "itself"): _itself,
    (Unit, "division"): _unit_within,
    (Unit, "own"): _unit_around_own,
    (Target, "division"): _of_the_area(Target),
    (Filing, "division"): _of_the_area(Filing),
    (Duty, "division"): _of_the_area(Duty),
    (Filing, "own"): _filed_by_own,
    (Link, "division"): _linked_within,
    (Link, "own"): _linked_to_own,
    (Link, "itself"): _linked_to_itself,
}


def under(column: Any, prefix: str) -> Condition:
    """Whether a code or a name begins so; a range, which an index in the order of C answers."""
    condition: Condition = (column >= prefix) & (column < prefix + "\U0010ffff")
    return condition
