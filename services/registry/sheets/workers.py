"""People employed and their postings by spreadsheet; somebody is known again by their document."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Problem
from services.registry.decide.days import effective
from services.registry.decide.workers import (
    at_work,
    change_posting,
    change_worker,
    employ,
    post,
    told,
)
from services.registry.models import Posting, Station, Worker
from services.registry.shapes import ChangePosting, ChangeWorker, Employ, Post
from services.registry.sheets import found
from services.registry.sheets.asked import ask, refused, same
from services.registry.sheets.found import Ground
from services.registry.sheets.kinds import POSTINGS, WORKERS, Kind
from services.registry.sheets.lines import Line, Outcome

_POST = ("starts_on", "ends_on", "full_time", "on_station", "dispatched")
_NOT_THE_PERSONS = (*_POST, "station", "station_division", "employer", "id_number", "id_type")


async def take(tx: Transaction, lines: Sequence[Line], ground: Ground) -> None:
    """Enter people who are new, change those who differ; a posting on the row comes along."""
    stations = await found.stations(tx, lines, "station")
    numbers = {line.number: found.number_of(WORKERS, line, tx) for line in lines if line.right}
    there = await found.workers(tx, {number for number in numbers.values() if number})
    held = await found.postings(tx, there.values())
    employers = await found.agencies(tx, {v for x in lines if (v := x.values.get("employer"))})
    known = [*there.values()]
    sealed = await tx.people.opened(known)
    phones = {worker.id: texts["phone"] for worker, texts in zip(known, sealed, strict=True)}
    for line in lines:
        if not line.right:
            continue
        number = numbers[line.number]
        station = found.station_of(WORKERS, line, stations)
        employer = line.values.get("employer")
        if employer is not None and employer not in employers:
            line.wrong(WORKERS, "employer", "没有此机构", "is no agency here")
        if not line.right or number is None:
            continue
        said = {n: v for n, v in line.values.items() if n not in _NOT_THE_PERSONS}
        if employer is not None:
            said["employer_id"] = employers[employer].id
        try:
            worker = there.get(number)
            if worker is None:
                worker, postings = _employed(tx, line, said, number, station, ground)
                if worker is not None:
                    there[number], held[worker.id] = worker, postings
            else:
                phone = phones.get(worker.id)
                _changed(tx, line, said, worker, held[worker.id], station, phone, ground)
        except Problem as problem:
            refused(WORKERS, line, problem)


async def take_postings(tx: Transaction, lines: Sequence[Line], _: Ground) -> None:
    """Post people who are employed already; a posting is known again by its station and first day."""
    stations = await found.stations(tx, lines, "station")
    numbers = {line.number: found.number_of(POSTINGS, line, tx) for line in lines if line.right}
    there = await found.workers(tx, {number for number in numbers.values() if number})
    held = await found.postings(tx, there.values())
    moved: dict[UUID, tuple[Worker, date]] = {}
    for line in lines:
        if not line.right:
            continue
        station = found.station_of(POSTINGS, line, stations)
        worker = there.get(numbers[line.number] or "")
        if worker is None:
            line.wrong(POSTINGS, "id_number", "没有此人", "is nobody here")
        if worker is None or station is None:
            continue
        try:
            since = effective(_since(line), tx.today)
            line.outcome = _posted(tx, POSTINGS, line, worker, held[worker.id], station)
        except Problem as problem:
            refused(POSTINGS, line, problem)
            continue
        if line.outcome in (Outcome.NEW, Outcome.CHANGED):
            before = moved.get(worker.id, (worker, since))[1]
            moved[worker.id] = worker, min(before, since)
    for worker, since in moved.values():
        worker.as_of = since
        tx.record(worker, told(worker, held[worker.id]))


def _employed(
    tx: Transaction,
    line: Line,
    said: dict[str, Any],
    number: str,
    station: Station | None,
    ground: Ground,
) -> tuple[Worker | None, list[Posting]]:
    document = {"id_type": line.values.get("id_type", "resident_id"), "id_number": number}
    asked = said | document
    if station is not None:
        asked["postings"] = [_posting(line, station)]
    wish = ask(WORKERS, line, Employ, asked)
    if wish is None:
        return None, []
    if station is not None:
        for each in wish.postings:
            at_work(station, each.starts_on, each.ends_on)
    worker_id = tx.people.new()
    worker, postings, event = employ(wish, worker_id, number, ground.words, tx.today)
    tx.record(worker, event)
    tx.keep(*postings)
    tx.people.index(worker_id, "id_number", number)
    line.outcome = Outcome.NEW
    return worker, postings


def _changed(
    tx: Transaction,
    line: Line,
    said: dict[str, Any],
    worker: Worker,
    postings: list[Posting],
    station: Station | None,
    phone: str | None,
    ground: Ground,
) -> None:
    wish = ask(WORKERS, line, ChangeWorker, said)
    if wish is None:
        return
    plain = wish.model_fields_set - {"effective_on", "phone"}
    told_anew = not same(worker, {name: getattr(wish, name) for name in plain})
    if wish.phone is not None and wish.phone.get_secret_value() != phone:
        told_anew = True
    line.outcome = Outcome.CHANGED if told_anew else Outcome.SAME
    if told_anew:
        change_worker(worker, wish, "", ground.words, tx.today)
    if station is not None:
        posted = _posted(tx, WORKERS, line, worker, postings, station)
        if posted is not Outcome.SAME:
            line.outcome = Outcome.CHANGED
            if not told_anew:
                worker.as_of = effective(wish.effective_on, tx.today)
    if line.outcome is Outcome.CHANGED:
        tx.record(worker, told(worker, postings))


def _posted(
    tx: Transaction,
    kind: Kind,
    line: Line,
    worker: Worker,
    postings: list[Posting],
    station: Station,
) -> Outcome | None:
    wish = ask(kind, line, Post, _posting(line, station))
    if wish is None:
        return line.outcome
    there = next(
        (p for p in postings if (p.station_id, p.starts_on) == (station.id, wish.starts_on)), None
    )
    if there is None:
        at_work(station, wish.starts_on, wish.ends_on)
        made = post(worker.id, wish)
        postings.append(made)
        tx.keep(made)
        return Outcome.NEW
    said = {name: getattr(wish, name) for name in _POST if name in line.values}
    if same(there, said):
        return Outcome.SAME
    change_posting(there, ChangePosting(**said))
    at_work(station, there.starts_on, there.ends_on)
    tx.keep(there)
    return Outcome.CHANGED


def _since(line: Line) -> date | None:
    said = line.values.get("effective_on")
    return date.fromisoformat(said) if said is not None else None


def _posting(line: Line, station: Station) -> dict[str, Any]:
    said = {name: line.values[name] for name in _POST if name in line.values}
    return {
        "station_id": station.id,
        "full_time": True,
        "on_station": True,
        "dispatched": False,
    } | said
