"""Migrations: run as the owner, safe to run again, and the models say the same as they do."""

import asyncio

import asyncpg
import pytest

from chassis.config import PARTS
from deploy import migrate, revisions
from deploy.databases import prepare


@pytest.fixture
async def casework(fresh, postgres):
    name = await fresh("casework")
    return postgres.url(name, "casework_migrator")


@pytest.mark.parametrize("part", PARTS)
async def test_models_and_migrations_agree(part, fresh, postgres):
    name = await fresh(part)

    assert await migrate.check(part, postgres.url(name, f"{part}_migrator")) == []


async def test_a_column_that_no_model_has_is_a_drift(casework, owner):
    await owner.execute("ALTER TABLE referral ADD COLUMN forgotten text")

    [(what, _, table, column)] = await migrate.check("casework", casework)
    assert (what, table, column.name) == ("remove_column", "referral", "forgotten")


async def test_a_table_that_no_model_has_is_a_drift(casework, owner):
    await owner.execute("CREATE TABLE forgotten (a int)")

    [(what, table)] = await migrate.check("casework", casework)
    assert (what, table.name) == ("remove_table", "forgotten")


@pytest.mark.parametrize("part", PARTS)
async def test_the_last_file_by_name_is_the_end_of_the_line(part, fresh, postgres):
    """A start tells from file names whether there is anything to migrate."""
    url = postgres.url(await fresh(part), f"{part}_migrator")

    assert revisions.newest(part) == migrate.scripts(part).get_current_head()
    assert not await revisions.pending(part, url)


async def test_a_database_before_the_last_migration_is_seen(casework, owner):
    await owner.execute("UPDATE alembic_version SET version_num = '0000'")

    assert await revisions.pending("casework", casework)


async def test_a_database_without_any_migration_is_seen(postgres):
    await prepare(postgres.url(), "casework", database="trial_empty")

    assert await revisions.pending("casework", postgres.url("trial_empty", "casework_migrator"))


async def test_a_second_run_has_nothing_to_do(casework):
    assert await migrate.migrate("casework", casework) == []


async def test_everything_belongs_to_the_owner(owner):
    owners = await owner.fetch(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    )

    assert [row["tableowner"] for row in owners] == ["casework_owner"]


async def test_two_runs_at_once_wait_for_each_other(casework, owner):
    await owner.execute(f"SELECT pg_advisory_lock({migrate.LOCK})")
    second = asyncio.create_task(migrate.migrate("casework", casework))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(10):
        while not await owner.fetchval(waiting):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    assert not second.done()
    await owner.execute(f"SELECT pg_advisory_unlock({migrate.LOCK})")

    assert await second == []


async def test_a_migration_that_waits_too_long_for_a_table_gives_up(casework):
    seen = []
    await migrate._as_owner(
        "casework",
        casework,
        lambda connection: seen.append(connection.exec_driver_sql("SHOW lock_timeout").scalar()),
    )

    assert seen == ["5s"]


@pytest.fixture
async def owner(casework):
    one = await asyncpg.connect(casework, server_settings={"role": "casework_owner"})
    yield one
    await one.close()
