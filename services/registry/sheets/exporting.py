"""Rows out of registry, under the headings and in the words they would be imported with.

Identity numbers and telephones stay behind their masks: who needs one opens it one by one, audited.
So a sheet of people is for reading; it goes back in once the numbers are filled in.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.db import Database, Transaction, Who
from chassis.identifiers import mask_id, mask_phone
from chassis.reading import among
from chassis.rows import Aggregate
from services.registry.facts import Words
from services.registry.models import Agency, Posting, Station, Worker
from services.registry.sheets import found
from services.registry.sheets.kinds import Column, Kind

PAGE = 500
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
    posts: dict[UUID, Posting] = {
        worker_id: max(some, key=lambda post: post.starts_on)
        for worker_id, some in held.items()
        if some
    }
    ids = {post.station_id for post in posts.values()}
    places = {s.id: s for s in await tx.find(Station, among(Station.id, ids))} if ids else {}
    hired = {worker.employer_id for worker in workers} - {None}
    codes = (
        {a.id: a.credit_code for a in await tx.find(Agency, among(Agency.id, hired))}
        if hired
        else {}
    )
    said: list[Values] = []
    for worker, texts in zip(workers, sealed, strict=True):
        number, phone = texts["id_number"], texts["phone"]
        values = dict(worker) | {
            "id_number": mask_id(worker.id_type, number) if number else None,
            "phone": mask_phone(phone) if phone else None,
            "employer": codes.get(worker.employer_id),
        }
        if (post := posts.get(worker.id)) is not None:
            place = places[post.station_id]
            values |= dict(post) | {"station": place.name, "station_division": place.division}
        said.append(values)
    return said


EXPORTS: dict[str, tuple[type[Aggregate], Callable[..., Any]]] = {
    "stations": (Station, _stations),
    "agencies": (Agency, _agencies),
    "workers": (Worker, _workers),
}
"""Sheets that are written, from which rows."""
