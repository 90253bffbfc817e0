"""Supervisors: people employed in that role for a term, and the stations they are responsible for."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import UnknownReference
from chassis.reading import among
from services.registry.decide.supervision import TERM, write_supervisor
from services.registry.models import (
    Agency,
    Assignment,
    Station,
    Supervisor,
    SupervisorView,
    Worker,
)
from services.registry.queries import words_of
from services.registry.reach import Condition, assigned_to, must_write, reach, reached
from services.registry.routes.callers import Reads, Writes
from services.registry.shapes import Assign, FindSupervisors, WriteSupervisor

router = Router(tags=["supervision"])


class SupervisorShown(SupervisorView):
    """A supervisor with the stations."""

    stations: list[Assign]


class Supervisors(Listed):
    """A page of supervisors."""

    items: list[SupervisorShown]


class SupervisorReceipt(BaseModel):
    """What a write answers."""

    id: UUID
    version: int


@router.post("/supervisors", status_code=201)
async def post_supervisor(ask: WriteSupervisor, tx: Tx, actor: Writes) -> SupervisorReceipt:
    """Enter somebody employed as supervisor for a term, with the stations."""
    must_write(actor, Supervisor)
    await _known(tx, actor, ask, ask.stations)
    supervisor, stations, event = write_supervisor(None, ask, await words_of(tx), tx.today)
    tx.record(supervisor, event)
    tx.keep(*stations)
    return SupervisorReceipt(id=supervisor.id, version=supervisor.version)


@router.get("/supervisors")
async def get_supervisors(
    query: Annotated[FindSupervisors, Query()], tx: Tx, actor: Reads
) -> Supervisors:
    """List the supervisors within the caller's reach."""
    filters: list[Condition] = []
    if query.station_id is not None:
        filters.append(assigned_to(query.station_id))
    if query.worker_id is not None:
        filters.append(col(Supervisor.worker_id) == query.worker_id)
    page = await tx.page(
        Supervisor,
        *reach(actor, Supervisor, tx.today),
        *filters,
        after=query.after,
        limit=query.limit,
    )
    return Supervisors(items=await _shown(tx, page.items), next=page.next)


@router.get("/supervisors/{supervisor_id}")
async def get_supervisor(supervisor_id: UUID, tx: Tx, actor: Reads) -> SupervisorShown:
    """Show a supervisor's term."""
    supervisor = await reached(tx, actor, Supervisor, supervisor_id)
    return (await _shown(tx, [supervisor]))[0]


@router.put("/supervisors/{supervisor_id}")
async def put_supervisor(
    supervisor_id: UUID, ask: WriteSupervisor, tx: Tx, actor: Writes, version: MustMatch
) -> SupervisorReceipt:
    """Replace what is said of a term; only stations within reach are added, changed or taken.

    What is said of the person is for whoever reaches all of the stations.
    """
    supervisor = await reached(tx, actor, Supervisor, supervisor_id, write=True)
    match(supervisor, version)
    there = {(each.station_id, each.starts_on): each for each in await _of(tx, [supervisor])}
    said = {(each.station_id, each.starts_on): each for each in ask.stations}
    moved = [
        each for key, each in said.items() if key not in there or there[key].ends_on != each.ends_on
    ]
    gone = [row for key, row in there.items() if key not in said]
    other = any(getattr(ask, name) != getattr(supervisor, name) for name in TERM)
    touched: list[Assign | Assignment] = [*moved, *gone]
    if other:
        touched = [*ask.stations, *there.values()]
    await _known(tx, actor, ask, touched, supervisor.worker_id)
    supervisor, stations, event = write_supervisor(supervisor, ask, await words_of(tx), tx.today)
    tx.record(supervisor, event)
    for row in gone:
        tx.drop(row)
    for made in stations:
        kept = there.get((made.station_id, made.starts_on))
        if kept is None:
            tx.keep(made)
        elif kept.ends_on != made.ends_on:
            kept.ends_on = made.ends_on
            tx.keep(kept)
    return SupervisorReceipt(id=supervisor.id, version=supervisor.version)


async def _known(
    tx: Tx,
    actor: Actor,
    ask: WriteSupervisor,
    stations: Sequence[Assign | Assignment],
    whose: UUID | None = None,
) -> None:
    """Refuse stations and people out of reach, and agencies nobody has entered.

    `whose` the term is already, stays: somebody else may have named that person.
    """
    wanted = [each.station_id for each in stations]
    if wanted:
        here = among(Station.id, wanted)
        seen = {each.id for each in await tx.find(Station, here, *reach(actor, Station, tx.today))}
        if lost := next((each for each in stations if each.station_id not in seen), None):
            number = next((i for i, each in enumerate(ask.stations) if each is lost), None)
            at = "/stations" if number is None else f"/stations/{number}/station_id"
            raise UnknownReference(at)
    if whose != ask.worker_id and not await _person(tx, actor, ask.worker_id):
        raise UnknownReference("/worker_id")
    if ask.agency_id is not None and await tx.peek(Agency, ask.agency_id) is None:
        raise UnknownReference("/agency_id")


async def _person(tx: Tx, actor: Actor, worker_id: UUID) -> bool:
    """Whether the caller reaches a person: one who serves within reach, or supervises there."""
    here = col(Worker.id) == worker_id
    if await tx.one(Worker, here, *reach(actor, Worker, tx.today)) is not None:
        return True
    term = col(Supervisor.worker_id) == worker_id
    return await tx.one(Supervisor, term, *reach(actor, Supervisor, tx.today)) is not None


async def _of(tx: Tx, supervisors: Sequence[Supervisor]) -> list[Assignment]:
    return await tx.find(
        Assignment,
        among(Assignment.supervisor_id, [each.id for each in supervisors]),
        order_by=(Assignment.starts_on, Assignment.station_id),
    )


async def _shown(tx: Tx, supervisors: Sequence[Supervisor]) -> list[SupervisorShown]:
    if not supervisors:
        return []
    assignments = await _of(tx, supervisors)
    fields = SupervisorView.model_fields
    return [
        SupervisorShown(
            **{name: getattr(supervisor, name) for name in fields},
            stations=[
                Assign(station_id=a.station_id, starts_on=a.starts_on, ends_on=a.ends_on)
                for a in assignments
                if a.supervisor_id == supervisor.id
            ],
        )
        for supervisor in supervisors
    ]
