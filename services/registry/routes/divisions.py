"""Divisions: the part of the reference table that lies in this jurisdiction."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from chassis.asked import Listed
from chassis.divisions import canonical, find
from chassis.http import Router, Tx
from chassis.problems import NotFound
from chassis.reading import cursor, uncursor
from services.registry.division_changes import changes_of, successors_of
from services.registry.queries import (
    divisions_within,
    editions_of,
    newest_edition,
    pack_if_any,
    system_of,
)
from services.registry.routes.callers import Anyone, Area
from services.registry.shapes import Bore, FindDivisions, InSystem

router = Router(tags=["divisions"])


class DivisionView(BaseModel):
    """What a code means in one edition of one code system."""

    system: str
    vintage: date
    code: str
    name: str
    level: int
    kind: str
    parent: str


class ChangeShown(BaseModel):
    """A change of a county or a wider division, as a code book or a decree tells it."""

    year: int
    kind: str
    old_code: str
    old_name: str
    new_code: str
    new_name: str
    document: str
    said: str


class Successor(BaseModel):
    """What a division has become."""

    code: str
    name: str
    year: int


class DivisionHistory(BaseModel):
    """A code through time: what it means in each edition, what happened to it, what became of it."""

    code: str
    editions: list[DivisionView]
    changes: list[ChangeShown]
    successors: list[Successor]


class Divisions(Listed):
    """A page of divisions, by code."""

    items: list[DivisionView]


@router.get("/divisions")
async def get_divisions(
    query: Annotated[FindDivisions, Query()], tx: Tx, actor: Anyone, area: Area
) -> Divisions:
    """List the divisions of the jurisdiction, in its pack's code system or the one named."""
    del actor
    system = query.system or system_of(await pack_if_any(tx))
    vintage = await newest_edition(tx, system, area.prefixes)
    after = str(uncursor(query.after, 1)[0]) if query.after else ""
    rows = (
        await divisions_within(
            tx,
            system,
            vintage,
            area.prefixes,
            parent=_canonical(query.parent) if query.parent else None,
            level=query.level,
            after=after,
            limit=query.limit + 1,
        )
        if vintage
        else []
    )
    shown = rows[: query.limit]
    return Divisions(
        items=[DivisionView(**each._asdict()) for each in shown],
        next=cursor([shown[-1].code]) if len(rows) > query.limit else None,
    )


@router.get("/divisions/{code}")
async def get_division(
    code: str, query: Annotated[InSystem, Query()], tx: Tx, actor: Anyone, area: Area
) -> DivisionView:
    """Show one division of the jurisdiction."""
    del actor
    system = query.system or system_of(await pack_if_any(tx))
    found = await find(tx, system, _canonical(code))
    if found is None or not found.code.startswith(tuple(area.prefixes)):
        raise NotFound()
    return DivisionView(**found._asdict())


@router.get("/divisions/{code}/history")
async def get_division_history(
    code: str, query: Annotated[Bore, Query()], tx: Tx, actor: Anyone, area: Area
) -> DivisionHistory:
    """Show what a code means and meant: editions, renames, merges, new codes, successors.

    Counties and wider for changes; a code of a county that was abolished is shown too, as long as it
    lies in the jurisdiction's area or became what does.
    """
    del actor
    code = _canonical(code)
    editions = await editions_of(tx, code)
    changes = await changes_of(tx, code)
    successors = await successors_of(tx, code, query.name)
    inside = tuple(area.prefixes)
    if not (editions or changes) or not any(
        each.startswith(inside) or any(p.startswith(each) for p in inside)
        for each in (code, *(c for c, _, _ in successors))
    ):
        raise NotFound()
    return DivisionHistory(
        code=code,
        editions=[DivisionView(**each._asdict()) for each in editions],
        changes=[ChangeShown(**each._asdict()) for each in changes],
        successors=[Successor(code=c, name=n, year=y) for c, n, y in successors],
    )


def _canonical(code: str) -> str:
    try:
        return canonical(code)
    except ValueError:
        raise NotFound() from None
