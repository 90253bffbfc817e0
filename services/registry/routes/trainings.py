"""Trainings: entered with everyone who took part, replaced, found."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import UnknownReference
from chassis.reading import among
from services.registry.decide.trainings import SAID, write_training
from services.registry.models import Attendance, Training, TrainingView, Worker
from services.registry.queries import words_of
from services.registry.reach import Condition, attended_by, must_write, reach, reached, year_of
from services.registry.routes.callers import Reads, Writes
from services.registry.shapes import FindTrainings, WriteTraining

router = Router(tags=["trainings"])


class TrainingShown(TrainingView):
    """A training with everyone who took part."""

    worker_ids: list[UUID]


class Trainings(Listed):
    """A page of trainings."""

    items: list[TrainingShown]


@router.post("/trainings", status_code=201)
async def post_training(ask: WriteTraining, tx: Tx, actor: Writes) -> TrainingView:
    """Enter a training that was held, with everyone who took part."""
    must_write(actor, Training)
    await _known(tx, actor, ask, set(ask.worker_ids))
    training, event = write_training(None, ask, await words_of(tx), tx.today)
    tx.record(training, event)
    tx.keep(*(Attendance(training_id=training.id, worker_id=each) for each in ask.worker_ids))
    return training


@router.get("/trainings")
async def get_trainings(
    query: Annotated[FindTrainings, Query()], tx: Tx, actor: Reads
) -> Trainings:
    """List the trainings somebody within the caller's reach took part in."""
    page = await tx.page(
        Training,
        *reach(actor, Training, tx.today),
        *_filters(query),
        after=query.after,
        limit=query.limit,
    )
    return Trainings(items=await _shown(tx, page.items), next=page.next)


@router.get("/trainings/{training_id}")
async def get_training(training_id: UUID, tx: Tx, actor: Reads) -> TrainingShown:
    """Show a training."""
    training = await reached(tx, actor, Training, training_id)
    return (await _shown(tx, [training]))[0]


@router.put("/trainings/{training_id}")
async def put_training(
    training_id: UUID, ask: WriteTraining, tx: Tx, actor: Writes, version: MustMatch
) -> TrainingView:
    """Replace what is said of a training; only people within reach are added or taken away.

    What is said of everybody who took part is for whoever reaches them all.
    """
    training = await reached(tx, actor, Training, training_id, write=True)
    match(training, version)
    there = {each.worker_id: each for each in await _attendances(tx, [training])}
    named = set(ask.worker_ids)
    other = any(getattr(ask, name) != getattr(training, name) for name in SAID)
    await _known(tx, actor, ask, named | there.keys() if other else named ^ there.keys())
    training, event = write_training(training, ask, await words_of(tx), tx.today)
    tx.record(training, event)
    for gone in there.keys() - named:
        tx.drop(there[gone])
    tx.keep(*(Attendance(training_id=training.id, worker_id=each) for each in named - there.keys()))
    return training


async def _known(tx: Tx, actor: Actor, ask: WriteTraining, moved: set[UUID]) -> None:
    """Refuse people out of reach whose trainings would not be what they were."""
    here = among(Worker.id, moved)
    seen = {each.id for each in await tx.find(Worker, here, *reach(actor, Worker, tx.today))}
    if lost := moved - seen:
        named = (f"/worker_ids/{n}" for n, each in enumerate(ask.worker_ids) if each in lost)
        raise UnknownReference(next(named, "/worker_ids"))


async def _attendances(tx: Tx, trainings: Sequence[Training]) -> list[Attendance]:
    return await tx.find(Attendance, among(Attendance.training_id, [t.id for t in trainings]))


async def _shown(tx: Tx, trainings: Sequence[Training]) -> list[TrainingShown]:
    if not trainings:
        return []
    present: dict[UUID, list[UUID]] = {each.id: [] for each in trainings}
    for each in await _attendances(tx, trainings):
        present[each.training_id].append(each.worker_id)
    fields = TrainingView.model_fields
    return [
        TrainingShown(
            **{name: getattr(training, name) for name in fields},
            worker_ids=sorted(present[training.id]),
        )
        for training in trainings
    ]


def _filters(query: FindTrainings) -> list[Condition]:
    found: list[Condition] = []
    if query.status is not None:
        found.append(col(Training.status) == query.status)
    if query.kind is not None:
        found.append(col(Training.kind) == query.kind)
    if query.worker_id is not None:
        found.append(attended_by(query.worker_id))
    if query.year is not None:
        found.append(year_of(col(Training.starts_on), query.year))
    return found
