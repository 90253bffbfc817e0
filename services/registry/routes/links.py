"""Links of the network: who supervises, who dispatches, which bodies are tied to one another."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import or_
from sqlmodel import col

from chassis.asked import Listed
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import Actor
from chassis.problems import At, Forbidden, Invalid, Problem, UnknownReference
from chassis.rows import Aggregate
from services.registry.decide.network import add_link, change_link
from services.registry.models import ENTERED, Agency, Link, LinkView, Station
from services.registry.queries import alone_in_network, goes_round
from services.registry.reach import CITY_WIDE, Condition, must_write, reach, reached
from services.registry.routes.callers import Reads, Writes
from services.registry.shapes import AddLink, ChangeLink, FindLinks

router = Router(tags=["links"])

_ENDS: dict[str, type[Aggregate]] = {"station": Station, "agency": Agency}


class Links(Listed):
    """A page of links."""

    items: list[LinkView]


@router.post("/links", status_code=201)
async def post_link(ask: AddLink, tx: Tx, actor: Writes) -> LinkView:
    """Link two bodies of the network for a period; what supervises is not supervised by the same."""
    must_write(actor, Link)
    if actor.role not in CITY_WIDE and "station" not in (ask.from_kind, ask.to_kind):
        raise Forbidden("机构之间的关系由市级登记", "Ties between agencies are the city's to enter")
    await _known(tx, actor, ask.from_kind, ask.from_id, "/from_id")
    await _known(tx, actor, ask.to_kind, ask.to_id, "/to_id")
    await alone_in_network(tx)
    link, event = add_link(ask, tx.today)
    if await goes_round(tx, link):
        raise _circular("/to_id")
    return tx.record(link, event)


@router.get("/links")
async def get_links(query: Annotated[FindLinks, Query()], tx: Tx, actor: Reads) -> Links:
    """List the links within the caller's reach."""
    page = await tx.page(
        Link,
        *reach(actor, Link, tx.today),
        *_filters(query),
        after=query.after,
        limit=query.limit,
    )
    return Links(items=list(page.items), next=page.next)


@router.get("/links/{link_id}")
async def get_link(link_id: UUID, tx: Tx, actor: Reads) -> LinkView:
    """Show a link."""
    return await reached(tx, actor, Link, link_id)


@router.patch("/links/{link_id}")
async def patch_link(
    link_id: UUID, ask: ChangeLink, tx: Tx, actor: Writes, version: MustMatch
) -> LinkView:
    """End a link, or correct its period."""
    link = await reached(tx, actor, Link, link_id, write=True)
    match(link, version)
    if link.via != ENTERED:
        raise Forbidden(
            "由任职产生的关系随任职变更", "A tie that two offices make changes with the offices"
        )
    await alone_in_network(tx)
    link, event = change_link(link, ask, tx.today)
    if await goes_round(tx, link):
        raise _circular("/starts_on" if ask.starts_on else "/ends_on")
    return tx.record(link, event)


def _circular(at: str) -> Problem:
    return Invalid([At(at, "circular", "层级关系成环", "stands over the other already")])


async def _known(tx: Tx, actor: Actor, kind: str, thing: UUID, at: str) -> None:
    """Refuse an end that is not there, or out of the caller's reach."""
    model = _ENDS[kind]
    if await tx.one(model, col(model.id) == thing, *reach(actor, model, tx.today)) is None:
        raise UnknownReference(at)


def _filters(query: FindLinks) -> list[Condition]:
    found: list[Condition] = []
    if query.kind is not None:
        found.append(col(Link.kind) == query.kind)
    if query.of is not None:
        found.append(or_(col(Link.from_id) == query.of, col(Link.to_id) == query.of))
    if query.on is not None:
        found.append(col(Link.starts_on) <= query.on)
        found.append(or_(col(Link.ends_on).is_(None), col(Link.ends_on) >= query.on))
    return found
