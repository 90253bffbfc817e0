"""What a part's rows say of themselves: looked at a city at a time, every minute, for Prometheus.

The worker half looks, apart from every request; at once where a reaction asked for it. Two workers
count the same, so an alert takes the greater of the two.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chassis import log
from chassis.db import Database, Stale, Transaction, Who
from chassis.http import DOWN
from chassis.identity import PLATFORM
from chassis.problems import Problem
from chassis.tables import CityKept

EVERY = 60.0
Look = Callable[[Transaction], Awaitable[None]]
"""Counts in one city, and tells a metric."""


class Watch:
    """A task that looks every minute; while the database is away the last counts stand."""

    def __init__(self, database: Database, look: Look) -> None:
        self._database = database
        self._look = look
        self._stopping = False
        self._told: set[str] = set()
        self._news = asyncio.Event()
        database.on_follow_up.append(self.wake)

    def wake(self, city: str) -> None:
        """Look at a city now: something was told there."""
        self._told.add(city)
        self._news.set()

    async def run(self) -> None:
        """Look until asked to stop."""
        looked = -EVERY
        while not self._stopping:
            told, self._told = self._told, set()
            try:
                if time.monotonic() - looked >= EVERY:
                    looked = time.monotonic()
                    await look_at_all(self._database, self._look)
                else:
                    for city in sorted(told):
                        await look_at(self._database, city, self._look)
            except (*DOWN, Problem, Stale) as away:
                log.warning("watch later", exc=away)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(EVERY - (time.monotonic() - looked), 0)):
                    await self._news.wait()
            if not self._stopping:
                self._news.clear()

    def stop(self) -> None:
        """Stop at the next turn."""
        self._stopping = True
        self._news.set()


async def look_at_all(database: Database, look: Look) -> None:
    """Look at every city, each in a transaction of its own."""
    async with database.begin(Who(PLATFORM, f"service:{database.part}", "watch")) as tx:
        cities = [city.code for city in await tx.find(CityKept)]
    for city in cities:
        await look_at(database, city, look)


async def look_at(database: Database, city: str, look: Look) -> None:
    """Look at one city."""
    async with database.begin(Who(city, f"service:{database.part}", "watch")) as tx:
        await look(tx)
