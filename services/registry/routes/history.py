"""The past of any record: who changed what and when, and how it stood on a day.

Read from the event log, which holds the public state of every version. Fields that are nobody else's
to know (a name, a number, a note) are in no event, so a version in which only these changed says so by
naming no field.
"""

from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from chassis.asked import Listed
from chassis.events import Envelope
from chassis.http import Router, Tx
from chassis.problems import NotFound
from chassis.reading import cursor, no_cursor, uncursor
from chassis.rows import Aggregate
from services.registry.decide.history import changes
from services.registry.decide.stages import stood
from services.registry.models import (
    Agency,
    Duty,
    Filing,
    Link,
    Partner,
    Station,
    Supervision,
    Supervisor,
    Target,
    Training,
    Unit,
    Worker,
)
from services.registry.queries import state_of, versions_of
from services.registry.reach import reached
from services.registry.routes.callers import Reads
from services.registry.shapes import AsKnown, FindHistory

router = Router(tags=["history"])

SEE_WHO = frozenset({"city_bureau", "district_bureau", "township", "auditor"})
"""Who is told which client changed a record; the others are told that it was changed."""

LATEST = 2**62


class ChangeTold(BaseModel):
    """A field, as it was and as it is; null: it was not there."""

    field: str
    was: Any
    now: Any


class VersionTold(BaseModel):
    """A version of a record: when it was written, from which day it holds, and what it changed."""

    version: int
    type: str
    at: datetime
    as_of: date | None
    client: str | None
    purpose: str | None
    changes: list[ChangeTold]
    """Empty where only what is told to nobody changed."""


class History(Listed):
    """A page of versions, newest first."""

    items: list[VersionTold]


class StateTold(BaseModel):
    """How a record stood: its public state, as its event told it."""

    id: UUID
    version: int
    at: datetime
    as_of: date | None
    known_at: datetime
    state: dict[str, Any]


class Kind(NamedTuple):
    """A kind of record: its path, its name, its rows."""

    path: str
    name: str
    model: type[Aggregate]


KINDS = (
    Kind("stations", "station", Station),
    Kind("workers", "worker", Worker),
    Kind("trainings", "training", Training),
    Kind("supervisors", "supervisor", Supervisor),
    Kind("supervisions", "supervision", Supervision),
    Kind("agencies", "agency", Agency),
    Kind("partners", "partner", Partner),
    Kind("units", "unit", Unit),
    Kind("links", "link", Link),
    Kind("targets", "target", Target),
    Kind("filings", "filing", Filing),
    Kind("duties", "duty", Duty),
)


def _routes(kind: Kind) -> None:
    """Make the two routes of a kind."""

    async def history(
        record_id: UUID, query: Annotated[FindHistory, Query()], tx: Tx, actor: Reads
    ) -> History:
        await reached(tx, actor, kind.model, record_id)
        epoch, version = _edge(query.after)
        rows = await versions_of(tx, kind.name, record_id, epoch, version, query.limit + 1)
        states = [_state(row) for row in rows] + [{}]
        shown = [
            VersionTold(
                version=row["version"],
                type=row["type"],
                at=row["at"],
                as_of=states[number].get("as_of"),
                client=row["client"] if actor.role in SEE_WHO else None,
                purpose=row["purpose"] if actor.role in SEE_WHO else None,
                changes=[
                    ChangeTold(**each._asdict())
                    for each in changes(states[number + 1], states[number])
                ],
            )
            for number, row in enumerate(rows[: query.limit])
        ]
        last = rows[query.limit - 1] if len(rows) > query.limit else None
        return History(items=shown, next=cursor([last["epoch"], last["version"]]) if last else None)

    async def state(
        record_id: UUID, query: Annotated[AsKnown, Query()], tx: Tx, actor: Reads
    ) -> StateTold:
        await reached(tx, actor, kind.model, record_id)
        day, known = query.as_of or tx.today, query.known_at or tx.now
        row = await state_of(tx, kind.name, record_id, day, known)
        if row is None:
            raise NotFound()
        said: dict[str, Any] | None = _state(row)
        if kind.model is Station:
            latest = await state_of(tx, kind.name, record_id, date.max, known)
            said = stood(_state(row), _state(latest), day)
        if said is None:
            raise NotFound()
        return StateTold(
            id=record_id,
            version=row["version"],
            at=row["at"],
            as_of=said.get("as_of"),
            known_at=known,
            state=said,
        )

    history.__name__ = f"get_{kind.name}_history"
    history.__doc__ = f"List the versions of a {kind.name}: when, by which client, what changed."
    state.__name__ = f"get_{kind.name}_state"
    state.__doc__ = f"Show how a {kind.name} stood on a day, as known at an instant."
    router.get(f"/{kind.path}/{{record_id}}/history")(history)
    router.get(f"/{kind.path}/{{record_id}}/state")(state)


for _kind in KINDS:
    _routes(_kind)


def _state(row: Any) -> dict[str, Any]:
    return Envelope.read(bytes(row["body"])).data


def _edge(after: str | None) -> tuple[int, int]:
    """Return the version to go on before: epoch and number."""
    if after is None:
        return LATEST, LATEST
    epoch, version = uncursor(after, 2)
    if not all(type(each) is int and 0 <= each <= LATEST for each in (epoch, version)):
        raise no_cursor()
    return epoch, version
