"""The platform as an attacker sees it: the gateway, the parts behind it, and what is sent to them."""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import orjson

from chassis import tokens
from chassis.clock import system_clock
from chassis.config import PARTS
from chassis.listener import HEAD_SECONDS
from gateway.door import BODY_SECONDS
from tests.e2e.house import House

CITY, OTHER, PLATFORM = "420100", "330100", "000000"
ROLES = {
    "partner": f"{CITY}.court-1",
    "worker": f"{CITY}.worker-1",
    "station_head": f"{CITY}.station-head-1",
    "city_bureau": f"{CITY}.city-bureau-1",
    "agency": f"{CITY}.agency-1",
    "auditor": f"{CITY}.auditor-1",
    "platform_admin": f"{PLATFORM}.admin",
    "stranger": f"{OTHER}.city-bureau-1",
    "strange_partner": f"{OTHER}.court-1",
}
"""One client of the demo for each role it has, and two of another city."""
PATHS = {
    "gateway": f"/v1/{CITY}/api-clients",
    "registry": f"/v1/{CITY}/stations",
    "casework": f"/v1/{CITY}/referrals",
    "procurement": f"/v1/{CITY}/contracts",
    "evaluation": f"/v1/{CITY}/coverage",
}
"""One list of every part."""
QUICK = 5.0
"""Seconds within which any answer comes, on a machine that does other things too."""


@dataclass
class Answer:
    """What came back over a bare socket."""

    status: int
    head: bytes
    body: bytes

    @property
    def slug(self) -> str:
        """The problem's slug."""
        return orjson.loads(self.body)["type"].removeprefix("/problems/")


class Target:
    """The running platform."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.issuer = house.note["env"]["SHEGONG_ISSUER"]
        self.signer = tokens.Signer.open(house.data / "signing.json")
        self.clients = {c["client_id"]: c for c in house.demo["clients"]}
        self.tokens: dict[str, str] = {}
        self.endless: dict[str, list[asyncio.Task[tuple[list[Answer], float]]]] = {}
        """Requests that never end, begun before all tests: their time passes under the others."""

    async def __aenter__(self) -> Self:
        self.http = httpx.AsyncClient(base_url=self.house.url, timeout=30)
        for role, client in ROLES.items():
            self.tokens[role] = await self.token(client)
        head = f"GET {PATHS['registry']} HTTP/1.1\r\nhost: x\r\n"
        body = (
            f"POST {PATHS['casework']} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            f"authorization: Bearer {self.tokens['partner']}\r\nidempotency-key: endless\r\n"
            "content-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        )
        self.endless = {
            "head": [self._begin(head, part, HEAD_SECONDS) for part in PARTS],
            "drops": [self._begin(head, part, HEAD_SECONDS, drip=b"x") for part in PARTS],
            "nothing": [self._begin("", part, HEAD_SECONDS) for part in PARTS],
            "body": [self._begin(body, "gateway", BODY_SECONDS)],
        }
        return self

    async def __aexit__(self, *_: object) -> None:
        left = [each for tasks in self.endless.values() for each in tasks]
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.http.aclose()

    def _begin(
        self, request: str, part: str, seconds: float, *, drip: bytes = b""
    ) -> asyncio.Task[tuple[list[Answer], float]]:
        """Send what never ends; the task tells what was answered, and after how many seconds."""

        async def borne() -> tuple[list[Answer], float]:
            started = time.monotonic()
            answers = await self.raw(request.encode(), part, seconds + QUICK, drip=drip)
            return answers, time.monotonic() - started

        return asyncio.create_task(borne())

    async def token(self, client: str, **asked: str) -> str:
        """Return an access token of one of the demo's clients."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": self.clients[client]["client_secret"],
        }
        answer = await self.http.post("/oauth/token", data=form | asked)
        return answer.raise_for_status().json()["access_token"]

    def internal(self, part: str, role: str = "city_bureau", **other: object) -> str:
        """Return what the gateway would hand on to a part: only the gateway has its key."""
        client = self.clients[ROLES[role]]
        now = int(system_clock().timestamp())
        said = {
            "iss": self.issuer,
            "aud": part,
            "sub": client["client_id"],
            "client_id": client["client_id"],
            "city": client["city"],
            "role": client["role"],
            "scope": " ".join(client["scopes"]),
            "purpose": "service",
            "iat": now,
            "exp": now + 120,
            "jti": uuid4().hex,
        } | other
        return self.signer.mint(tokens.INTERNAL, {n: v for n, v in said.items() if v is not ...})

    async def ask(
        self, role: str, method: str, path: str, *, headers: dict | None = None, **more: object
    ) -> httpx.Response:
        """Ask the gateway as somebody; a write has a key of its own."""
        said = {"authorization": f"Bearer {self.tokens[role]}", "accept-language": "en"}
        if method == "POST":
            said["idempotency-key"] = uuid4().hex
        if "content" in more:
            said["content-type"] = "application/json"
        said |= headers or {}
        return await self.http.request(method, path, headers=said, **more)

    def where(self, part: str) -> str:
        """Return the address of the gateway, or of a part behind it."""
        return self.house.url if part == "gateway" else self.house.part(part)

    async def opened(self, part: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a line to the gateway, or to a part behind it."""
        at = urlsplit(self.where(part))
        return await asyncio.open_connection(at.hostname, at.port)

    async def raw(
        self,
        request: bytes,
        part: str = "gateway",
        within: float = QUICK,
        *,
        drip: bytes = b"",
    ) -> list[Answer]:
        """Send bytes no library would send; return the answers until the other side hangs up."""
        reader, writer = await self.opened(part)
        dripping = None
        try:
            writer.write(request)
            if drip:
                dripping = asyncio.create_task(_drip(writer, drip))
            async with asyncio.timeout(within):
                try:
                    await writer.drain()
                    came = await reader.read()
                except ConnectionError:
                    came = b""
        finally:
            if dripping:
                dripping.cancel()
            writer.close()
        return list(_answers(came))

    async def rows_of(self, part: str) -> int:
        """Return how many events a part has told: a write is one more."""
        async with self.house.rows(part) as one:
            return await one.fetchval("SELECT count(*) FROM event_log")


async def _drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    """Send one drop after another, so that the line is never idle."""
    while not writer.is_closing():
        writer.write(drop)
        await asyncio.sleep(0.2)


def _answers(came: bytes):
    while came:
        head, _, rest = came.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        said = re.search(rb"(?i)content-length: *([0-9]+)", head)
        length = int(said[1]) if said else 0
        if status != 100:
            yield Answer(status, head, rest[:length])
        came = rest[length:]


def is_problem(answer: httpx.Response, *statuses: int) -> str:
    """Return the slug of a problem of one of these statuses, in which no value is repeated."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    return body["type"].removeprefix("/problems/")


assert set(PATHS) == set(PARTS)
