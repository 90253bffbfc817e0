"""The broker is away, or its stream is full: requests go on, events wait, and then they flow."""

import asyncio
import time

import pytest
from nats.js.errors import APIError

from tests.e2e.house import eventually
from tests.fault.hurting import back, killed, still
from tests.fault.outages.load import Load, good, p99
from tests.fault.outages.signals import Signals
from tests.fault.outages.told import GRANTED, Came, read
from tests.fault.writing import Ledger

BALLAST = "casework.ballast.v1.000000"
SURVEYED_S = 6.0
"""The relay looks at the age of its outbox every five seconds."""
FILLED_S = 4.0
PIECE = b"\0" * 1_000_000


async def broker_away(house, guest, city, asked):
    """NATS is killed and not started again for a while; whoever writes must not notice."""
    came = Came("NATS", asked.seconds)
    ledger = Ledger(guest, city)
    async with Load(ledger, asked.rate) as load:
        began = time.monotonic()
        await asyncio.sleep(asked.before)
        broker = house.pids["NATS"]
        with still(house.process.pid):
            await killed(broker)
            away = time.monotonic()
            await asyncio.sleep(asked.seconds)
        returned = time.monotonic()
        await back(house, "NATS", broker)
    _requests(came, load, began, away, returned)
    await read(came, house, ledger)
    came.whole_s = time.monotonic() - returned
    came.must("/problems/dependency-down" not in ledger.refusals, "requests felt the broker")
    return came


async def stream_full(house, guest, city, asked):
    """Casework's stream has no room until ballast in it has had its time."""
    seconds = max(asked.seconds, SURVEYED_S)
    came = Came("casework's stream full", seconds)
    ledger = Ledger(guest, city)
    signals = Signals(house, "casework")
    async with Load(ledger, asked.rate) as load:
        began = time.monotonic()
        await asyncio.sleep(asked.before)
        until = time.monotonic() + FILLED_S + seconds
        await _fill(house, until)
        away = time.monotonic()
        full = await signals.seen("stream-full", within=20)
        waited = await signals.highest("outbox_oldest_seconds", until - time.monotonic())
        returned = time.monotonic()
        await eventually(lambda: _empty(house), 60)
    _requests(came, load, began, away, returned)
    await read(came, house, ledger)
    came.whole_s = time.monotonic() - returned
    came.away_s = returned - away
    came.also |= {"said after": f"{full:.1f} s", "oldest event": f"{waited:.1f} s"}
    came.must(waited > 0, "the age of the outbox told nothing")
    return came


async def _fill(house, until):
    """Put ballast into the stream until nothing goes in; it is gone at a moment to come."""
    async with house.broker() as js:
        config = (await js.stream_info("CASEWORK")).config
        await js.update_stream(config.evolve(allow_msg_ttl=True))
        for piece in (PIECE, PIECE[:500]):  # an event is smaller than the first
            with pytest.raises(APIError, match="10077"):
                while True:
                    lasts = {"Nats-TTL": f"{max(1, round(until - time.monotonic()))}s"}
                    await js.publish(BALLAST, piece, headers=lasts, timeout=5)


async def _empty(house):
    return await house.published(BALLAST) is None


def _requests(came, load, began, away, returned):
    before, during = load.between(began, away), load.between(away, returned)
    came.asked, came.granted = len(during), good(during)
    came.p99_before_ms, came.p99_ms = p99(before), p99(during)
    came.must(
        good(before) >= GRANTED, f"{good(before):.2%} before: a lower --rate for this machine"
    )
    came.must(came.granted >= GRANTED, f"{came.granted:.2%} granted, {GRANTED:.1%} wanted")
