"""Partners that write while something breaks, and remember what they were promised."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.house import Guest
from tests.e2e.sent import referral

AGAIN_S = 0.25
TRYING = (429, 503)
"""What is no answer yet: too many at once, or away. A 500 is none of it: the house knows how to say so."""


@dataclass
class Wish:
    """One referral somebody wants: what was asked, under which key, and what was answered."""

    city: str
    body: dict[str, Any]
    key: str = field(default_factory=lambda: uuid4().hex)
    answers: set[bytes] = field(default_factory=set)
    """Every 2xx to the referral; more than one kind of bytes is a broken promise."""
    receipt: dict[str, Any] | None = None
    version: int = 0
    """The highest version acknowledged: 2 once it was accepted."""
    tries: int = 0


class Ledger:
    """Everything that was asked for in one test."""

    def __init__(self, guest: Guest, city: str) -> None:
        self._partner, self._worker = guest.of(city, "court-1"), guest.of(city, "worker-1")
        self.city = city
        self.wishes: list[Wish] = []
        self.refusals: Counter[str] = Counter()
        """Problems that asked to come again, by type."""
        self._grown = asyncio.Condition()

    @property
    def acknowledged(self):
        return [wish for wish in self.wishes if wish.receipt]

    async def ready(self):
        """Get the tokens first: while a server is away there is nobody to give them."""
        await self._partner.token()
        await self._worker.token()

    async def refer(self, *, accept=False, within=60.0):
        """Refer somebody, and again with the same key until there is an answer."""
        wish = Wish(self.city, referral(self.city))
        self.wishes.append(wish)
        until = time.monotonic() + within
        answer = await self._asked(wish, self._partner, "/referrals", wish.body, until)
        if answer is None:
            return wish
        assert answer.status_code == 201, answer.text
        wish.answers.add(answer.content)
        wish.receipt, wish.version = answer.json(), 1
        async with self._grown:
            self._grown.notify_all()
        if accept:
            await self.accept(wish, within=until - time.monotonic())
        return wish

    async def accept(self, wish, within=60.0):
        """Let the worker take it on, again and again until there is an answer."""
        path, until = f"/referrals/{wish.receipt['id']}/accept", time.monotonic() + within
        answer = await self._asked(wish, self._worker, path, {}, until)
        if answer is not None:
            assert answer.status_code == 200, answer.text
            wish.version = answer.json()["version"]

    async def repeat(self, wish):
        """Send the very same again; the promise is the same bytes."""
        until = time.monotonic() + 60
        answer = await self._asked(wish, self._partner, "/referrals", wish.body, until)
        assert answer.status_code == 201
        wish.answers.add(answer.content)

    async def at(self, count):
        """Wait until so many are acknowledged."""
        async with asyncio.timeout(60), self._grown:
            await self._grown.wait_for(lambda: len(self.acknowledged) >= count)

    async def write(self, count, *, per_second):
        """Refer that often, evenly, whatever is answered; every other one is accepted as well."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self.refer(accept=number % 2 == 0))
                await asyncio.sleep(max(0, began + number / per_second - time.monotonic()))

    async def _asked(self, wish, caller, path, body, until):
        while time.monotonic() < until:
            wish.tries += 1
            try:
                answer = await caller.ask("POST", path, body, **{"idempotency-key": wish.key})
            except httpx.TransportError:
                await asyncio.sleep(AGAIN_S)
                continue
            tried_again = answer.status_code == 409 and b"in-progress" in answer.content
            if answer.status_code not in TRYING and not tried_again:
                return answer
            self.refusals[answer.json()["type"]] += 1
            await asyncio.sleep(AGAIN_S)
        return None
