"""Events by the hundred: referrals taken on, ten to a transaction, as an import or a sweep writes.

Each is a real step: decided, recorded at its version, told. They are committed by this process and
not by the part's own, so its relay is not woken by them and finds them by looking.
"""

import asyncio
import itertools
import time
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
            "SELECT city, id FROM referral WHERE status = 'routed' AND version = 1"
            " ORDER BY city, received_at"
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


async def take_on(run: Running, batches: list[Batch], rate: float) -> int:
    """Record so many events a second, whatever becomes of them; return how many were."""
    url = run.env["SHEGONG_DATABASE_URL_CASEWORK"]
    database = await Database.connect(url, part="casework", pool=4)
    done = 0

    async def one(city: str, ids: list[UUID]) -> None:
        nonlocal done
        async with database.begin(Who(city, "service:bench", "measuring")) as tx:
            for row in await tx.find(Referral, id=ids):
                tx.record(row, accept(row, "worker", tx.now))
        done += len(ids)

    try:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, batch in enumerate(batches):
                due = started + number * TOGETHER / rate
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                group.create_task(one(*batch))
    finally:
        await database.close()
    return done
