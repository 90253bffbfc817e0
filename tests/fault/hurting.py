"""Hands on processes of the run, and moments held still so that a crash is no matter of luck."""

import os
import signal
from contextlib import asynccontextmanager, contextmanager

from tests.deploy.waiting import alive, until
from tests.e2e.house import House, eventually, family

LATCH = 4711
"""The advisory lock a commit waits on."""


@contextmanager
def still(*pids):
    """Hold processes still; what was killed meanwhile is left alone."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            if alive(pid):
                os.kill(pid, signal.SIGCONT)


async def killed(pid):
    """Kill a process and all it has started outright, and return when they are gone."""
    gone = family(pid)
    for one in gone:
        if alive(one):
            os.kill(one, signal.SIGKILL)
    await until(lambda: not any(alive(one) for one in gone))


async def back(house: House, name, before):
    """Wait until the supervisor has another process in the place of one that was killed."""

    async def there():
        now = house.pids.get(name)
        return now is not None and now != before and f"{name} is back" in house.said()

    await eventually(there, 40)


@asynccontextmanager
async def before_commit(house: House, part, table):
    """Make every commit that writes to a table wait, after all its work, for the latch.

    Yields the connection that holds the latch, and how to open it.
    """
    async with house.rows(part) as one:
        await one.execute(
            "CREATE FUNCTION latched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
            f" BEGIN PERFORM pg_advisory_xact_lock_shared({LATCH}); RETURN NULL; END $$;"
            f" CREATE CONSTRAINT TRIGGER latched AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latched()"
        )
        await one.execute(f"SELECT pg_advisory_lock({LATCH})")
        try:
            yield one
        finally:
            await one.execute("SELECT pg_advisory_unlock_all()")
            await one.execute("DROP FUNCTION latched() CASCADE")


async def waiting(one, kind):
    """Wait until a backend waits for a lock of this kind, and return its process."""

    async def found():
        return await one.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND wait_event = $1 LIMIT 1",
            kind,
        )

    return await eventually(found)
