"""What the first release wrote, in every table of every part, is there unchanged after all migrations."""

import asyncpg
import pytest

from chassis.config import PARTS
from deploy.databases import prepare
from deploy.migrate import migrate, scripts
from tests.conftest import _as_admin

CITIES = ("420100", "330100")
RENAMED = {("evaluation", "related", "station_id"): "about_id"}
SAID = {("client", "id"): "'{city}.client-{n}'"}
"""Values of a form of their own."""
NOT_OURS = ("alembic_version", "relay_lease")
"""Alembic's own; leases that the first migration itself writes, and a relay takes."""

COLUMNS = """
SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attidentity <> '' AS numbered
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
   AND NOT a.attisdropped AND a.attgenerated = '' AND NOT c.relname = ANY($1)
 ORDER BY c.relname, a.attnum
"""
VALUES = {
    "character varying": "'{name} {n}'",
    "character varying[]": "ARRAY['{name} {n}']",
    "text": "'{name} {n}'",
    "text[]": "ARRAY['{name} {n}']",
    "uuid": "'00000000-0000-7000-8000-{n:012}'",
    "uuid[]": "ARRAY['00000000-0000-7000-8000-{n:012}'::uuid]",
    "bigint": "{n}",
    "integer": "{n}",
    "smallint": "{n}",
    "double precision": "{n}.5",
    "boolean": "true",
    "date": "date '2022-01-01' + {n}",
    "timestamp with time zone": "timestamptz '2022-01-01 08:00+08' + interval '{n} days'",
    "jsonb": """'["{name}", {n}]'""",
    "bytea": "'{name} {n}'",
    "xid8": "'{n}'",
}


@pytest.fixture
async def old(postgres, request):
    """A database as the first release left it, as who may see everything."""
    part = request.param
    name = f"{part}_of_old"
    await prepare(postgres.url(), part, database=name)
    first = scripts(part).get_base()
    await migrate(part, postgres.url(name, f"{part}_migrator"), to=first)
    admin = await asyncpg.connect(postgres.url(name))
    yield part, postgres.url(name, f"{part}_migrator"), admin
    await admin.close()
    await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("old", PARTS, indirect=True)
async def test_every_row_of_the_first_release_is_there_with_every_value(old):
    part, migrator, admin = old
    tables: dict[str, list[asyncpg.Record]] = {}
    for row in await admin.fetch(COLUMNS, NOT_OURS):
        tables.setdefault(row["table"], []).append(row)
    # What refers to what is not this test's: rows of any table, in any order.
    await admin.execute("SET session_replication_role = replica")
    for table, columns in tables.items():
        await _fill(admin, table, columns)
    before = {table: await _rows(admin, part, table, of) for table, of in tables.items()}
    await admin.execute("SET session_replication_role = DEFAULT")

    await migrate(part, migrator)

    after = {
        table: await _rows(admin, part, table, of, renamed=True) for table, of in tables.items()
    }
    assert all(len(rows) == len(CITIES) for rows in before.values()), before.keys()
    assert after == before


async def _fill(admin, table, columns):
    given = [column for column in columns if not column["numbered"]]
    names = ", ".join(column["name"] for column in given)
    for number, city in enumerate(CITIES, 1):
        values = [
            _form(table, column).format(name=column["name"], n=number, city=city)
            for column in given
        ]
        await admin.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(values)})")


def _form(table, column):
    if column["name"] == "city":
        return "'{city}'"
    return SAID.get((table, column["name"]), VALUES[column["type"]])


async def _rows(admin, part, table, columns, *, renamed=False):
    names = [
        RENAMED.get((part, table, column["name"]), column["name"]) if renamed else column["name"]
        for column in columns
    ]
    found = await admin.fetch(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2")
    return [tuple(row) for row in found]
