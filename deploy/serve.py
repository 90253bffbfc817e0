"""`shegong serve PART`: one part as one process, answering until it is asked to stop."""

import asyncio
import sys
from importlib import import_module
from types import FrameType
from typing import Protocol

import uvicorn
from prometheus_client import start_http_server
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from chassis import log
from chassis.config import Settings, setting
from chassis.listener import Listener
from chassis.service import Role, Service, create_app

DRAIN = 4
"""Seconds for requests that run when we are asked to stop."""


class Part(Protocol):
    """A part as an application, and what it keeps while it lives."""

    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""


def service(part: str) -> Service:
    """Return what a service is made of: `service` in its `app` module."""
    found: Service = import_module(f"services.{part}.app").service
    return found


def application(part: str, role: Role) -> Part:
    """Return a part, set up from the environment: a service, or the gateway by its own `create`."""
    settings = Settings.of(part)
    if part == "gateway":
        app: Part = import_module("gateway.app").create(settings, role)
        return app
    return create_app(service(part), settings, role)


class Server(uvicorn.Server):
    """A server that says it is leaving before it does: who balances calls sends no more here."""

    def __init__(self, config: uvicorn.Config, state: State, linger: float) -> None:
        super().__init__(config)
        self._state, self._linger = state, linger

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain at the first signal, and stop a while after; at the second one, stop now."""
        if self._linger and not getattr(self._state, "draining", True):
            asyncio.get_running_loop().call_later(self._linger, super().handle_exit, sig, frame)
        else:
            super().handle_exit(sig, frame)
        self._state.draining = True


def serve(part: str, role: Role) -> None:
    """Run a part until SIGTERM, then let what runs finish."""
    log.setup(part)
    if part != "gateway":
        # The broker's driver would load it for a way we do not go: 8 MB and a third of a second.
        # None is how Python is told that a module is not to be found.
        sys.modules["aiohttp"] = None  # type: ignore[assignment]  # as `import` reads it
    host, _, port = Settings.of(part).listen.rpartition(":")
    app = application(part, role)
    config = uvicorn.Config(
        app,
        host=host,
        port=int(port),
        http=Listener,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # nobody here asks where a caller comes from
        server_header=False,
        timeout_graceful_shutdown=DRAIN,
        timeout_keep_alive=75,  # the gateway keeps its connections: it closes them, not we
    )
    if apart := setting("SHEGONG_METRICS_GATEWAY", "") if part == "gateway" else "":
        inner, _, at = apart.rpartition(":")
        start_http_server(int(at), inner)  # a thread of its own: what is public stays elsewhere
    server = Server(config, app.state, float(setting("SHEGONG_LINGER", "0")))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve())
    if not server.started:
        raise SystemExit(1)
