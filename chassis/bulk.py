"""Work in bulk, as an import is: while it is under way the relay goes slowly, its events leave afterwards.

Else the relay and everybody who hears it would take from the import the processors it needs to be
over soon. A shared lock of the session says so, and is gone with whoever held it.
"""

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chassis.db import Database

LOCK = zlib.crc32(b"shegong bulk")


@asynccontextmanager
async def bulk(database: "Database") -> AsyncIterator[None]:
    """Say that a part's database is being filled, while the block lasts."""
    async with database.pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock_shared($1)", LOCK)
        try:
            yield
        finally:
            await connection.execute("SELECT pg_advisory_unlock_shared($1)", LOCK)


async def under_way(connection: Any) -> bool:
    """Whether somebody fills this database now. `connection` is asyncpg's."""
    free = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK)
    return not free
