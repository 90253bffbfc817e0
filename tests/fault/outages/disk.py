"""A disk without room, first the databases', then the broker's: said clearly, nothing lost."""

import asyncio
import os
import time
from contextlib import contextmanager, suppress

from tests.e2e.house import eventually
from tests.fault.outages.broker import SURVEYED_S
from tests.fault.outages.load import LATER, Load, good, p99
from tests.fault.outages.signals import Signals
from tests.fault.outages.told import GRANTED, Came, read
from tests.fault.writing import Ledger

BLOCK = 4096
GRANTED_ALL = 20
"""So many answers in a row without a refusal are a platform that is well again."""


async def databases_disk_full(house, guest, city, asked):
    """Nothing can be written where PostgreSQL, the logs and the supervisor live.

    What fits into the pages that are there is still granted; the rest is 503 and when to come again.
    """
    came = Came("disk of the databases full", asked.seconds)
    ledger = Ledger(guest, city)
    async with Load(ledger, asked.rate) as load:
        began = time.monotonic()
        await asyncio.sleep(asked.before)
        with full(house.data) as more:
            away = time.monotonic()
            # The pages that are there have some room: as long as that is used up, no outage begins.
            while not any(one.status == 503 for one in load.between(away, time.monotonic())):
                await asyncio.to_thread(more)
                await asyncio.sleep(0.05)
                if time.monotonic() - away > LONGEST_S:
                    came.must(False, f"nothing was refused within {LONGEST_S:g} s")
                    break
            refused = time.monotonic()
            await asyncio.sleep(asked.seconds)
            returned = time.monotonic()
        well = await _well(load, returned)
    during = load.between(refused, returned)
    came.away_s, came.asked, came.granted = returned - away, len(during), good(during)
    came.p99_before_ms, came.p99_ms = p99(load.between(began, away)), p99(during)
    other = sorted({one.status for one in load.notes} - {200, 201, *LATER})
    came.must(not other, f"answers other than to come again: {other}")
    silent = sum(one.status in LATER and not one.retry_after for one in load.notes)
    came.must(not silent, f"{silent} refusals without Retry-After")
    await read(came, house, ledger)
    came.also |= {"first refusal after": f"{refused - away:.1f} s", "well after": f"{well:.1f} s"}
    return came


LONGEST_S = 60.0


async def brokers_disk_full(house, guest, city, asked):
    """JetStream cannot write: requests go on, the relay says so, and events flow when there is room."""
    seconds = max(asked.seconds, SURVEYED_S)
    came = Came("disk of the broker full", seconds)
    ledger = Ledger(guest, city)
    signals = Signals(house, "casework")
    async with Load(ledger, asked.rate) as load:
        began = time.monotonic()
        await asyncio.sleep(asked.before)
        with full(house.data / "nats") as more:
            away = time.monotonic()
            async with asyncio.timeout(60):
                while not signals.lines("relay.broker"):
                    await asyncio.to_thread(more)
                    await asyncio.sleep(0.1)
            said = time.monotonic() - away
            oldest = await signals.highest("outbox_oldest_seconds", seconds)
            returned = time.monotonic()
        reasons = sorted({line["reason"] for line in signals.lines("relay.broker")})
        during = load.between(away, returned)

        async def flows():
            async with house.rows("casework") as one:
                return await one.fetchval("SELECT count(*) FROM outbox") < asked.rate

        with suppress(TimeoutError):
            await eventually(flows, 90)
    came.away_s, came.asked, came.granted = returned - away, len(during), good(during)
    came.p99_before_ms, came.p99_ms = p99(load.between(began, away)), p99(during)
    came.must(came.granted >= GRANTED, f"{came.granted:.2%} granted")
    came.must(oldest > 0, "the age of the outbox told nothing")
    await read(came, house, ledger)
    came.whole_s = time.monotonic() - returned
    came.also |= {
        "said after": f"{said:.1f} s",
        "reasons": "/".join(reasons),
        "oldest event": f"{oldest:.1f} s",
    }
    return came


@contextmanager
def full(folder):
    """Leave no block free on a folder's disk; yields what takes the blocks that came free since."""
    ballast = folder / "ballast"
    file = os.open(ballast, os.O_CREAT | os.O_RDWR, 0o600)
    size = 0

    def more():
        nonlocal size
        piece = 1 << 28
        while piece >= BLOCK:
            try:
                os.posix_fallocate(file, size, piece)
                size += piece
            except OSError:
                piece //= 2

    try:
        more()
        yield more
    finally:
        os.close(file)
        ballast.unlink()


async def _well(load, since):
    """Wait until everything is granted again, and return after how long the last refusal was."""

    async def granted():
        last = load.between(since, time.monotonic())[-GRANTED_ALL:]
        return len(last) == GRANTED_ALL and good(last) == 1

    await eventually(granted, 90)
    refusals = [one.at for one in load.notes if one.at >= since and one.status in LATER]
    return max(refusals, default=since) - since
