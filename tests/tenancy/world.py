"""Two cities lived through once: every operation of every part asked with success, and kept.

`Town` is one city's people and what belongs to them, `House` the five parts in this process over
real databases. What a town asks becomes a `Deed`: who asked which operation with which values. The
tests ask the same again with one value, or the asker, exchanged.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.db import Database, Who
from chassis.divisions import Division, kind_of
from chassis.events import Envelope
from chassis.identity import ROLE_SCOPES, Actor
from chassis.service import Door, api
from chassis.tables import Outbox
from gateway.owners import owner
from gateway.parts import Answer, Headers
from services.casework.models import Referral
from services.casework.reactions import reactions as casework_hears
from services.evaluation.reactions import reactions as evaluation_hears
from services.procurement.reactions import reactions as procurement_hears
from services.registry.reactions import reactions as registry_hears
from tests.tenancy.parts import SERVICES

HEARS = {
    "registry": registry_hears,
    "casework": casework_hears,
    "procurement": procurement_hears,
    "evaluation": evaluation_hears,
}
PLATFORM = "000000"
AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
A_CLIENT = re.compile(r"^[0-9]{6}\.[a-z0-9-]+$")
VARIES = ("traceparent", "content-length")


@dataclass(frozen=True)
class Operation:
    """One operation of the OpenAPI."""

    part: str
    name: str
    method: str
    path: str
    scope: str | None


@cache
def described(part: str) -> dict[str, Any]:
    """Return a part's own OpenAPI; describing it takes a second, and it does not change."""
    return api(SERVICES[part]).openapi()


@cache
def operations() -> dict[str, Operation]:
    """Return every operation of every part, as its own OpenAPI tells them."""
    found = {}
    for part in SERVICES:
        for path, item in described(part)["paths"].items():
            for method, said in item.items():
                scopes = next((next(iter(s.values())) for s in said.get("security", [])), [])
                one = Operation(
                    part, said["operationId"], method.upper(), path, (scopes or [None])[0]
                )
                found[one.name] = one
    return found


@dataclass
class Deed:
    """One request that was answered well."""

    operation: Operation
    actor: Actor
    path: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    key: str = ""

    def places(self) -> dict[tuple[str, ...], str]:
        """Return every value that names something of a city, by where it stands."""
        found = {("path", name): value for name, value in self.path.items() if name != "city"}
        found |= {("query", name): v for name, v in self.query.items() if _names(v)}
        return found | {("body", *at): v for at, v in _leaves(self.body) if _names(v)}

    def with_(self, place: tuple[str, ...], value: str) -> "Deed":
        """Return the same request with one value exchanged."""
        path, query, body = dict(self.path), dict(self.query), self.body
        if place[0] == "path":
            path[place[1]] = value
        elif place[0] == "query":
            query[place[1]] = value
        else:
            body = _exchanged(body, place[1:], value)
        return Deed(self.operation, self.actor, path, query, body)


def _names(value: Any) -> bool:
    return isinstance(value, str) and bool(AN_ID.search(value) or A_CLIENT.match(value))


def _leaves(body: Any, at: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(body, dict):
        return [leaf for name, each in body.items() for leaf in _leaves(each, (*at, name))]
    if isinstance(body, list):
        return [leaf for n, each in enumerate(body) for leaf in _leaves(each, (*at, str(n)))]
    return [(at, body)]


def _exchanged(body: Any, at: tuple[str, ...], value: str) -> Any:
    if not at:
        return value
    if isinstance(body, list):
        return [_exchanged(e, at[1:], value) if str(n) == at[0] else e for n, e in enumerate(body)]
    return {n: _exchanged(e, at[1:], value) if n == at[0] else e for n, e in body.items()}


class House:
    """The five parts in this process; a token is a number that stands for an actor."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self.databases = databases
        self.actors: dict[bytes, Actor] = {}
        self.tokens: dict[Actor, bytes] = {}
        self.asked = 0
        self._clients: dict[str, httpx.AsyncClient] = {}
        for part, service in SERVICES.items():
            app = api(service)
            app.state.database, app.state.draining = databases[part], False
            app.state.parts = app.state.exchange = self  # as the gateway's overview knows them
            transport = httpx.ASGITransport(Door(app, self.actors.__getitem__))
            self._clients[part] = httpx.AsyncClient(transport=transport, base_url="http://house")

    def bearer(self, actor: Actor, _part: str = "") -> bytes:
        """Return the Authorization header of an actor."""
        if actor not in self.tokens:
            self.tokens[actor] = token = str(len(self.tokens)).encode()
            self.actors[token] = actor
        return b"Bearer " + self.tokens[actor]

    async def glance(self, part: str, path: str, headers: Headers) -> Answer:
        """Fetch one piece of a composed answer."""
        told = await self._clients[part].get(path, headers=headers)
        return Answer(told.status_code, list(told.headers.raw), told.content)

    async def ask(
        self, actor: Actor | None, deed: Deed, *, key: str = "", match: int | None = None
    ) -> httpx.Response:
        """Ask an operation as somebody, where the gateway would lead it."""
        self.asked += 1
        one = deed.operation
        path = one.path.format(**deed.path)
        words = path.removeprefix("/v1/").split("/")[1:]
        part = "registry" if path == "/v1/cities" else owner(words)
        assert part == one.part
        headers = {"idempotency-key": key or uuid4().hex} if one.method == "POST" else {}
        if match is not None or one.method in ("PUT", "PATCH"):
            headers["if-match"] = f'"{match or 1}"'
        if actor is not None:
            headers["authorization"] = self.bearer(actor).decode()
        return await self._clients[part].request(
            one.method, path, params=deed.query, json=deed.body, headers=headers
        )

    async def raw(self, part: str, actor: Actor, path: str) -> httpx.Response:
        """Get a path nobody described."""
        self.asked += 1
        return await self._clients[part].get(
            path, headers={"authorization": self.bearer(actor).decode()}
        )

    async def person_of(self, city: str, referral: str) -> str:
        """Return whom a referral is about; no route tells it."""
        async with self.databases["casework"].begin(Who(city, "test", "look")) as tx:
            return str((await tx.get(Referral, UUID(referral))).person_id)

    async def tell(self, *cities: str) -> None:
        """Deliver what was recorded to every other part; what it has heard, it knows."""
        for part, city in itertools.product(HEARS, cities):
            async with self.databases[part].begin(Who(city, "test", "tell")) as tx:
                waiting = await tx.find(Outbox, order_by=Outbox.seq)
            told = [Envelope.read(bytes(row.body)) for row in waiting]
            for other, reactions in HEARS.items():
                kinds = tuple(f"{kind}." for kind in reactions.aggregates().get(part, ()))
                heard = [each for each in told if each.type.startswith(kinds)]
                outcomes = await reactions.deliver(heard, self.databases[other])
                assert not {"dead", "parked", "later"} & set(outcomes.values())


@dataclass
class Town:
    """A city: its actors, what it asked, and every word that must not be read elsewhere."""

    code: str
    prefix: str
    marker: str
    deeds: dict[tuple[str, str], Deed] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    own: dict[str, Actor] = field(default_factory=dict)
    """By role, those whose reach holds what the deeds name."""
    other: dict[str, Actor] = field(default_factory=dict)
    """By role, those of the same city with another station, division, partner or agency."""
    private: set[str] = field(default_factory=set)
    """Ids the others must not see in a list."""

    def actor(self, role: str, name: str = "", **reach: Any) -> Actor:
        """Return somebody of this city with all the role may ask for."""
        subject = f"{self.code}.{(name or role).replace('_', '-')}"
        return Actor(subject, self.code, role, ROLE_SCOPES[role], purpose="test", **reach)

    def __contains__(self, text: str) -> bool:
        return self.marker in text or not self.ids.isdisjoint(AN_ID.findall(text))


def divisions(prefix: str) -> list[Division]:
    """Return a city with two districts of two townships each."""
    grounds = [f"{prefix}0{d}00{t}" for d in (2, 3) for t in (7, 8)]
    codes = [prefix[:2], prefix, f"{prefix}02", f"{prefix}03", *grounds]
    levels = {2: 1, 4: 2, 6: 3, 9: 4}
    parents = {4: 2, 6: 4, 9: 6}
    return [
        Division(
            *("nbs", date(2023, 9, 11), code, f"区划{code}", levels[len(code)]),
            code[: parents.get(len(code), 0)],
            kind_of(code),
        )
        for code in codes
    ]
