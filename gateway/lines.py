"""Kept-alive connections to one part: whole requests out, whole answers in, HTTP/1.1 and no more.

The gateway forwards what it has read and never looks at a body's pieces, so a client needs a pool,
a parser and a time limit. A line answers one request at a time; one whose answer nobody waited for
is cut, so that it cannot meet the next request. A line that has gone quiet for long is not used.
"""

import asyncio
from collections import deque
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

Headers = list[tuple[bytes, bytes]]

LINES = 64
"""Connections to one part at most; who finds none free waits in line."""
IDLE_SECONDS = 60.0
"""Below the servers' own 75, so that a lost line is rare."""
CONNECT_SECONDS = 1.0
SAFE = frozenset({"GET", "HEAD"})
"""Methods that have no body and change nothing."""
TOTAL_SECONDS = 15.0
"""From the wait for a line to the last byte of the answer."""


class Answer(NamedTuple):
    """What a part answered, as it came."""

    status: int
    headers: Headers
    content: bytes


class Lost(Exception):
    """The part hung up; `begun` says whether its answer had begun."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__("an answer cut short" if begun else "no answer")
        self.begun = begun


class Unreached(Exception):
    """No connection could be made: the part has not seen the request."""


class Lines:
    """The connections to one part."""

    def __init__(self, url: str, size: int = LINES) -> None:
        there = urlsplit(url)
        self._secure = there.scheme == "https"
        self._host = there.hostname or ""
        self._port = there.port or (443 if self._secure else 80)
        self._named = f"host: {there.netloc}\r\n".encode()
        self._room = asyncio.Semaphore(size)
        self._idle: deque[_Line] = deque()

    async def send(
        self, method: str, path: str, headers: Headers, body: bytes, *, fresh: bool = False
    ) -> Answer:
        """Send a request as it is and return the answer; `fresh` uses no kept line."""
        head = b"".join(
            (
                f"{method} {path} HTTP/1.1\r\n".encode("latin-1"),
                self._named,
                *(b"%b: %b\r\n" % pair for pair in headers),
                b"\r\n" if method in SAFE else b"content-length: %d\r\n\r\n" % len(body),
                body,
            )
        )
        async with asyncio.timeout(TOTAL_SECONDS), self._room:
            line = None if fresh else self._kept()
            if line is None:
                line = await self._opened()
            try:
                answer = await line.ask(head, bodiless=method == "HEAD")
            except BaseException:
                line.cut()
                raise
            if line.reusable:
                line.since = line.loop.time()
                self._idle.append(line)
            else:
                line.cut()
            return answer

    def close(self) -> None:
        """Hang up."""
        while self._idle:
            self._idle.pop().cut()

    def _kept(self) -> "_Line | None":
        """Return the line used last, if one is still good; the others grow old and go."""
        idle = self._idle
        while idle and (idle[0].gone or idle[0].loop.time() - idle[0].since > IDLE_SECONDS):
            idle.popleft().cut()
        while idle:
            line = idle.pop()
            if not line.gone:
                return line
        return None

    async def _opened(self) -> "_Line":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, line = await loop.create_connection(
                    lambda: _Line(loop), self._host, self._port, ssl=self._secure or None
                )
        except (OSError, TimeoutError):
            raise Unreached from None
        return line


class _Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.since = 0.0
        self.gone = self.reusable = False
        self._answer: asyncio.Future[Answer] | None = None
        self._bodiless = self._begun = False
        self._headers: Headers = []
        self._content: list[bytes] = []

    def ask(self, request: bytes, *, bodiless: bool) -> "asyncio.Future[Answer]":
        """Write a request; what is returned waits for its answer."""
        self._answer = self.loop.create_future()
        self._headers, self._content = [], []
        self._bodiless, self._begun, self.reusable = bodiless, False, False
        self._parser = httptools.HttpResponseParser(self)
        if self.gone:
            self._answer.set_exception(Lost(begun=False))
        else:
            self._transport.write(request)
        return self._answer

    def cut(self) -> None:
        """Hang up at once."""
        self.gone = True
        self._transport.abort()

    # ------------------------------------------------------------------ the transport's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody asked for, or is no answer, ends the line."""
        self._begun = True
        try:
            if self._answer is None:
                self.cut()
            else:
                self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.cut()

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell who waits that no answer comes."""
        self.gone, answer = True, self._answer
        self._answer = None
        if answer is not None and not answer.done():
            answer.set_exception(Lost(begun=self._begun))

    # ------------------------------------------------------------------ the parser's

    def on_message_begin(self) -> None:
        """An answer begins; a second one nobody asked for ends the line."""
        if self._answer is None:
            self.reusable = False
            self._headers, self._content = [], []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, its name in small letters."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """An answer to HEAD ends here, and the parser does not know."""
        if self._bodiless:
            self._end(reusable=False)

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self._content.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self._end(reusable=self._parser.should_keep_alive())

    def _end(self, *, reusable: bool) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            self.reusable = reusable
            answer.set_result(
                Answer(self._parser.get_status_code(), self._headers, b"".join(self._content))
            )
