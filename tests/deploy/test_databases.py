"""Four roles for a part, each with its own reach; made twice they are the same."""

import asyncpg
import pytest

from deploy.databases import prepare


@pytest.fixture(scope="module")
async def trial(postgres):
    for _ in range(2):
        await prepare(postgres.url(), "casework", database="trial_roles")
    await prepare(postgres.url(), "registry", database="trial_other")
    owner = await asyncpg.connect(
        postgres.url("trial_roles", "casework_migrator"),
        server_settings={"role": "casework_owner"},
    )
    await owner.execute("CREATE TABLE IF NOT EXISTS kept (a int)")
    await owner.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    await owner.close()
    return "trial_roles"


async def test_the_migrator_becomes_the_owner_and_owns_nothing_itself(postgres, trial):
    migrator = await asyncpg.connect(postgres.url(trial, "casework_migrator"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await migrator.execute("INSERT INTO kept VALUES (1)")
        await migrator.execute("SET ROLE casework_owner; INSERT INTO kept VALUES (1)")
    finally:
        await migrator.close()


@pytest.mark.parametrize("role", ["casework_runtime", "casework_relay"])
@pytest.mark.parametrize(
    "asked",
    [
        "CREATE TABLE mine (a int)",
        "SELECT * FROM kept",
        "SET ROLE casework_owner",
        "SET ROLE casework_migrator",
        "ALTER ROLE casework_runtime BYPASSRLS",
    ],
)
async def test_who_serves_cannot_take_more_than_was_granted(postgres, trial, role, asked):
    one = await asyncpg.connect(postgres.url(trial, role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await one.execute(asked)
    finally:
        await one.close()


@pytest.mark.usefixtures("trial")
async def test_no_role_enters_another_parts_database(postgres):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(postgres.url("trial_other", "casework_runtime"))


@pytest.mark.usefixtures("trial")
async def test_no_role_of_ours_is_above_row_level_security(postgres):
    admin = await asyncpg.connect(postgres.url())
    try:
        rows = await admin.fetch(
            "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles"
            " WHERE rolname LIKE 'casework\\_%'"
        )
    finally:
        await admin.close()

    assert len(rows) == 4
    assert not any(row["rolsuper"] or row["rolbypassrls"] for row in rows)
    assert {row["rolname"] for row in rows if not row["rolcanlogin"]} == {"casework_owner"}


async def test_the_receipts_lock_is_waited_for_less_long_than_a_statement_may_run(postgres, trial):
    one = await asyncpg.connect(postgres.url(trial, "casework_runtime"))
    try:
        assert await one.fetchval("SHOW lock_timeout") == "2s"
        assert await one.fetchval("SHOW statement_timeout") == "5s"
        assert await one.fetchval("SHOW lc_messages") == "C", "what was waited for is read there"
    finally:
        await one.close()
