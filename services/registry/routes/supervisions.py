"""Supervisions held at stations, and from which day each register is whole."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import Forbidden, UnknownReference
from services.registry.decide.supervision import (
    move_register,
    open_register,
    write_supervision,
)
from services.registry.models import (
    Assignment,
    Register,
    RegisterView,
    Station,
    Supervision,
    SupervisionView,
    Supervisor,
)
from services.registry.queries import words_of
from services.registry.reach import Condition, must_write, reach, reached
from services.registry.routes.callers import Reads, Supervises, Writes
from services.registry.shapes import (
    FindSupervisions,
    MoveRegister,
    OpenRegister,
    WriteSupervision,
)

router = Router(tags=["supervision"])


class Supervisions(Listed):
    """A page of supervisions."""

    items: list[SupervisionView]


class Registers(Listed):
    """The registers whose beginning the city has stated."""

    items: list[RegisterView]


@router.post("/supervisions", status_code=201)
async def post_supervision(ask: WriteSupervision, tx: Tx, actor: Supervises) -> SupervisionView:
    """Enter a supervision that was held: one visit with all its days."""
    must_write(actor, Supervision)
    await _known(tx, actor, ask)
    served = await _served(tx, ask.supervisor_id)
    return tx.record(*write_supervision(None, ask, await words_of(tx), tx.today, served))


@router.get("/supervisions")
async def get_supervisions(
    query: Annotated[FindSupervisions, Query()], tx: Tx, actor: Reads
) -> Supervisions:
    """List the supervisions of stations within the caller's reach."""
    page = await tx.page(
        Supervision,
        *reach(actor, Supervision, tx.today),
        *_filters(query),
        after=query.after,
        limit=query.limit,
    )
    return Supervisions(items=list(page.items), next=page.next)


@router.get("/supervisions/{supervision_id}")
async def get_supervision(supervision_id: UUID, tx: Tx, actor: Reads) -> SupervisionView:
    """Show a supervision."""
    return await reached(tx, actor, Supervision, supervision_id)


@router.put("/supervisions/{supervision_id}")
async def put_supervision(
    supervision_id: UUID, ask: WriteSupervision, tx: Tx, actor: Supervises, version: MustMatch
) -> SupervisionView:
    """Replace what is said of a supervision, for instance when its record is filed."""
    supervision = await reached(tx, actor, Supervision, supervision_id, write=True)
    match(supervision, version)
    if not await _supervisor(tx, actor, supervision.supervisor_id):
        raise Forbidden("只能修改本人的督导", "A supervisor changes own supervisions only")
    await _known(tx, actor, ask)
    served = await _served(tx, ask.supervisor_id)
    return tx.record(*write_supervision(supervision, ask, await words_of(tx), tx.today, served))


@router.post("/registers", status_code=201)
async def post_register(ask: OpenRegister, tx: Tx, actor: Writes) -> RegisterView:
    """Say from which day a register is whole: what is not in it since then did not happen.

    Until somebody says so an empty register means nothing, and rules that count in it are undecided.
    """
    must_write(actor, Register)
    return tx.record(*open_register(ask, tx.today))


@router.get("/registers")
async def get_registers(tx: Tx, actor: Reads) -> Registers:
    """List from which day each register is whole."""
    found = await tx.find(Register, *reach(actor, Register, tx.today), order_by=(Register.name,))
    return Registers(items=list(found), next=None)


@router.get("/registers/{register_id}")
async def get_register(register_id: UUID, tx: Tx, actor: Reads) -> RegisterView:
    """Show from which day a register is whole."""
    return await reached(tx, actor, Register, register_id)


@router.put("/registers/{register_id}")
async def put_register(
    register_id: UUID, ask: MoveRegister, tx: Tx, actor: Writes, version: MustMatch
) -> RegisterView:
    """Say another day for a register."""
    register = await reached(tx, actor, Register, register_id, write=True)
    match(register, version)
    register.complete_from = ask.complete_from
    return tx.record(*move_register(register, tx.today))


async def _known(tx: Tx, actor: Actor, ask: WriteSupervision) -> None:
    """Refuse a station out of reach, and a supervisor who is nobody."""
    here = col(Station.id) == ask.station_id
    if await tx.one(Station, here, *reach(actor, Station, tx.today)) is None:
        raise UnknownReference("/station_id")
    if not await _supervisor(tx, actor, ask.supervisor_id):
        raise UnknownReference("/supervisor_id")


async def _served(tx: Tx, supervisor_id: UUID) -> list[Assignment]:
    return await tx.find(Assignment, Assignment.supervisor_id == supervisor_id)


async def _supervisor(tx: Tx, actor: Actor, supervisor_id: UUID) -> bool:
    """Whether there is such a supervisor for this caller; for a supervisor there is only the own one."""
    own = reach(actor, Supervisor, tx.today) if actor.role == "supervisor" else []
    return await tx.one(Supervisor, col(Supervisor.id) == supervisor_id, *own) is not None


def _filters(query: FindSupervisions) -> list[Condition]:
    said = query.model_dump(include={"status", "station_id", "supervisor_id"}, exclude_none=True)
    found: list[Condition] = [getattr(Supervision, name) == value for name, value in said.items()]
    if query.recorded is not None:
        filed = col(Supervision.recorded_on).is_not(None)
        found.append(filed if query.recorded else ~filed)
    return found
