"""Connections to one part's database: so many, kept, in turn, and every wait of theirs bounded."""

import asyncio
from typing import TypeAlias

import asyncpg
import orjson

LOCK_WAIT_MS = 2_000
"""How long a twin of a running request waits before it hears `in-progress`."""
STATEMENT_MS = 5_000


_Lent: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class Turns:
    """A pool's connections in the order they are asked for.

    The pool's own line is none: who is woken there may find that somebody who has just come was
    faster, and then stands last again. Under load that is a request overtaken for a second.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._free = asyncio.Semaphore(pool.get_max_size())

    async def take(self, within: float) -> "_Lent":
        """Return a connection, or raise TimeoutError."""
        if self._free.locked():
            async with asyncio.timeout(within):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            return await self._pool.acquire(timeout=within)  # one may have to be opened
        except BaseException:
            self._free.release()
            raise

    async def give(self, connection: "_Lent") -> None:
        """Take a connection back."""
        try:
            await self._pool.release(connection, timeout=5)
        finally:
            self._free.release()


async def opened(url: str, part: str, size: int) -> "asyncpg.Pool[asyncpg.Record]":
    """Open a pool of at most so many connections."""

    async def no_reset(_: object) -> None:
        # Every setting here is transaction-local, so there is nothing to reset: one round
        # trip less a request (performance.md §4, pitfall 5).
        return

    made = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        max_inactive_connection_lifetime=300,
        timeout=5,
        command_timeout=10,
        reset=no_reset,
        init=_codecs,
        statement_cache_size=512,
        max_cacheable_statement_size=64 * 1024,
        server_settings={
            "application_name": f"shegong-{part}",
            # A list of unknown length would else be planned anew each time, which costs more
            # than to find its few rows (docs/performance.md).
            "plan_cache_mode": "force_generic_plan",
            "lock_timeout": str(LOCK_WAIT_MS),
            "statement_timeout": str(STATEMENT_MS),
            "idle_in_transaction_session_timeout": "10000",
        },
    )
    assert made is not None
    return made


async def _codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    # In the server's binary form, a version byte before the text: a record within a record has it.
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + orjson.dumps(value, default=str),
        decoder=lambda sent: orjson.loads(sent[1:]),
        schema="pg_catalog",
        format="binary",
    )
    # The driver asks the server about this type once a connection: now, and not in a request.
    await connection.fetchval("SELECT ARRAY[ROW(1)]")
