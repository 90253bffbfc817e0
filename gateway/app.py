"""The gateway as one process: its own application behind the door that everything passes."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from chassis import log, service, tokens
from chassis.config import Settings, setting
from chassis.identity import Verifier
from gateway import clients, docs, grants, openapi, overview, page
from gateway.door import Door
from gateway.exchange import Exchange, wanted_by
from gateway.owners import GATEWAY, PARTS
from gateway.parts import Parts

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

GATEWAY_SERVICE = service.Service(
    part=GATEWAY,
    title="Gateway",
    routers=(
        grants.router,
        clients.router,
        overview.router,
        openapi.router,
        docs.router,
        page.router,
    ),
    migrations=Path(__file__).parent / "migrations",
)


def create(settings: Settings, role: service.Role = "all") -> Door:
    """Return the gateway, set up from the environment.

    It publishes no events and has no reactions, so every role answers requests alike.
    """
    signer = tokens.Signer.open(Path(setting("SHEGONG_SIGNING_KEYS")))
    urls = {part: setting(f"SHEGONG_URL_{part.upper()}") for part in PARTS}
    parts = Parts(urls)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        database = await service.open_database(GATEWAY_SERVICE, settings)
        app.state.database = database
        app.state.draining = False
        try:
            async with parts:
                gc.collect()
                gc.freeze()
                gc.set_threshold(5_000, 20, 50)
                log.info("started", role=role)
                yield
        finally:
            app.state.draining = True
            await database.close()
            log.info("stopped", role=role)

    app = service.api(GATEWAY_SERVICE, life)
    # FastAPI's own describes the gateway alone; the one in `openapi` describes the house.
    app.router.routes[:] = [r for r in app.router.routes if getattr(r, "name", "") != "openapi"]
    outside = Verifier(settings.jwks, settings.issuer, settings.issuer, tokens.ACCESS)
    inside = Verifier(settings.jwks, GATEWAY, settings.issuer)
    exchange = Exchange(outside, signer, settings.issuer, wanted_by(lambda: app.state.database))
    app.state.parts = parts
    app.state.exchange = exchange
    app.state.signer = signer
    app.state.issuer = settings.issuer
    app.state.secrets = setting("SHEGONG_CLIENT_SECRETS", "") == "1"
    door = Door(service.Door(app, inside), exchange, parts)
    # Callers come in by the same door: only on a machine's own address is nobody else among them.
    door.tells = settings.listen.rpartition(":")[0] in _LOOPBACK
    return door
