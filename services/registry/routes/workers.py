"""People employed: entered, changed, posted; numbers are shown behind a mask."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, dry, match
from chassis.identifiers import mask_id, mask_phone
from chassis.identity import Actor
from chassis.problems import Forbidden, NotFound, UnknownReference
from chassis.reading import Page, among
from chassis.tables import BlindIndex
from services.registry.decide.days import effective
from services.registry.decide.workers import (
    at_work,
    change_posting,
    change_worker,
    document,
    employ,
    post,
    told,
)
from services.registry.models import Agency, Posting, PostingView, Station, Worker
from services.registry.queries import in_words, words_of
from services.registry.reach import (
    CITY_WIDE,
    Condition,
    must_write,
    reach,
    reached,
    serving_at,
    serving_within,
)
from services.registry.routes.callers import Reads, Writes
from services.registry.search import INITIALS, named, sorted_by
from services.registry.shapes import (
    AddPosting,
    ChangePosting,
    ChangeWorker,
    Employ,
    FindWorkers,
    Pay,
    Post,
    SearchWorkers,
)

router = Router(tags=["workers"])


class WorkerView(BaseModel):
    """A person employed, as the city's own people see them."""

    id: UUID
    version: int
    name: str
    status: str
    id_type: str
    id_number: str | None
    """Behind a mask; null when none is known, or it was erased."""
    phone: str | None
    employer_id: UUID | None
    cert: str
    cert_on: date | None
    cert_until: date | None
    education: str | None
    sw_major: bool | None
    sw_years: float | None
    specialities: list[str]
    origin_post: str | None
    pay: list[Pay]
    offence_checks: list[date]
    as_of: date
    facts: dict[str, Any]
    postings: list[PostingView]


class Workers(Listed):
    """A page of people employed."""

    items: list[WorkerView]


class FoundWorkers(BaseModel):
    """A page of people found."""

    items: list[WorkerView]
    next: str | None


class WorkerReceipt(BaseModel):
    """What a write answers: no personal field."""

    id: UUID
    version: int
    status: str
    postings: list[PostingView]


@router.post("/workers", status_code=201)
async def post_worker(ask: Employ, tx: Tx, actor: Writes) -> WorkerReceipt:
    """Enter a person employed, once in a city by their document."""
    must_write(actor, Worker)
    if actor.role not in CITY_WIDE and not ask.postings:
        raise Forbidden(
            "须同时登记在本人职责范围内的任职",
            "A posting within the caller's own reach must come along",
        )
    await _known(tx, actor, ask.postings, ask.employer_id)
    number = document(ask.id_type, ask.id_number, tx.today)
    worker_id = tx.people.new()
    worker, postings, event = employ(ask, worker_id, number, await words_of(tx), tx.today)
    tx.record(worker, event)
    tx.keep(*postings)
    if number:
        tx.people.index(worker_id, "id_number", number)
    return _receipt(worker, postings)


@router.get("/workers")
async def get_workers(query: Annotated[FindWorkers, Query()], tx: Tx, actor: Reads) -> Workers:
    """List the people employed within the caller's reach."""
    page = await _found(tx, actor, query)
    return Workers(items=await _shown(tx, page.items), next=page.next)


@router.post("/workers/search")
@dry
async def post_worker_search(ask: SearchWorkers, tx: Tx, actor: Reads) -> FoundWorkers:
    """Find people employed by a part of the name, or of its pinyin initials.

    A name is asked for in a body: addresses end up in logs. `after` and `limit` stand there too.
    """
    page = await _found(tx, actor, ask, *named(Worker, ask.q))
    return FoundWorkers(items=await _shown(tx, page.items), next=page.next)


@router.get("/workers/{worker_id}")
async def get_worker(worker_id: UUID, tx: Tx, actor: Reads) -> WorkerView:
    """Show a person employed."""
    worker = await reached(tx, actor, Worker, worker_id)
    return (await _shown(tx, [worker]))[0]


@router.patch("/workers/{worker_id}")
async def patch_worker(
    worker_id: UUID, ask: ChangeWorker, tx: Tx, actor: Writes, version: MustMatch
) -> WorkerReceipt:
    """Change a person employed."""
    worker = await reached(tx, actor, Worker, worker_id, write=True)
    match(worker, version)
    await _known(tx, actor, (), ask.employer_id)
    number = document(ask.id_type, ask.id_number, tx.today) if ask.id_type else ""
    change_worker(worker, ask, number, await words_of(tx), tx.today)
    if ask.id_type is not None:
        await _index_anew(tx, worker_id, number)
    postings = await _postings(tx, [worker])
    tx.record(worker, told(worker, postings))
    return _receipt(worker, postings)


@router.post("/workers/{worker_id}/postings", status_code=201)
async def post_posting(worker_id: UUID, ask: AddPosting, tx: Tx, actor: Writes) -> WorkerReceipt:
    """Post a worker to a station for a period."""
    worker = await reached(tx, actor, Worker, worker_id, write=True)
    await _known(tx, actor, [ask], None)
    posting = post(worker_id, ask)
    worker.as_of = effective(ask.effective_on, tx.today)
    postings = [*await _postings(tx, [worker]), posting]
    tx.keep(posting)
    tx.record(worker, told(worker, postings))
    return _receipt(worker, postings)


@router.patch("/workers/{worker_id}/postings/{posting_id}")
async def patch_posting(
    worker_id: UUID,
    posting_id: UUID,
    ask: ChangePosting,
    *,
    tx: Tx,
    actor: Writes,
    version: MustMatch,
) -> WorkerReceipt:
    """End a posting, or correct it; the version is the worker's."""
    worker = await reached(tx, actor, Worker, worker_id, write=True)
    match(worker, version)
    postings = await _postings(tx, [worker])
    posting = next((each for each in postings if each.id == posting_id), None)
    if posting is None:
        raise NotFound()
    station = await reached(tx, actor, Station, posting.station_id)
    tx.keep(change_posting(posting, ask))
    if ask.model_fields_set & {"starts_on", "ends_on"}:
        at_work(station, posting.starts_on, posting.ends_on)
    worker.as_of = effective(ask.effective_on, tx.today)
    tx.record(worker, told(worker, postings))
    return _receipt(worker, postings)


async def _known(tx: Tx, actor: Actor, postings: Sequence[Post], employer_id: UUID | None) -> None:
    """Refuse a station out of reach, and an employer nobody has entered."""
    for number, each in enumerate(postings):
        at = "/station_id" if isinstance(each, AddPosting) else f"/postings/{number}/station_id"
        here = Station.id == each.station_id
        station = await tx.one(Station, here, *reach(actor, Station, tx.today))
        if station is None:
            raise UnknownReference(at)
        at_work(station, each.starts_on, each.ends_on, at.removesuffix("/station_id"))
    if employer_id is not None and await tx.peek(Agency, employer_id) is None:
        raise UnknownReference("/employer_id")


async def _index_anew(tx: Tx, worker_id: UUID, number: str) -> None:
    """Let a worker be found by the new number, and no longer by the old one."""
    for old in await tx.find(
        BlindIndex, BlindIndex.person_id == worker_id, BlindIndex.field == "id_number"
    ):
        tx.drop(old)
    if number:
        tx.people.index(worker_id, "id_number", number)


async def _postings(tx: Tx, workers: Sequence[Worker]) -> list[Posting]:
    wanted = [each.id for each in workers]
    return await tx.find(
        Posting, among(Posting.worker_id, wanted), order_by=(Posting.starts_on, Posting.id)
    )


async def _shown(tx: Tx, workers: Sequence[Worker]) -> list[WorkerView]:
    if not workers:
        return []
    postings = await _postings(tx, workers)
    sealed = await tx.people.opened(workers)
    views = []
    for worker, texts in zip(workers, sealed, strict=True):
        number, phone = texts["id_number"], texts["phone"]
        same = WorkerView.model_fields.keys() - {"id_number", "phone", "postings"}
        views.append(
            WorkerView(
                **{name: getattr(worker, name) for name in same},
                id_number=mask_id(worker.id_type, number) if number else None,
                phone=mask_phone(phone) if phone else None,
                postings=[each for each in postings if each.worker_id == worker.id],
            )
        )
    return views


def _receipt(worker: Worker, postings: Sequence[Posting]) -> WorkerReceipt:
    return WorkerReceipt(
        id=worker.id, version=worker.version, status=worker.status, postings=list(postings)
    )


async def _found(tx: Tx, actor: Actor, query: FindWorkers, *more: Condition) -> Page[Worker]:
    await in_words(tx, query)
    order, known = sorted_by(Worker, query.sort)
    return await tx.page(
        Worker,
        *reach(actor, Worker, tx.today),
        *_filters(query, tx.today),
        *more,
        *known,
        after=query.after,
        limit=query.limit,
        order_by=order,
        unsaid=order.removeprefix("-") == INITIALS,
    )


def _filters(query: FindWorkers, today: date) -> list[Condition]:
    said = query.model_dump(include={"status", "employer_id", "cert"}, exclude_none=True)
    found: list[Condition] = [getattr(Worker, name) == value for name, value in said.items()]
    if query.station_id is not None:
        found.append(serving_at(query.station_id, today))
    if query.division is not None:
        found.append(serving_within(query.division, today))
    return found
