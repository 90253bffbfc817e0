"""A house of five parts in which two cities have lived, once for all tests of a module."""

from contextlib import AsyncExitStack
from itertools import chain
from uuid import UUID

import asyncpg
import pytest

from chassis.config import PARTS
from chassis.divisions import load
from chassis.identity import ROLE_SCOPES, Actor
from chassis.shelf import Shelf
from tests.conftest import HANGZHOU, NOW, WUHAN, _as_admin, _numbers, opened
from tests.tenancy.catalogue import tenant_tables
from tests.tenancy.parts import SERVICES
from tests.tenancy.story import live
from tests.tenancy.world import AN_ID, PLATFORM, House, Town, divisions

ADMIN = Actor(f"{PLATFORM}.admin", PLATFORM, "platform_admin", ROLE_SCOPES["platform_admin"])


@pytest.fixture(scope="module")
async def house(postgres, templates, vault, tmp_path_factory):
    state, names = tmp_path_factory.mktemp("state"), {}
    async with AsyncExitStack() as stack:
        databases = {}
        for part in PARTS:
            names[part] = f"{part}_{next(_numbers)}"
            template = await templates(part)
            await _as_admin(postgres, f'CREATE DATABASE "{names[part]}" TEMPLATE "{template}"')
            who = f"{part}_runtime, {part}_migrator"
            await _as_admin(postgres, f'GRANT CONNECT ON DATABASE "{names[part]}" TO {who}')
            database = await stack.enter_async_context(
                opened(postgres, names[part], part, vault, clock=lambda: NOW)
            )
            database.erased = state / part
            if SERVICES[part].subjects is not None:
                database.shelf = Shelf(SERVICES[part].subjects)
            if part in ("registry", "casework", "evaluation"):
                await _ground(postgres, names[part], part)
            databases[part] = database
        made = House(databases)
        made.towns = [Town(WUHAN, "4201", "江岸甲"), Town(HANGZHOU, "3301", "上城乙")]
        made.admin = ADMIN
        for town in made.towns:
            await live(made, town, ADMIN)
        for town in made.towns:
            town.ids = await _every_id(postgres, names, town.code)
        for here, there in (made.towns, made.towns[::-1]):
            assert here.ids.isdisjoint(there.ids)
        yield made
    for name in names.values():
        await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _ground(postgres, name, part):
    migrator = await asyncpg.connect(postgres.url(name, f"{part}_migrator"))
    await migrator.execute(f"SET ROLE {part}_owner")
    await load(migrator, chain(divisions("4201"), divisions("3301")))
    await migrator.close()


async def _every_id(postgres, names, city):
    """Return every id that stands anywhere in a city's rows; nobody's is every city's."""
    found = set()
    for name in names.values():
        admin = await asyncpg.connect(postgres.url(name))
        for table in await tenant_tables(admin):
            rows = await admin.fetch(f"SELECT t::text AS text FROM {table} t WHERE city = $1", city)
            found.update(*(AN_ID.findall(row["text"]) for row in rows))
        await admin.close()
    return found - {str(UUID(int=0))}
