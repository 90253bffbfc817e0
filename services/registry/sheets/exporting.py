"""Rows out of registry, under the headings and in the words they would be imported with.

Identity numbers and telephones stay behind their masks: who needs one opens it one by one, audited.
So a sheet of people is for reading; it goes back in once the numbers are filled in.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.db import Database, Transaction, Who
from chassis.identifiers import mask_id, mask_phone
from chassis.reading import among
from chassis.rows import Aggregate
from services.registry.facts import Words
from services.registry.models import (
    Agency,
    Attendance,
    Station,
    Supervision,
    Supervisor,
    Training,
    Worker,
)
from services.registry.sheets import found
from services.registry.sheets.kinds import Column, Kind

PAGE = 500
HELD = "held"
Values = Mapping[str, Any]


async def rows(
    database: Database, who: Who, kind: Kind, words: Words
) -> AsyncIterator[dict[str, str]]:
    """Yield the rows of a sheet as texts in the city's own words, page by page."""
    model, values_of = EXPORTS[kind.name]
    after: str | None = None
    while True:
        async with database.begin(who) as tx:
            page = await tx.page(model, after=after, limit=PAGE)
            said = await values_of(tx, page.items)
        for values in said:
            yield {
                column.name: text
                for column in kind.columns
                if (text := _text(column, values.get(column.name), words))
            }
        after = page.next
        if after is None:
            return


def _text(column: Column, value: Any, words: Words) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case date():
            return value.isoformat()
        case list():
            return "、".join(_word(column, each, words) for each in value)
        case float() if value.is_integer():
            return str(int(value))
    return _word(column, str(value), words) if column.form == "word" else str(value)


def _word(column: Column, code: str, words: Words) -> str:
    if column.own is not None:
        return column.own.get(code, (code, ""))[0]
    known = words.get(column.vocabulary or "", {}).get(code)
    return known.zh if known is not None else code


async def _stations(_: Transaction, stations: Sequence[Any]) -> list[Values]:
    return [station.facts | dict(station) for station in stations]


async def _agencies(_: Transaction, agencies: Sequence[Any]) -> list[Values]:
    return [dict(agency) for agency in agencies]


async def _workers(tx: Transaction, workers: Sequence[Any]) -> list[Values]:
    sealed = await tx.people.opened(workers)
    held = await found.postings(tx, workers)
    latest = {
        worker_id: max(some, key=lambda post: post.starts_on)
        for worker_id, some in held.items()
        if some
    }
    places = await _places(tx, latest.values())
    hired = {worker.employer_id for worker in workers} - {None}
    codes = {a.id: a.credit_code for a in await _by_id(tx, Agency, hired)}
    said: list[Values] = []
    for worker, texts in zip(workers, sealed, strict=True):
        phone = texts["phone"]
        values = dict(worker) | {
            "id_number": _masked(worker, texts),
            "phone": mask_phone(phone) if phone else None,
            "employer": codes.get(worker.employer_id),
        }
        if (post := latest.get(worker.id)) is not None:
            values |= dict(post) | places[post.station_id]
        said.append(values)
    return said


async def _postings(tx: Transaction, workers: Sequence[Any]) -> list[Values]:
    numbers = await _numbers(tx, workers)
    held = await found.postings(tx, workers)
    places = await _places(tx, [post for some in held.values() for post in some])
    return [
        dict(post) | places[post.station_id] | {"id_number": numbers[worker_id]}
        for worker_id, some in held.items()
        for post in sorted(some, key=lambda post: post.starts_on)
    ]


async def _trainings(tx: Transaction, trainings: Sequence[Any]) -> list[Values]:
    present: dict[UUID, list[UUID]] = {each.id: [] for each in trainings if each.status == HELD}
    rows = await tx.find(Attendance, among(Attendance.training_id, present)) if present else []
    for row in rows:
        present[row.training_id].append(row.worker_id)
    people = await _by_id(tx, Worker, {row.worker_id for row in rows})
    numbers = await _numbers(tx, people)
    return [
        dict(each) | {"id_number": numbers[worker_id]}
        for each in trainings
        for worker_id in sorted(present.get(each.id, ()))
    ]


async def _supervisions(tx: Transaction, visits: Sequence[Any]) -> list[Values]:
    held = [each for each in visits if each.status == HELD]
    terms = await _by_id(tx, Supervisor, {each.supervisor_id for each in held})
    numbers = await _numbers(tx, await _by_id(tx, Worker, {each.worker_id for each in terms}))
    whose = {each.id: numbers[each.worker_id] for each in terms}
    places = await _places(tx, held)
    return [
        dict(each)
        | places[each.station_id]
        | day
        | {"visit": str(each.id), "id_number": whose[each.supervisor_id]}
        for each in held
        for day in each.days
    ]


async def _numbers(tx: Transaction, workers: Sequence[Any]) -> dict[UUID, str | None]:
    """Return identity numbers behind their masks, by worker."""
    sealed = await tx.people.opened(workers) if workers else []
    return {w.id: _masked(w, texts) for w, texts in zip(workers, sealed, strict=True)}


def _masked(worker: Any, texts: Mapping[str, str | None]) -> str | None:
    number = texts["id_number"]
    return mask_id(worker.id_type, number) if number else None


async def _places(tx: Transaction, at: Iterable[Any]) -> dict[UUID, dict[str, Any]]:
    """Return how a sheet names the stations of these rows, by station."""
    stations = await _by_id(tx, Station, {each.station_id for each in at})
    return {s.id: {"station": s.name, "station_division": s.division} for s in stations}


async def _by_id(tx: Transaction, model: Any, ids: Collection[Any]) -> list[Any]:
    return await tx.find(model, among(model.id, ids)) if ids else []


EXPORTS: dict[str, tuple[type[Aggregate], Callable[..., Any]]] = {
    "stations": (Station, _stations),
    "agencies": (Agency, _agencies),
    "workers": (Worker, _workers),
    "postings": (Worker, _postings),
    "trainings": (Training, _trainings),
    "supervisions": (Supervision, _supervisions),
}
"""Sheets that are written, from which rows; what was cancelled is left out: a sheet cannot say so."""
