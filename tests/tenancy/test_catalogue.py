"""Every table of every part is bound to its city, read from the catalogue as the runtime role.

What the catalogue says is then tried: two cities' rows stand in every table, and who says no city,
or another one, sees none of them and changes none.
"""

from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from uuid import uuid4

import asyncpg
import pytest

from chassis.config import PARTS
from chassis.schema import CITY
from tests.conftest import HANGZHOU, WUHAN, _as_admin, _numbers
from tests.tenancy.catalogue import RELAY_ONLY, complaints, tenant_tables

COLUMNS = """
SELECT column_name AS name, udt_name AS kind FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'
  AND NOT (is_identity = 'YES' AND identity_generation = 'ALWAYS') ORDER BY ordinal_position
"""
SAMPLES = {
    "uuid": lambda _: uuid4(),
    "varchar": lambda city: f"{city}.x",
    "_varchar": lambda city: [f"{city}.x"],
    "int2": lambda _: 1,
    "int4": lambda _: 1,
    "int8": lambda _: 1,
    "float8": lambda _: 1.0,
    "bool": lambda _: True,
    "bytea": lambda _: b"x",
    "jsonb": lambda _: "{}",
    "date": lambda _: date(2026, 1, 1),
    "timestamptz": lambda _: datetime(2026, 1, 1, tzinfo=UTC),
    "xid8": lambda _: 1,
}


@asynccontextmanager
async def connected(url):
    db = await asyncpg.connect(url)
    try:
        yield db
    finally:
        await db.close()


@pytest.mark.parametrize("part", PARTS)
async def test_every_table_is_bound_to_its_city(postgres, templates, part):
    name = await templates(part)
    async with connected(postgres.url(name, f"{part}_runtime")) as runtime:
        assert await runtime.fetchval("SELECT current_user") == f"{part}_runtime"
        assert await complaints(runtime, part) == []
        assert len(await tenant_tables(runtime)) > 12


WELL_MADE = (
    "CREATE TABLE extra (city varchar NOT NULL, id uuid NOT NULL, name varchar, at date,"
    " PRIMARY KEY (city, id))"
)
BOUND = (
    "ALTER TABLE extra ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE extra FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant ON extra TO registry_runtime USING ({CITY}) WITH CHECK ({CITY})",
    "CREATE POLICY upkeep ON extra TO registry_owner USING (true) WITH CHECK (true)",
    "GRANT SELECT, INSERT ON extra TO registry_runtime",
)
BAD = {
    "row-level security is off": ("ALTER TABLE extra DISABLE ROW LEVEL SECURITY",),
    "row-level security is not forced": ("ALTER TABLE extra NO FORCE ROW LEVEL SECURITY",),
    "no policy tenant": ("DROP POLICY tenant ON extra",),
    "no policy upkeep": ("DROP POLICY upkeep ON extra",),
    "the policy tenant says": ("ALTER POLICY tenant ON extra WITH CHECK (true)",),
    "a policy tenant for public": ("ALTER POLICY tenant ON extra TO public",),
    "a policy other": ("CREATE POLICY other ON extra USING (true)",),
    "a policy relay": ("CREATE POLICY relay ON extra TO registry_relay USING (true)",),
    "extra_pkey does not lead": (
        "ALTER TABLE extra DROP CONSTRAINT extra_pkey",
        "ALTER TABLE extra ADD PRIMARY KEY (id, city)",
    ),
    "no primary key": ("ALTER TABLE extra DROP CONSTRAINT extra_pkey",),
    "extra_name_key does not lead": ("ALTER TABLE extra ADD UNIQUE (name)",),
    "extra_at does not lead": ("CREATE INDEX extra_at ON extra (at)",),
    "extra_lower_city_idx does not lead": ("CREATE INDEX ON extra (lower(name), city)",),
    "extra_fkey does not lead": (
        "ALTER TABLE extra ADD CONSTRAINT extra_fkey FOREIGN KEY (id, city) REFERENCES extra (id, city)",
    ),
    "no column city": ("ALTER TABLE extra RENAME COLUMN city TO tenant",),
    "the runtime role has ['TRUNCATE']": ("GRANT TRUNCATE ON extra TO registry_runtime",),
    "audit: the runtime role has ['DELETE']": ("GRANT DELETE ON audit TO registry_runtime",),
    "event_log: the runtime role has ['UPDATE']": (
        "GRANT UPDATE (body) ON event_log TO registry_runtime",
    ),
    "division: the runtime role has ['INSERT']": ("GRANT INSERT ON division TO registry_runtime",),
    "stream_seen: the runtime role has ['SELECT']": (
        "GRANT SELECT ON stream_seen TO registry_runtime",
    ),
    "extra: the relay has ['SELECT']": ("GRANT SELECT ON extra TO registry_relay",),
    "seen: a view without": ("CREATE VIEW seen AS SELECT * FROM extra",),
    "kept: row-level security does not": ("CREATE MATERIALIZED VIEW kept AS SELECT * FROM extra",),
    "beyond: a function beyond": (
        "CREATE FUNCTION beyond() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    "extra: belongs to registry_runtime": ("ALTER TABLE extra OWNER TO registry_runtime",),
    "registry_runtime: a member of": ("GRANT registry_owner TO registry_runtime",),
    "registry_runtime: stronger": ("ALTER ROLE registry_runtime BYPASSRLS",),
    "registry_runtime: may make tables": ("GRANT CREATE ON SCHEMA public TO registry_runtime",),
}


@pytest.mark.parametrize("complaint", BAD)
async def test_a_table_that_lacks_one_thing_is_named(postgres, templates, complaint):
    """In a transaction that is thrown away: roles belong to the whole server."""
    async with connected(postgres.url(await templates("registry"))) as admin:
        block = admin.transaction()
        await block.start()
        try:
            await admin.execute("SET LOCAL ROLE registry_owner")
            for statement in (WELL_MADE, *BOUND):
                await admin.execute(statement)
            assert await complaints(admin, "registry") == []
            await admin.execute("RESET ROLE")
            if "extra_fkey" in complaint:
                await admin.execute("CREATE UNIQUE INDEX turned ON extra (id, city)")
            for statement in BAD[complaint]:
                await admin.execute(statement)
            assert [c for c in await complaints(admin, "registry") if complaint in c]
        finally:
            await block.rollback()


@pytest.fixture(scope="module")
async def peopled(postgres, templates):
    """Copies of all databases with one row of each of two cities in every tenant table."""
    made = {}
    for part in PARTS:
        made[part] = name = f"{part}_{next(_numbers)}"
        await _as_admin(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{await templates(part)}"')
        await _as_admin(postgres, f'GRANT CONNECT ON DATABASE "{name}" TO {part}_runtime')
        async with connected(postgres.url(name)) as inside:
            await inside.execute("SET session_replication_role = replica")
            for table in await tenant_tables(inside):
                for city in (WUHAN, HANGZHOU):
                    await inside.execute(*await insert(inside, table, city))
    yield made
    for name in made.values():
        await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


async def insert(db, table, city):
    """Return an INSERT of one row that is nothing but well-formed, and its values."""
    columns = await db.fetch(COLUMNS, table)
    names = ", ".join(c["name"] for c in columns)
    places = ", ".join(f"${i}::{c['kind']}" for i, c in enumerate(columns, 1))
    values = [city if c["name"] == "city" else SAMPLES[c["kind"]](city) for c in columns]
    return f"INSERT INTO {table} ({names}) VALUES ({places})", *values


async def say(runtime, city):
    await runtime.execute(
        "SELECT set_config('app.city', $1, true), set_config('app.subject', 'x', true),"
        " set_config('app.purpose', 'x', true)",
        city,
    )


REFUSED = (asyncpg.InsufficientPrivilegeError,)


@pytest.mark.parametrize("part", PARTS)
async def test_who_says_no_city_sees_no_row_and_writes_none(postgres, peopled, part):
    async with connected(postgres.url(peopled[part], f"{part}_runtime")) as runtime:
        for table in await tenant_tables(runtime):
            assert await runtime.fetchval(f"SELECT count(*) FROM {table}") == 0, table
            with pytest.raises(REFUSED):
                await runtime.execute(*await insert(runtime, table, WUHAN))
            with pytest.raises(REFUSED):  # asked to look past the policies, the server refuses
                async with runtime.transaction():
                    await runtime.execute("SET LOCAL row_security = off")
                    await runtime.fetchval(f"SELECT count(*) FROM {table}")
            with pytest.raises(REFUSED):
                await runtime.execute(f"TRUNCATE {table}")


@pytest.mark.parametrize("part", PARTS)
async def test_who_says_a_city_sees_and_changes_its_rows_alone(postgres, peopled, part):
    async with connected(postgres.url(peopled[part], f"{part}_runtime")) as runtime:
        for table in await tenant_tables(runtime):
            async with runtime.transaction():
                await say(runtime, WUHAN)
                rows = await runtime.fetch(f"SELECT city FROM {table}")
                assert [row["city"] for row in rows] == [WUHAN], table
            for sql in (
                f"UPDATE {table} SET city = city WHERE city = '{HANGZHOU}'",
                f"DELETE FROM {table} WHERE city = '{HANGZHOU}'",
            ):
                done = "0"
                with suppress(asyncpg.InsufficientPrivilegeError):  # the right itself is missing
                    async with runtime.transaction():
                        await say(runtime, WUHAN)
                        done = (await runtime.execute(sql)).rpartition(" ")[2]
                assert done == "0", table
            for sql in (
                await insert(runtime, table, HANGZHOU),
                (f"UPDATE {table} SET city = '{HANGZHOU}'",),
            ):
                with pytest.raises(REFUSED):
                    async with runtime.transaction():
                        await say(runtime, WUHAN)
                        await runtime.execute(*sql)


@pytest.mark.parametrize("part", PARTS)
async def test_what_happened_and_who_looked_is_never_changed(postgres, peopled, part):
    async with connected(postgres.url(peopled[part], f"{part}_runtime")) as runtime:
        for table in ("event_log", "audit"):
            for sql in (f"UPDATE {table} SET at = now()", f"DELETE FROM {table}"):
                with pytest.raises(REFUSED, match="permission denied"):
                    async with runtime.transaction():
                        await say(runtime, WUHAN)
                        await runtime.execute(sql)


@pytest.mark.parametrize("part", PARTS)
async def test_the_relays_own_tables_and_the_owners_role_are_out_of_reach(postgres, peopled, part):
    async with connected(postgres.url(peopled[part], f"{part}_runtime")) as runtime:
        for table in RELAY_ONLY:
            with pytest.raises(REFUSED):
                await runtime.fetch(f"SELECT * FROM {table}")
        with pytest.raises(REFUSED):
            await runtime.execute(f"SET ROLE {part}_owner")
        with pytest.raises(REFUSED):
            await runtime.execute("CREATE TABLE mine (a int)")


@pytest.mark.parametrize("part", PARTS)
async def test_the_owner_sees_all_rows_so_that_a_backfill_does_what_it_says(
    postgres, peopled, part
):
    async with connected(postgres.url(peopled[part])) as admin:
        await admin.execute(f"SET ROLE {part}_owner")
        for table in await tenant_tables(admin):
            assert await admin.fetchval(f"SELECT count(*) FROM {table}") == 2, table


@pytest.mark.parametrize("part", ["registry", "casework"])
async def test_people_are_not_touched_without_saying_who_and_why(postgres, peopled, part):
    async with connected(postgres.url(peopled[part], f"{part}_runtime")) as runtime:
        guarded = await runtime.fetch(
            "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'said'"
        )
        names = {row["name"] for row in guarded}
        people = {"casework": {"person", "referral"}, "registry": {"worker", "posting", "officer"}}[
            part
        ]
        assert names == {"person_key", "blind_index"} | people
        for table in names:
            with pytest.raises(REFUSED, match="must be said"):
                async with runtime.transaction():
                    await runtime.execute("SELECT set_config('app.city', $1, true)", WUHAN)
                    await runtime.execute(f"UPDATE {table} SET city = city")
