"""Jurisdictions: which cities are served, and under which pack."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel

from chassis.clock import day_of
from chassis.db import Database, Who
from chassis.http import MustMatch, Router, Tx, match
from chassis.identity import PLATFORM
from chassis.problems import NotFound
from chassis.tables import CityKept
from contracts.kept import keep_city
from services.registry.decide.cities import change_city, serve_city
from services.registry.models import City, CityView
from services.registry.queries import area_of, pack_in_force, served, townships
from services.registry.routes.callers import Administers, Anyone, Everybody
from services.registry.shapes import ChangeCity, ServeCity

open_router = Router(tags=["cities"], prefix="/v1")
router = Router(tags=["cities"])


class PackShown(BaseModel):
    """The pack in force today."""

    id: str
    version: str
    in_force: date


class TownshipsShown(BaseModel):
    """How many townships there are, by whom and when it was counted."""

    source: str
    vintage: str
    count: int


class CityShown(BaseModel):
    """A jurisdiction as everybody sees it."""

    code: str
    name: dict[str, str]
    kind: str
    prefixes: list[str]
    pack: PackShown | None
    townships: list[TownshipsShown]


class Cities(BaseModel):
    """All jurisdictions on one page."""

    items: list[CityShown]
    next: str | None


async def _every_city(request: Request) -> list[CityShown]:
    database: Database = request.app.state.database
    return await shown(database, await served(database))


async def _this_city(request: Request) -> CityShown:
    database: Database = request.app.state.database
    city = await area_of(database, request.path_params["city"])
    return (await shown(database, [city]))[0]


async def shown(database: Database, cities: list[CityKept]) -> list[CityShown]:
    """Show jurisdictions with their packs: a pack is its city's row, so one transaction each."""
    counted = await townships(database, cities)
    today = day_of(database.clock())
    found = []
    for city in cities:
        stated: list[dict[str, Any]] = []
        pack = None
        async with database.begin(Who(city.code, "service:registry", "serve")) as tx:
            version = await pack_in_force(tx, today)
        if version is not None and version.in_force is not None:
            stated = version.townships
            pack = PackShown(id=city.code, version=version.version, in_force=version.in_force)
        found.append(
            CityShown(
                code=city.code,
                name=city.name,
                kind=city.kind,
                prefixes=city.prefixes,
                pack=pack,
                townships=[TownshipsShown(**each) for each in (*stated, *counted[city.code])],
            )
        )
    return found


@open_router.get("/cities")
async def get_cities(
    cities: Annotated[list[CityShown], Depends(_every_city)], actor: Everybody
) -> Cities:
    """List the jurisdictions served, each with its pack in force. Needs no token at the gateway."""
    del actor
    return Cities(items=cities, next=None)


@router.get("")
async def get_city(city: Annotated[CityShown, Depends(_this_city)], actor: Anyone) -> CityShown:
    """Show this jurisdiction."""
    del actor
    return city


@router.post("/jurisdictions", status_code=201)
async def post_jurisdiction(ask: ServeCity, tx: Tx, actor: Administers) -> CityView:
    """Serve a jurisdiction. The platform's own path only: `/v1/000000/jurisdictions`."""
    actor.must_be_of(PLATFORM)
    city, event = serve_city(ask)
    keep_city(event, tx)
    return tx.record(city, event)


@router.get("/jurisdictions/{code}")
async def get_jurisdiction(code: str, tx: Tx, actor: Administers) -> CityView:
    """Show a jurisdiction with the version a change must name."""
    actor.must_be_of(PLATFORM)
    city = await tx.one(City, City.code == code)
    if city is None:
        raise NotFound()
    return city


@router.patch("/jurisdictions/{code}")
async def patch_jurisdiction(
    code: str, ask: ChangeCity, tx: Tx, actor: Administers, version: MustMatch
) -> CityView:
    """Change what is said of a jurisdiction."""
    actor.must_be_of(PLATFORM)
    city = await tx.one(City, City.code == code)
    if city is None:
        raise NotFound()
    match(city, version)
    city, event = change_city(city, ask)
    keep_city(event, tx)
    return tx.record(city, event)
