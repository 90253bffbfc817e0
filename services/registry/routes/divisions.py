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
from services.registry.queries import (
    divisions_within,
    newest_edition,
    pack_if_any,
    system_of,
)
from services.registry.routes.callers import Anyone, Area
from services.registry.shapes import FindDivisions, InSystem

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


def _canonical(code: str) -> str:
    try:
        return canonical(code)
    except ValueError:
        raise NotFound() from None
