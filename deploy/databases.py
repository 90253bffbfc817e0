"""A part's database and its four roles, made or put right: safe to run again at any time.

    NAME_owner      owns every table, cannot log in
    NAME_migrator   logs in to migrate, and becomes the owner to do so
    NAME_runtime    what a service is: rows of one city at a time
    NAME_relay      outbox, event log and leases of all cities, nothing else

Who may do what to which table is said by the migrations; here is who exists and who may connect.
"""

from collections.abc import Mapping

import asyncpg

SERIALISE = 20_250_918
"""One advisory lock for all: roles are shared by the whole server."""

TIMEOUTS = {
    "runtime": {"statement_timeout": "5s", "lock_timeout": "2s"},
    "relay": {"statement_timeout": "15s", "lock_timeout": "2s"},
    "migrator": {"lock_timeout": "5s"},
}
"""The runtime's lock timeout is the shorter one, else a waiting receipt never says `in-progress`."""
IDLE = "15s"


async def prepare(
    admin_dsn: str,
    part: str,
    *,
    database: str | None = None,
    passwords: Mapping[str, str] | None = None,
) -> None:
    """Make a part's roles and its database; `passwords` are by role, none on a private socket."""
    database = database or part
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute(f"SELECT pg_advisory_lock({SERIALISE})")
        await _roles(admin, part, passwords or {})
        await admin.execute(f"SELECT pg_advisory_unlock({SERIALISE})")
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await admin.execute(f"CREATE DATABASE {_name(database)} OWNER {_name(f'{part}_owner')}")
        await admin.execute(_doors(database, part))
    finally:
        await admin.close()
    inside = await asyncpg.connect(admin_dsn, database=database)
    try:
        await inside.execute(_rooms(part))
    finally:
        await inside.close()


async def _roles(admin: asyncpg.Connection, part: str, passwords: Mapping[str, str]) -> None:
    """Make the roles that are missing and set what each may do."""
    known = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    owner = f"{part}_owner"
    wanted = [owner, *(f"{part}_{kind}" for kind in TIMEOUTS)]
    statements = [f"CREATE ROLE {_name(role)}" for role in wanted if role not in known]
    for role in wanted:
        login = "NOLOGIN" if role == owner else "LOGIN"
        statements.append(
            f"ALTER ROLE {_name(role)} {login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
        )
    # What a wait was for is read from the server's words (chassis.http): they must be English.
    everyone = {"timezone": "UTC", "lc_messages": "C", "idle_in_transaction_session_timeout": IDLE}
    for kind, settings in TIMEOUTS.items():
        role = _name(f"{part}_{kind}")
        for setting, value in (everyone | settings).items():
            statements.append(f"ALTER ROLE {role} SET {setting} = '{value}'")
    statements.append(
        f"GRANT {_name(owner)} TO {_name(f'{part}_migrator')} WITH INHERIT FALSE, SET TRUE"
    )
    for kind, password in passwords.items():
        statements.append(f"ALTER ROLE {_name(f'{part}_{kind}')} PASSWORD {_text(password)}")
    await admin.execute(";\n".join(statements))


def _doors(database: str, part: str) -> str:
    who = ", ".join(_name(f"{part}_{kind}") for kind in TIMEOUTS)
    return (
        f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC;"
        f"GRANT CONNECT ON DATABASE {_name(database)} TO {who}"
    )


def _rooms(part: str) -> str:
    who = ", ".join(_name(f"{part}_{kind}") for kind in TIMEOUTS)
    return (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
        # By name, not as the database's owner: a copy of this database may belong to another.
        f"GRANT ALL ON SCHEMA public TO {_name(f'{part}_owner')};"
        f"GRANT USAGE ON SCHEMA public TO {who}"
    )


def _name(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
