"""Events by the hundred: referrals taken on, ten to a transaction, as an import or a sweep writes.

Each is a real step: decided, recorded at its version, told. They are committed by this process and
not by the part's own, so its relay is not woken by them and finds them by looking.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from chassis.db import Database, Who
from deploy.embedded.run import Running
from services.casework.decide import accept
from services.casework.models import Referral

TOGETHER = 10
"""Events of one transaction."""

Batch = tuple[str, list[UUID]]


async def to_take_on(run: Running, number: int) -> list[Batch]:
    """Return referrals nobody has taken on yet, so many to a transaction, city by city in turn."""
    everywhere = await asyncpg.connect(run.postgres.url("casework"))
    try:
        rows = await everywhere.fetch(
            "SELECT city, id FROM referral WHERE status = 'routed' ORDER BY city, received_at"
        )
    finally:
        await everywhere.close()
    cities = [
        [row["id"] for row in group]
        for _, group in itertools.groupby(rows, key=lambda row: row["city"])
    ]
    names = list(dict.fromkeys(row["city"] for row in rows))
    batches = [
        (city, ids[at : at + TOGETHER])
        for at in range(0, max(map(len, cities), default=0), TOGETHER)
        for city, ids in zip(names, cities, strict=True)
        if len(ids) >= at + TOGETHER
    ]
    return batches[: number // TOGETHER]


@asynccontextmanager
async def writing(run: Running) -> AsyncIterator[Callable[[list[Batch], float], Awaitable[int]]]:
    """Give a function that records batches at so many events a second, and returns how many."""
    url = run.env["SHEGONG_DATABASE_URL_CASEWORK"]
    database = await Database.connect(url, part="casework", pool=4)

    async def one(city: str, ids: list[UUID]) -> int:
        async with database.begin(Who(city, "service:bench", "measuring")) as tx:
            for row in await tx.find(Referral, id=ids):
                tx.record(row, accept(row, "worker", tx.now))
        return len(ids)

    async def take_on(batches: list[Batch], rate: float) -> int:
        started, tasks = time.perf_counter(), []
        async with asyncio.TaskGroup() as group:
            for number, batch in enumerate(batches):
                due = started + number * TOGETHER / rate
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                tasks.append(group.create_task(one(*batch)))
        return sum(task.result() for task in tasks)

    try:
        yield take_on
    finally:
        await database.close()
