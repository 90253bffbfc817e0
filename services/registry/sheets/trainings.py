"""Trainings by spreadsheet: a row for everybody who took part, the rows of one training together."""

from collections.abc import Sequence
from itertools import groupby

from chassis.db import Transaction
from chassis.problems import Problem
from chassis.reading import among
from services.registry.decide.trainings import write_training
from services.registry.models import Attendance, Training
from services.registry.shapes import WriteTraining
from services.registry.sheets import found
from services.registry.sheets.asked import ask, refused
from services.registry.sheets.found import Ground
from services.registry.sheets.kinds import TRAININGS as KIND
from services.registry.sheets.lines import Line, Outcome

_SAME = ("kind", "provider", "topic", "starts_on", "ends_on")
"""What makes rows one training."""
_WHOLE = (*_SAME, "mode", "hours")
Key = tuple[str, ...]


def key(line: Line) -> Key:
    """Return which training a row belongs to."""
    return tuple(line.texts.get(name, "") for name in _SAME)


async def take(tx: Transaction, lines: Sequence[Line], ground: Ground) -> None:
    """Enter trainings that are new; add people to those that are known."""
    numbers = {line.number: found.number_of(KIND, line, tx) for line in lines if line.right}
    people = await found.workers(tx, {number for number in numbers.values() if number})
    topics = {line.values["topic"] for line in lines if "topic" in line.values}
    there = await tx.find(Training, among(Training.topic, topics)) if topics else []
    present: dict[object, set[object]] = {each.id: set() for each in there}
    for row in await tx.find(Attendance, among(Attendance.training_id, present)) if present else ():
        present[row.training_id].add(row.worker_id)
    for _, some in groupby(sorted(lines, key=key), key):
        group = [line for line in some if line.right]
        for line in group:
            if numbers[line.number] not in people:
                line.wrong(KIND, "id_number", "没有此人", "is nobody here")
        group = [line for line in group if line.right]
        if not group:
            continue
        first = group[0]
        ids = list(dict.fromkeys(people[numbers[line.number] or ""].id for line in group))
        said = {name: first.values[name] for name in _WHOLE}
        training = next(
            (t for t in there if all(str(getattr(t, n)) == said[n] for n in _SAME)), None
        )
        known = present[training.id] if training else set()
        new = [each for each in ids if each not in known]
        for line in group:
            mine = people[numbers[line.number] or ""].id
            line.outcome = Outcome.SAME if mine in known else Outcome.NEW
        unchanged = training is not None and (training.mode, training.hours) == (
            said["mode"],
            said["hours"],
        )
        if unchanged and not new:
            continue
        wish = ask(
            KIND,
            first,
            WriteTraining,
            said
            | {"worker_ids": [*known, *new], "status": training.status if training else "held"},
        )
        if wish is None:
            continue
        try:
            training, event = write_training(training, wish, ground.words, tx.today)
        except Problem as problem:
            refused(KIND, first, problem)
            continue
        tx.record(training, event)
        tx.keep(*(Attendance(training_id=training.id, worker_id=each) for each in new))
