"""Connections to the parts behind the gateway: bounded, kept alive, never waited on for ever."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from chassis.problems import Problem

Headers = list[tuple[bytes, bytes]]

LINES = 64
"""Connections to one part at most; who finds none free waits in line."""
IDLE_SECONDS = 60
"""Below the servers' own 75, so that a lost line is rare."""
TIMES = aiohttp.ClientTimeout(total=15, connect=2, sock_connect=1)
GLANCE_SECONDS = 2.0
"""How long a composed answer waits for one of its parts."""

_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade", b"content-length", b"server", b"date"),
        *(b"set-cookie", b"traceparent"),
    }
)
_SAFE = frozenset({"GET", "HEAD"})
_LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


class Answer(NamedTuple):
    """What a part answered, as it came."""

    status: int
    headers: Headers
    content: bytes


class Parts:
    """The parts behind the gateway, by name."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.urls = {part: url.rstrip("/") for part, url in urls.items()}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=LINES * len(self.urls), limit_per_host=LINES, keepalive_timeout=IDLE_SECONDS
            ),
            timeout=TIMES,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        # It would repeat a PUT or a DELETE that may have been done; what is repeated is said below.
        self._session._retry_connection = False  # noqa: SLF001
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self, part: str, method: str, path: str, headers: Headers, body: bytes
    ) -> Answer:
        """Send a request as it is and return the answer as it is.

        A kept-alive line may be gone without our knowing. Such a request is sent once more if
        nothing can happen twice by it: a read, or a write that carries its Idempotency-Key.
        """
        again = method in _SAFE or any(name == b"idempotency-key" for name, _ in headers)
        try:
            return await self._tried(part, method, path, headers, body, again=again)
        except (aiohttp.ClientError, TimeoutError):
            raise down(part) from None

    async def glance(self, part: str, path: str, headers: Headers) -> Answer | None:
        """Fetch one piece of a composed answer; None if none came while a reader waits."""
        try:
            async with asyncio.timeout(GLANCE_SECONDS):
                return await self._tried(part, "GET", path, headers, b"", again=True)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None

    async def _tried(
        self, part: str, method: str, path: str, headers: Headers, body: bytes, *, again: bool
    ) -> Answer:
        try:
            return await self._send(part, method, path, headers, body)
        except aiohttp.ClientConnectorError:
            raise
        except _LOST:
            if not again:
                raise
            return await self._send(part, method, path, headers, body)

    async def _send(
        self, part: str, method: str, path: str, headers: Headers, body: bytes
    ) -> Answer:
        assert self._session is not None
        async with self._session.request(
            method,
            URL(self.urls[part] + path, encoded=True),
            headers=CIMultiDict((n.decode("latin-1"), v.decode("latin-1")) for n, v in headers),
            data=body or None,
            allow_redirects=False,
        ) as answer:
            back = [(name.lower(), value) for name, value in answer.raw_headers]
            content = await answer.read()
            return Answer(answer.status, [pair for pair in back if pair[0] not in _HOP], content)


def down(part: str) -> Problem:
    """Say that a part does not answer, and when to come again."""
    return Problem(
        "dependency-down",
        {"zh": f"服务 {part} 暂时不可用", "en": f"the part {part} does not answer at present"},
        headers={"retry-after": "1"},
        extra={"part": part},
    )
