"""A client of one service for tests: every middleware and route, no socket, no token to sign."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from chassis.db import Database
from chassis.identity import ROLE_SCOPES, Actor
from chassis.service import Door, Service, api
from chassis.shelf import Shelf


def actor(role: str, city: str = "420100", **more) -> Actor:
    """Return somebody with all their role may ask for."""
    scopes = more.pop("scopes", ROLE_SCOPES[role])
    return Actor(f"{city}.{role}", city, role, frozenset(scopes), purpose="test", **more)


@asynccontextmanager
async def client(service: Service, database: Database, who: Actor) -> AsyncIterator["Client"]:
    """Open a client whose every request is `who`'s."""
    app = api(service)
    app.state.database = database
    app.state.draining = False
    if service.subjects is not None and database.shelf is None:
        database.shelf = Shelf(service.subjects)
    transport = httpx.ASGITransport(Door(app, lambda _token: who))
    headers = {"authorization": "Bearer test"}
    async with Client(transport=transport, base_url="http://test", headers=headers) as made:
        yield made


class Client(httpx.AsyncClient):
    """Gives each POST an `Idempotency-Key` of its own, unless the test says one."""

    async def post(self, url, **more):
        headers = {"idempotency-key": uuid4().hex} | (more.pop("headers", None) or {})
        return await super().post(url, headers=headers, **more)
