"""What a part's rows say of themselves: counted a city at a time, every minute, for Prometheus.

The worker half counts, apart from every request. Two workers count the same, so an alert takes the
greater of the two.
"""

import asyncio
from collections.abc import Awaitable, Callable

from chassis import log
from chassis.db import Database, Transaction, Who
from chassis.http import DOWN
from chassis.identity import PLATFORM
from chassis.problems import Problem
from chassis.tables import CityKept

EVERY = 60.0
Look = Callable[[Transaction], Awaitable[None]]
"""Counts in one city, and tells a metric."""


class Watch:
    """A task that counts every minute; while the database is away the last counts stand."""

    def __init__(self, database: Database, look: Look) -> None:
        self._database = database
        self._look = look
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Count until asked to stop."""
        while not self._stopped.is_set():
            try:
                await look_at_all(self._database, self._look)
            except (*DOWN, Problem) as away:
                log.warning("watch later", exc=away)
            try:
                async with asyncio.timeout(EVERY):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Stop at the next turn."""
        self._stopped.set()


async def look_at_all(database: Database, look: Look) -> None:
    """Count in every city, each in a transaction of its own."""
    subject = f"service:{database.part}"
    async with database.begin(Who(PLATFORM, subject, "watch")) as tx:
        cities = [city.code for city in await tx.find(CityKept)]
    for city in cities:
        async with database.begin(Who(city, subject, "watch")) as tx:
            await look(tx)
