"""What a person would be told: a part's log lines and metrics, as they stand since a moment."""

import asyncio
import time
from contextlib import suppress

import httpx
import orjson

from tests.e2e.house import eventually


class Signals:
    """One part's signals from now on."""

    def __init__(self, house, part):
        self._house, self._part = house, part
        self._log = house.data / "logs" / f"{part}.log"
        self._before = self._log.stat().st_size

    def lines(self, event):
        with self._log.open("rb") as log:
            log.seek(self._before)
            written = log.read().splitlines()
        found = []
        for line in written:
            with suppress(orjson.JSONDecodeError):  # a full disk cuts a line short
                found.append(orjson.loads(line))
        return [line for line in found if line["event"] == event]

    async def seen(self, reason, within=20):
        """Wait until the relay says a reason in its log and counts it; return after how long."""
        began = time.monotonic()

        async def said():
            logged = any(line.get("reason") == reason for line in self.lines("relay.broker"))
            return logged and await self.metric(f'relay_failures_total{{reason="{reason}"}}')

        await eventually(said, within)
        return time.monotonic() - began

    async def highest(self, name, seconds):
        """Watch a metric for a while and return the most it said."""
        until, most = time.monotonic() + seconds, 0.0
        while time.monotonic() < until:
            most = max(most, await self.metric(name))
            await asyncio.sleep(0.5)
        return most

    async def metric(self, name):
        return await metric(self._house.part(self._part), name)


async def metric(url, name):
    """Return one of a part's metrics by name and labels, 0 when it is not there."""
    async with httpx.AsyncClient(timeout=5) as http:
        try:
            text = (await http.get(f"{url}/metrics")).text
        except httpx.TransportError:
            return 0.0
    found = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0
