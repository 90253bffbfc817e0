"""Trainings: what was held, and by whom it was attended."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from chassis.problems import At, Invalid
from contracts.registry import TrainingChanged
from services.registry.decide.days import in_order, since
from services.registry.facts import TrainingWords, Words, strange_words
from services.registry.models import Training
from services.registry.shapes import WriteTraining

SAID = (
    *("status", "kind", "mode", "hours", "provider", "topic"),
    *("starts_on", "ends_on"),
)
"""What is said of a training beside who took part."""


def write_training(
    training: Training | None, ask: WriteTraining, words: Words | None, today: date
) -> tuple[Training, TrainingChanged]:
    """Enter a training that was held, or replace what is said of one."""
    in_order(ask.starts_on, ask.ends_on)
    wrong: list[At] = []
    if words is not None:
        wrong += strange_words(TrainingWords, {"kind": ask.kind, "mode": ask.mode}, words)
    if ask.ends_on > today:
        wrong.append(At("/ends_on", "in-future", "尚未结束", "has not ended yet"))
    if len(set(ask.worker_ids)) < len(ask.worker_ids):
        wrong.append(At("/worker_ids", "doubled", "同一人出现两次", "names somebody twice"))
    if wrong:
        raise Invalid(wrong)
    said = {name: getattr(ask, name) for name in SAID}
    said["as_of"] = since(training, ask.effective_on, today, ask.starts_on)
    if training is None:
        training = Training(**said)
    else:
        for name, value in said.items():
            setattr(training, name, value)
    return training, told(training, ask.worker_ids)


def told(training: Training, worker_ids: Iterable[UUID]) -> TrainingChanged:
    """Return the whole public state of a training."""
    shared = TrainingChanged.model_fields.keys() - {"training_id", "worker_ids"}
    return TrainingChanged(
        training_id=training.id,
        worker_ids=sorted(worker_ids),
        **{name: getattr(training, name) for name in shared},
    )
