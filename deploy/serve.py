"""`shegong serve PART`: one part as one process, answering until it is asked to stop."""

import asyncio
from importlib import import_module

import uvicorn
from prometheus_client import start_http_server
from starlette.types import ASGIApp

from chassis import log
from chassis.config import Settings, setting
from chassis.listener import Listener
from chassis.service import Role, Service, create_app

DRAIN = 4
"""Seconds for requests that run when we are asked to stop."""


def service(part: str) -> Service:
    """Return what a service is made of: `service` in its `app` module."""
    found: Service = import_module(f"services.{part}.app").service
    return found


def application(part: str, role: Role) -> ASGIApp:
    """Return a part, set up from the environment: a service, or the gateway by its own `create`."""
    settings = Settings.of(part)
    if part == "gateway":
        app: ASGIApp = import_module("gateway.app").create(settings, role)
        return app
    return create_app(service(part), settings, role)


def serve(part: str, role: Role) -> None:
    """Run a part until SIGTERM, then let what runs finish."""
    log.setup(part)
    host, _, port = Settings.of(part).listen.rpartition(":")
    config = uvicorn.Config(
        application(part, role),
        host=host,
        port=int(port),
        http=Listener,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN,
        timeout_keep_alive=75,  # the gateway keeps its connections: it closes them, not we
    )
    if apart := setting("SHEGONG_METRICS_GATEWAY", "") if part == "gateway" else "":
        inner, _, at = apart.rpartition(":")
        start_http_server(int(at), inner)  # a thread of its own: what is public stays elsewhere
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve())
    if not server.started:
        raise SystemExit(1)
