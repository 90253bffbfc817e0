"""Connections go to whoever has waited longest, and come back whatever happens."""

import asyncio

import asyncpg
import pytest

from chassis.pool import Turns

WORKERS, ROUNDS = 12, 20


@pytest.fixture
async def pool(postgres):
    async with asyncpg.create_pool(postgres.url(), min_size=2, max_size=2) as pool:
        yield pool


async def test_nobody_is_overtaken_by_who_comes_later(pool):
    turns, overtaken = Turns(pool), []
    served = 0

    async def work():
        nonlocal served
        for _ in range(ROUNDS):
            before = served
            connection = await turns.take(10)
            overtaken.append(served - before)
            served += 1
            await connection.fetchval("SELECT 1")
            await turns.give(connection)

    async with asyncio.TaskGroup() as everybody:
        for _ in range(WORKERS):
            everybody.create_task(work())

    assert max(overtaken) < WORKERS


async def test_who_gives_up_or_is_called_off_takes_no_turn_along(pool):
    turns = Turns(pool)
    held = [await turns.take(1), await turns.take(1)]
    with pytest.raises(TimeoutError):
        await turns.take(0.01)
    called_off = asyncio.create_task(turns.take(10))
    await asyncio.sleep(0)
    called_off.cancel()
    await asyncio.gather(called_off, return_exceptions=True)

    for connection in held:
        await turns.give(connection)
    again = [await turns.take(0.1), await turns.take(0.1)]
    for connection in again:
        await turns.give(connection)


async def test_a_connection_that_cannot_be_made_leaves_its_turn(pool):
    turns = Turns(pool)
    for _ in range(5):
        held = await turns.take(1)
        held.terminate()
        await turns.give(held)
    await pool.close()
    for _ in range(5):
        with pytest.raises(asyncpg.InterfaceError):
            await turns.take(0.1)
