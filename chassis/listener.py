"""HTTP as it arrives: what comes before a body has an end, in bytes and in seconds.

uvicorn reads a head of any length and waits for one for ever. A head here is refused when it grows
too long and given up when it takes too long, and what is no HTTP is answered as a problem like all
that is wrong. An application may turn a request away by its head (`turned_away`): then nothing is
begun for it, and its body is read past.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.problems import Problem

HEAD_BYTES = 32 * 1024
"""Bytes of a request line and its headers; a token takes 8 KiB at most."""
HEAD_SECONDS = 10
"""How long a connection may take to say what it wants."""
MOST_HEADERS = 100
READ_PAST = 64 * 1024
"""Bytes of a body that are read and thrown away, to keep the connection of who is turned away."""

Headers = list[tuple[bytes, bytes]]
TurnedAway = Callable[[bytes, bytes, Headers, Headers], bytes | None]
"""By method, target, headers, and the headers a server adds: the whole answer, or None."""


class Listener(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head = 0
        self._in_head = True
        self._refused = False
        self._waiting: asyncio.TimerHandle | None = None
        self._turned_away: TurnedAway | None = getattr(self.config.app, "turned_away", None)
        self._past = False
        """Whether what comes is the body of a request that has its answer."""

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
        if not self._answered_by_head():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Keep what belongs to a request that was begun."""
        if not self._past:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole; one that was turned away leaves the connection as it was."""
        if not self._past:
            super().on_message_complete()
            return
        self._past = False
        self._stop_waiting()
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _answered_by_head(self) -> bool:
        """Write the answer of who is turned away, where nothing else is under way here."""
        if self._turned_away is None or not self._plain():
            return False
        more = self.server_state.default_headers
        answer = self._turned_away(self.parser.get_method(), self.url, self.headers, more)
        if answer is None:
            return False
        self._past = True
        self._wait()  # for a body that is announced and does not come
        self.transport.write(answer)
        return True

    def _plain(self) -> bool:
        """Whether a request may have its answer before its body: one of many on a kept line."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        if (
            self.expect_100_continue
            or self.flow.write_paused
            or not self.parser.should_keep_alive()
        ):
            return False
        given = dict(self.headers)
        length = given.get(b"content-length", b"0")
        return (
            b"transfer-encoding" not in given
            and b"upgrade" not in given
            and self.parser.get_http_version() == "1.1"
            and self.parser.get_method() != b"HEAD"
            and length.isdigit()
            and int(length) <= READ_PAST
        )

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
