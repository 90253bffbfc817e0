"""Connections to the parts behind the gateway: bounded, kept alive, never waited on for ever."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from chassis.problems import Problem
from gateway.lines import SAFE, Answer, Headers, Lines, Lost, Unreached

GLANCE_SECONDS = 2.0
"""How long a composed answer waits for one of its parts."""

_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade", b"content-length", b"server", b"date"),
        *(b"set-cookie", b"traceparent"),
    }
)


class Parts:
    """The parts behind the gateway, by name."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.urls = {part: url.rstrip("/") for part, url in urls.items()}
        self._lines: dict[str, Lines] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for lines in self._lines.values():
            lines.close()

    async def send(
        self, part: str, method: str, path: str, headers: Headers, body: bytes
    ) -> Answer:
        """Send a request as it is and return the answer as it is.

        A kept-alive line may be gone without our knowing. Such a request is sent once more if
        nothing can happen twice by it: a read, or a write that carries its Idempotency-Key.
        """
        again = method in SAFE or any(name == b"idempotency-key" for name, _ in headers)
        try:
            return await self._tried(part, method, path, headers, body, again=again)
        except (Lost, Unreached, TimeoutError):
            raise down(part) from None

    async def glance(self, part: str, path: str, headers: Headers) -> Answer | None:
        """Fetch one piece of a composed answer; None if none came while a reader waits."""
        try:
            async with asyncio.timeout(GLANCE_SECONDS):
                return await self._tried(part, "GET", path, headers, b"", again=True)
        except (Lost, Unreached, TimeoutError):
            return None

    async def _tried(
        self, part: str, method: str, path: str, headers: Headers, body: bytes, *, again: bool
    ) -> Answer:
        url = self.urls[part]
        lines = self._lines.get(url) or self._lines.setdefault(url, Lines(url))
        try:
            answer = await lines.send(method, path, headers, body)
        except Lost as lost:
            # What has begun to be answered has been done, and nobody knows what the rest was.
            if lost.begun or not again:
                raise
            answer = await lines.send(method, path, headers, body, fresh=True)
        kept = [pair for pair in answer.headers if pair[0] not in _HOP]
        return Answer(answer.status, kept, answer.content)


def down(part: str) -> Problem:
    """Say that a part does not answer, and when to come again."""
    return Problem(
        "dependency-down",
        {"zh": f"服务 {part} 暂时不可用", "en": f"the part {part} does not answer at present"},
        headers={"retry-after": "1"},
        extra={"part": part},
    )
