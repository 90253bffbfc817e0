"""A load generator of our own: kept-alive connections, bounded in time and count, loopback only.

Closed loop: each connection sends its next request when the last one is answered. Open loop: a
request is due at its time whatever the answers do, and its latency counts from that time, so a
server that falls behind cannot hide it. It is one process on the cores it measures: what it takes
itself is counted (`own`), and what is sent in an open loop is made beforehand.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice

HOST = "127.0.0.1"
LONGEST_S = 20.0
"""An answer that takes longer than this is counted as lost."""
_LENGTH = b"\r\ncontent-length: "


def quantile(seconds: list[float], share: float) -> float:
    """Return a quantile in milliseconds; 0 of nothing."""
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0


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
    own: float = 0.0
    """Seconds of processor time the client itself took."""
    sample: bytes = b""
    """The first answer that was no 2xx, for a person to read."""

    @property
    def good(self) -> int:
        return len(self.took)

    @property
    def all(self) -> int:
        return sum(self.statuses.values()) + self.lost

    @property
    def rate(self) -> float:
        return self.good / self.seconds

    def at(self, share: float) -> float:
        """Return a quantile in milliseconds."""
        return quantile(self.took, share)

    def refused_at(self, share: float) -> float:
        """Return a quantile of the refusals, in milliseconds."""
        return quantile(self.refused, share)

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


Then = Callable[[int, bytes], None]
"""Called with status and answer; status 0 if the connection was lost."""


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._then: Then | None = None
        self._came = b""
        self.asked = 0.0
        self.open = False

    def connection_made(self, transport):
        self.transport, self.open = transport, True

    def connection_lost(self, _):
        self.open = False
        self._tell(0, b"")

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
        self._tell(int(head[9:12]), whole)

    def _tell(self, status: int, whole: bytes) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(status, whole)

    def ask(self, request: bytes, then: Then) -> None:
        """Send a request; its answer is told to `then`."""
        self._then, self._came, self.asked = then, b"", time.perf_counter()
        self.transport.write(request)


async def connected(port: int) -> Line:
    _, line = await asyncio.get_running_loop().create_connection(Line, HOST, port)
    return line


async def closed(
    port: int, connections: int, seconds: float, requests: Iterator[bytes], made: int = 0
) -> Run:
    """Ask as fast as the answers come, over so many connections, for so long.

    So many requests are made beforehand; if more are asked, they are made as they are asked.
    """
    run = Run()
    requests = chain(list(islice(requests, made)), requests)
    lines = [await connected(port) for _ in range(connections)]
    own, started = time.process_time(), time.perf_counter()
    until = started + seconds
    ended = asyncio.Event()
    running = connections

    def go_on(line: Line) -> None:
        nonlocal running
        if not line.open or time.perf_counter() >= until:
            running -= 1
            if not running:
                ended.set()
            return

        def then(status: int, whole: bytes) -> None:
            if status:
                run.note(status, whole, time.perf_counter() - line.asked)
            else:
                run.lost += 1
            go_on(line)

        line.ask(next(requests), then)

    for line in lines:
        go_on(line)
    try:
        async with asyncio.timeout(seconds + LONGEST_S):
            await ended.wait()
    except TimeoutError:
        run.lost += running
    run.seconds, run.own = time.perf_counter() - started, time.process_time() - own
    for line in lines:
        line.transport.abort()
    return run


class _Open:
    """An open loop under way: what is due, and the connections that are free to ask it."""

    def __init__(self, rate: float, made: list[bytes], lines: list[Line]) -> None:
        self.run, self.ended = Run(), asyncio.Event()
        self._rate, self._made, self._free = rate, made, list(lines)
        self._due: deque[int] = deque()
        self._started = time.perf_counter()

    async def ask(self) -> None:
        """Ask each at its time; return when the last was due."""
        for number in range(len(self._made)):
            if (wait := self._at(number) - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self._due.append(number)
            self._send()

    def _at(self, number: int) -> float:
        return self._started + number / self._rate

    def _send(self) -> None:
        while self._due and self._free:
            line = self._free.pop()
            if line.open:
                number = self._due.popleft()
                line.ask(self._made[number], self._noting(line, self._at(number)))

    def _noting(self, line: Line, due: float) -> Then:
        def then(status: int, whole: bytes) -> None:
            if status:
                self.run.note(status, whole, time.perf_counter() - due)
                self._free.append(line)
                self._send()
            else:
                self.run.lost += 1
            if self.run.all == len(self._made):
                self.ended.set()

        return then


async def steady(
    port: int, rate: float, seconds: float, requests: Iterator[bytes], lines: int = 64
) -> Run:
    """Ask at a fixed rate, whatever the answers do, over at most so many connections."""
    made = list(islice(requests, int(rate * seconds)))
    every = [await connected(port) for _ in range(min(lines, len(made)))]
    own, started = time.process_time(), time.perf_counter()
    loop = _Open(rate, made, every)
    await loop.ask()
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            await loop.ended.wait()
    run = loop.run
    run.seconds, run.own = time.perf_counter() - started, time.process_time() - own
    run.lost += len(made) - run.all
    for line in every:
        line.transport.abort()
    return run
