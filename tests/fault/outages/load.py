"""Partners who go on referring while something is away, and how every single asking of theirs went."""

import asyncio
import time
from dataclasses import dataclass, field

import httpx

from tests.fault.writing import Ledger

LATER = (429, 503)
"""Come again: 503, or 429 to the one client that has most of what waits in hand."""


@dataclass(frozen=True)
class Asked:
    """One request: when, for how long, and what came back (0: nothing)."""

    at: float
    seconds: float
    status: int
    retry_after: bool


@dataclass
class Timed:
    """A caller that notes each request."""

    caller: object
    notes: list[Asked]

    async def token(self):
        return await self.caller.token()

    async def ask(self, *words, **headers):
        began = time.monotonic()
        try:
            answer = await self.caller.ask(*words, **headers)
        except httpx.TransportError:
            self.notes.append(Asked(began, time.monotonic() - began, 0, False))
            raise
        again = "retry-after" in answer.headers
        self.notes.append(Asked(began, time.monotonic() - began, answer.status_code, again))
        return answer


@dataclass
class Load:
    """A steady stream of referrals, every other one accepted as well."""

    ledger: Ledger
    per_second: float
    notes: list[Asked] = field(default_factory=list)
    _task: asyncio.Task | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self):
        ledger = self.ledger
        ledger._partner = Timed(ledger._partner, self.notes)
        ledger._worker = Timed(ledger._worker, self.notes)
        await ledger.ready()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind, *_):
        self._stop.set()
        if kind is not None:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=kind is not None)

    async def _run(self):
        began, number = time.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while not self._stop.is_set():
                group.create_task(self.ledger.refer(accept=number % 2 == 0, within=180))
                number += 1
                await asyncio.sleep(max(0, began + number / self.per_second - time.monotonic()))

    def between(self, begin, end):
        """Return what was asked from one moment on and before another."""
        return [one for one in self.notes if begin <= one.at < end]


def good(asked):
    """Return the share of requests that were granted, 1.0 of none."""
    return sum(200 <= one.status < 300 for one in asked) / len(asked) if asked else 1.0


def p99(asked):
    """Return the 99th percentile of the granted ones, in milliseconds."""
    times = sorted(one.seconds for one in asked if 200 <= one.status < 300)
    return times[min(len(times) - 1, int(len(times) * 0.99))] * 1000 if times else 0.0
