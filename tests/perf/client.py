"""A load generator of our own: kept-alive connections, bounded in time and count, loopback only.

Closed loop: each connection sends its next request when the last one is answered. Open loop: a
request is due at its time whatever the answers do, and its latency counts from that time, so a
server that falls behind cannot hide it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

HOST = "127.0.0.1"
LONGEST_S = 20.0
"""An answer that takes longer than this is counted as lost."""
_LENGTH = b"\r\ncontent-length: "


@dataclass
class Run:
    """What came of one run: answers by status, and how long each took."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    """Seconds of every 2xx answer."""
    refused: list[float] = field(default_factory=list)
    """Seconds of every other answer."""
    hinted: int = 0
    """How many refusals said when to come again."""
    lost: int = 0
    sample: bytes = b""
    """The first answer that was no 2xx, for a person to read."""

    @property
    def good(self) -> int:
        return len(self.took)

    @property
    def rate(self) -> float:
        return self.good / self.seconds

    def at(self, share: float) -> float:
        """Return a quantile in milliseconds."""
        ordered = sorted(self.took)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0

    def note(self, status: int, head: bytes, took: float) -> None:
        self.statuses[status] += 1
        if 200 <= status < 300:
            self.took.append(took)
            return
        self.refused.append(took)
        self.hinted += b"\r\nretry-after:" in head.lower()
        self.sample = self.sample or head

    def add(self, other: "Run") -> None:
        """Go on with what came of another run."""
        self.seconds += other.seconds
        self.statuses += other.statuses
        self.took += other.took
        self.refused += other.refused
        self.hinted += other.hinted
        self.lost += other.lost
        self.sample = self.sample or other.sample


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._came = b""
        self.open = False

    def connection_made(self, transport):
        self.transport, self.open = transport, True

    def connection_lost(self, _):
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("hung up"))

    def data_received(self, data):
        self._came += data
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._came[: end + 2]
        at = head.lower().find(_LENGTH)
        length = int(head[at + len(_LENGTH) : head.find(b"\r", at + 2)]) if at >= 0 else 0
        if len(self._came) < end + 4 + length:
            return
        whole, self._came = self._came, b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), whole))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self._came = b""
        self.transport.write(request)
        async with asyncio.timeout(LONGEST_S):
            return await self._answer


async def connected(port: int) -> Line:
    _, line = await asyncio.get_running_loop().create_connection(Line, HOST, port)
    return line


async def closed(port: int, connections: int, seconds: float, requests: Iterator[bytes]) -> Run:
    """Ask as fast as the answers come, over so many connections, for so long."""
    run = Run()
    started = time.perf_counter()
    until = started + seconds

    async def one() -> None:
        line = await connected(port)
        while (begun := time.perf_counter()) < until:
            try:
                status, head = await line.ask(next(requests))
            except (ConnectionError, TimeoutError):
                run.lost += 1
                line.transport.abort()
                line = await connected(port)
                continue
            run.note(status, head, time.perf_counter() - begun)
        line.transport.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    run.seconds = time.perf_counter() - started
    return run


async def steady(
    port: int, rate: float, seconds: float, requests: Iterator[bytes], lines: int = 64
) -> Run:
    """Ask at a fixed rate, whatever the answers do, over at most so many connections."""
    run = Run()
    free: asyncio.LifoQueue[Line | None] = asyncio.LifoQueue()
    for _ in range(lines):
        free.put_nowait(None)
    count = int(rate * seconds)

    async def one(due: float) -> None:
        line = await free.get()
        try:
            if line is None or not line.open:
                line = await connected(port)
            status, head = await line.ask(next(requests))
            run.note(status, head, time.perf_counter() - due)
        except (OSError, TimeoutError):
            run.lost += 1
            if line is not None:
                line.transport.abort()
            line = None
        finally:
            free.put_nowait(line)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            due = started + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(one(due))
    run.seconds = time.perf_counter() - started
    while not free.empty():
        line = free.get_nowait()
        if line is not None:
            line.transport.close()
    return run
