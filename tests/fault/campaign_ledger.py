"""What was asked through the gateway, under which key, and what was answered; all of it is kept.

A partner that does not know whether its write arrived sends the very same again, with the same
key. Whatever is no final answer (nothing at all, 503, 429, 409 `in-progress`, 401 of a token that
ran out) is such a moment.
"""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import aiohttp
import orjson

AGAIN_S, LONGEST_AGAIN_S = 0.1, 1.0
PATIENCE_S = 4.0
"""How long a client waits for an answer before it takes it for lost."""
GIVES_UP_S = 60.0
TOKEN_S = 300.0
LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass
class Wish:
    """One write somebody wants."""

    who: "Who"
    method: str
    path: str
    body: bytes | None
    key: str | None = field(default_factory=lambda: uuid4().hex)
    version: int | None = None
    """What the caller saw, where a write needs it."""
    tries: int = 0
    unanswered: int = 0
    """Tries nobody answered: they may have been done."""
    status: int = 0
    answer: bytes = b""
    """The first 2xx; the same key must bring the same bytes for ever."""

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Who:
    """A client of the demo with its token."""

    city: str
    client: dict[str, Any]
    token: str = ""
    until: float = 0.0


class Ledger:
    """Everything that was asked for in one campaign, and the one way to the gateway."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url
        self.wishes: list[Wish] = []
        self.acknowledged = 0
        self.unanswered = 0
        self.strange: list[str] = []
        """Answers nobody should ever get: a 500, or a refusal of what was right."""
        self.again: Counter[str] = Counter()
        """Answers that asked to come again, by status and problem."""
        self.closing = 0.0
        """When writers that still wait for an answer give up; never, as long as it is zero."""
        self._waiting: list[tuple[int, asyncio.Event]] = []

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            self._url,
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def at(self, count: int) -> None:
        """Wait until so many writes are acknowledged."""
        if self.acknowledged < count:
            grown = asyncio.Event()
            self._waiting.append((count, grown))
            await grown.wait()

    @property
    def attempts(self) -> int:
        return sum(wish.tries for wish in self.wishes)

    @property
    def unknown(self) -> list[Wish]:
        """Those nobody ever answered."""
        return [wish for wish in self.wishes if not wish.status]

    # ------------------------------------------------------------------ writing

    async def post(self, who: Who, path: str, body: Any = None) -> dict[str, Any] | None:
        """Write under a new key until there is an answer; None if there never was a good one."""
        wish = Wish(who, "POST", path, None if body is None else orjson.dumps(body))
        return await self._granted(wish)

    async def patch(
        self, who: Who, path: str, body: dict[str, Any], version: int
    ) -> dict[str, Any] | None:
        """Change what was seen at a version; nobody else changes it.

        There is no key: a caller that got no answer, or 503 from a gateway that got none, is told
        412 if that try was done, and looks.
        """
        wish = Wish(who, "PATCH", path, orjson.dumps(body), None, version)
        return await self._granted(wish)

    async def _granted(self, wish: Wish) -> dict[str, Any] | None:
        self.wishes.append(wish)
        status, content = await self.answered(wish)
        if status == 412 and wish.tries > 1:
            status, content = await self._done_already(wish)
        if not status:
            return None
        wish.status, wish.answer = status, content
        if not wish.acknowledged:
            self.strange.append(f"{status} {wish.method} {wish.path}: {content[:300]!r}")
            return None
        self.acknowledged += 1
        for due in [each for each in self._waiting if each[0] <= self.acknowledged]:
            self._waiting.remove(due)
            due[1].set()
        found: dict[str, Any] = orjson.loads(content)
        return found

    async def answered(self, wish: Wish) -> tuple[int, bytes]:
        """Send a wish until there is a final answer; (0, b"") if there never was one."""
        pause, asked = AGAIN_S, {}
        if wish.key is not None:
            asked["idempotency-key"] = wish.key
        if wish.version is not None:
            asked["if-match"] = f'"{wish.version}"'
        while not self.closing or time.monotonic() < self.closing:
            try:
                token = await self._token(wish.who)
                if token:
                    wish.tries += 1
                    status, content = await self.ask(
                        wish.who, wish.method, wish.path, wish.body, token, asked
                    )
                    if not self._comes_again(wish, status, content):
                        return status, content
            except LOST:
                wish.unanswered += 1
                self.unanswered += 1
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_AGAIN_S)
        return 0, b""

    def _comes_again(self, wish: Wish, status: int, content: bytes) -> bool:
        if status < 400:
            return False
        try:
            slug = str(orjson.loads(content)["type"]).rpartition("/")[2]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            slug = "no problem at all"
        if status == 401:
            wish.who.until = 0.0
        elif status == 500:
            self.strange.append(f"500 {wish.method} {wish.path}")
        elif status not in (429, 503) and slug not in ("in-progress", "unknown-reference"):
            return False
        self.again[f"{status} {slug}"] += 1
        return True

    async def _done_already(self, wish: Wish) -> tuple[int, bytes]:
        """Look whether a change that may have been done is what is there now."""
        while not self.closing or time.monotonic() < self.closing:
            found = await self.read(wish.who, wish.path)
            if found is not None:
                wanted = orjson.loads(wish.body or b"{}")
                ours = all(found[name] == value for name, value in wanted.items())
                same = ours and found["version"] == (wish.version or 0) + 1
                return (200 if same else 412), orjson.dumps(found)
            await asyncio.sleep(AGAIN_S)
        return 0, b""

    # ------------------------------------------------------------------ asking

    async def read(self, who: Who, path: str) -> Any:
        """Read once; None when there is no good answer now."""
        with suppress(*LOST):
            token = await self._token(who)
            if token:
                status, content = await self.ask(who, "GET", path, None, token, {})
                return orjson.loads(content) if status == 200 else None
        return None

    async def ask(
        self,
        who: Who,
        method: str,
        path: str,
        body: bytes | None,
        token: str,
        more: dict[str, str],
    ) -> tuple[int, bytes]:
        """Send one request and return what is answered."""
        headers = {"authorization": f"Bearer {token}"} | more
        if body is not None:
            headers["content-type"] = "application/json"
        there = f"/v1/{who.city}{path}"
        async with self._http.request(method, there, data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    async def _token(self, who: Who) -> str:
        """Return a token that is still good, or none while nobody gives any."""
        if who.until < time.monotonic():
            auth = aiohttp.BasicAuth(who.client["client_id"], who.client["client_secret"])
            form = {"grant_type": "client_credentials"}
            async with self._http.post("/oauth/token", data=form, auth=auth) as answer:
                if answer.status != 200:
                    return ""
                who.token = (await answer.json())["access_token"]
                who.until = time.monotonic() + TOKEN_S
        return who.token
