"""HTTP as it arrives: what comes before a body has an end, in bytes and in seconds.

uvicorn reads a head of any length and waits for one for ever. A head here is refused when it grows
too long and given up when it takes too long, and what is no HTTP is answered as a problem like all
that is wrong.
"""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.problems import Problem

HEAD_BYTES = 32 * 1024
"""Bytes of a request line and its headers; a token takes 8 KiB at most."""
HEAD_SECONDS = 10
"""How long a connection may take to say what it wants."""
MOST_HEADERS = 100


class Listener(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head = 0
        self._in_head = True
        self._refused = False
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has grown too long."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_head and not self._refused:
            # What the parser holds back, it tells when it is whole: count what came.
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._stop()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._head = True, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """The head is whole: see that it is not too long, before anybody looks at it."""
        long = sum(len(name) + len(value) for name, value in self.headers) + len(self.url)
        if long > HEAD_BYTES or len(self.headers) > MOST_HEADERS:
            raise ValueError("head")  # the parser's error: answered as one
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, in words of ours; `msg` is the server's own."""
        del msg
        self._refused = True
        problem = Problem(
            "malformed",
            {
                "zh": "不是有效的 HTTP 请求",
                "en": "not a request HTTP knows, or its head is too long",
            },
        )
        body = orjson.dumps(problem.body())
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _stop(self) -> None:
        self.send_400_response("")

    def _wait(self) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._late)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self) -> None:
        if not self._refused and not self.transport.is_closing():
            self.transport.close()
