"""What is thrown away when its time is over: receipts after thirty days, a city at a time."""

import asyncio
from datetime import timedelta

from chassis import log
from chassis.db import Database, Who
from chassis.http import DOWN
from chassis.identity import PLATFORM
from chassis.problems import Problem
from chassis.tables import CityKept

EVERY = 3_600.0
RECEIPTS_KEPT = timedelta(days=30)
"""How long a retry gets its answer again (contract.md, "Conventions")."""
AT_ONCE = 1_000

SWEEP = """
DELETE FROM receipt WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM receipt WHERE city = $1 AND at < $2 LIMIT $3)) RETURNING 1
"""


class Upkeep:
    """A task that sweeps every hour; what it misses waits for the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Sweep until asked to stop."""
        while not self._stopped.is_set():
            try:
                await sweep(self._database)
            except (*DOWN, Problem) as away:
                log.warning("upkeep later", exc=away)
            try:
                async with asyncio.timeout(EVERY):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Stop at the next turn."""
        self._stopped.set()


async def sweep(database: Database) -> int:
    """Delete receipts that are too old, in every city; returns how many."""
    who = Who(PLATFORM, f"service:{database.part}", "upkeep")
    async with database.begin(who) as tx:
        cities = [PLATFORM, *(city.code for city in await tx.find(CityKept))]
    swept = 0
    for city in cities:
        swept += await _sweep_city(database, city)
    return swept


async def _sweep_city(database: Database, city: str) -> int:
    swept, gone = 0, AT_ONCE
    while gone == AT_ONCE:  # small transactions: nobody waits long for a row
        async with database.begin(Who(city, f"service:{database.part}", "upkeep")) as tx:
            gone = len(await tx.fetch(SWEEP, city, tx.now - RECEIPTS_KEPT, AT_ONCE))
        swept += gone
    return swept
