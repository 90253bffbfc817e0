"""Migrations: one line of them per part, run as the part's owner, one run at a time.

A part's migrations are the files in `services/PART/migrations/versions` (the gateway's in
`gateway/migrations/versions`); what Alembic needs around them is here, once for all. Each migration
is a transaction of its own, so a long line that stops in the middle goes on from there.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.config import PARTS, setting
from deploy.revisions import versions

HERE = Path(__file__).parent
LOCK = zlib.crc32(b"shegong migrate")
LOCK_TIMEOUT = "5s"
"""How long a migration may wait for a table: behind it every request of the service waits."""


def migrator_url(part: str) -> str:
    """Return where a part's migrator logs in."""
    return setting(f"SHEGONG_MIGRATOR_DATABASE_URL_{part.upper()}")


def scripts(part: str) -> ScriptDirectory:
    """Return a part's line of migrations."""
    return ScriptDirectory.from_config(_config(part))


async def migrate(part: str, url: str | None = None, to: str = "head") -> list[str]:
    """Bring a part's database to the last migration, or to one named; return those that were run."""
    line = scripts(part)
    done: list[str] = []

    def step(revision: Any, _context: MigrationContext) -> list[Any]:
        steps = line._upgrade_revs(to, revision)  # noqa: SLF001 - what `alembic upgrade` does
        done.extend(step.revision.revision for step in steps)
        return list(steps)

    def run(connection: Connection) -> None:
        with EnvironmentContext(line_config, line, fn=step) as environment:
            environment.configure(connection=connection, transaction_per_migration=True)
            with environment.begin_transaction():
                environment.run_migrations()
        # Readiness compares it with the code's newest migration, as the runtime role.
        readers = f"{part}_runtime, {part}_migrator"
        connection.execute(text(f"GRANT SELECT ON alembic_version TO {readers}"))

    line_config = _config(part)
    await _as_owner(part, url or migrator_url(part), run)
    return done


async def migrate_all(parts: Iterable[str] = PARTS) -> dict[str, list[str]]:
    """Bring several parts' databases up to date.

    One after the other: in a process there is one `op`, and migrations speak to it.
    """
    return {part: await migrate(part) for part in tuple(parts) or PARTS}


def said(part: str) -> dict[str, str]:
    """Return what each of a part's migrations says, as SQL by revision; no database is asked."""
    line, config = scripts(part), _config(part)
    found = {}
    for revision in reversed(list(line.walk_revisions())):
        written = StringIO()

        def step(at: Any, _context: MigrationContext, to: str = revision.revision) -> list[Any]:
            return list(line._upgrade_revs(to, at))  # noqa: SLF001 - what `alembic upgrade` does

        with EnvironmentContext(
            config,
            line,
            fn=step,
            as_sql=True,
            starting_rev=revision.down_revision,
            destination_rev=revision.revision,
        ) as environment:
            environment.configure(dialect_name="postgresql", output_buffer=written)
            environment.run_migrations()
        _, _, ours = written.getvalue().partition("-- Running upgrade ")
        # A literal % is doubled for a driver that is not there.
        found[revision.revision] = f"-- {ours}".replace("%%", "%")
    return found


async def check(part: str, url: str | None = None) -> list[Any]:
    """Return how a part's models and its migrated database differ: nothing, or they have drifted."""
    metadata = models(part)
    tables = {table.name for one in metadata for table in one.tables.values()}
    found: list[Any] = []

    def ours(_object: Any, name: str | None, kind: str, reflected: bool, _to: Any) -> bool:
        # Indexes and checks live in the migrations alone: a model says rows, not how they are found.
        return kind in ("table", "column") and not (
            kind == "table" and reflected and name in WITHOUT_CLASS and name not in tables
        )

    def run(connection: Connection) -> None:
        options = {"include_object": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        found.extend(compare_metadata(context, _merged(metadata)))

    await _as_owner(part, url or migrator_url(part), run)
    return found


WITHOUT_CLASS = frozenset({"alembic_version", "relay_lease", "stream_seen", "division"})
"""Tables that no model describes: Alembic's own, the relay's (`chassis.tables`) and the reference
data of `chassis.divisions`."""


def models(part: str) -> Sequence[MetaData]:
    """Return the tables a part declares: its own and the chassis'."""
    from chassis.tables import Chassis, Xid8  # noqa: PLC0415 - only the check needs the models

    ischema_names["xid8"] = Xid8
    own = import_module("gateway.models" if part == "gateway" else f"services.{part}.models")
    found = {id(Chassis.metadata): Chassis.metadata}
    for thing in vars(own).values():
        table = getattr(thing, "__table__", None)
        if table is not None and thing.__module__.startswith(own.__name__):
            found[id(table.metadata)] = table.metadata
    return list(found.values())


def write(part: str, message: str) -> Path:
    """Start the next migration of a part: an empty file in its place."""
    line = scripts(part)
    number = f"{1 + len(list(line.walk_revisions())):04}"
    made = line.generate_revision(number, message, version_path=str(versions(part)))
    assert made
    return Path(made.path)


def _config(part: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE / "alembic"))
    config.set_main_option("version_locations", str(versions(part)))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def _as_owner(part: str, url: str, run: Callable[[Connection], None]) -> None:
    """Run something on one connection that is the part's owner, while no other migration runs."""

    async def connect() -> asyncpg.Connection:
        settings = {"role": f"{part}_owner", "lock_timeout": LOCK_TIMEOUT}
        return await asyncpg.connect(url, server_settings=settings)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            # A lock of the session, not of a transaction: every migration is a transaction.
            await connection.execute(text("SET lock_timeout = 0"))
            await connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            await connection.run_sync(run)
            await connection.commit()
    finally:
        await engine.dispose()


def _merged(found: Sequence[MetaData]) -> MetaData:
    merged = MetaData()
    for metadata in found:
        for table in metadata.tables.values():
            table.to_metadata(merged)
    return merged
