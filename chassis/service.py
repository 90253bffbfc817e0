"""A service as one process: its API, its relay and its consumers.

A part declares itself once (`Service`) and is run by role: `api` answers requests, `worker` relays
and reacts, `all` does both. Liveness says the loop turns; readiness names what is missing: the
database, the migration, a pack, or that it is draining. NATS away does not make an API unready.
"""

import gc
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from chassis import erased, log, metrics, trace
from chassis.admission import PLACES, Lane, Places, lane_of
from chassis.config import Settings
from chassis.db import Database, Who
from chassis.http import from_database, language
from chassis.identity import PLATFORM, Verifier, bearer
from chassis.limits import limited
from chassis.net import Net, shown
from chassis.problems import Problem
from chassis.reactions import Reactions
from chassis.tables import CityKept
from chassis.units import Units
from chassis.vault import Vault

if TYPE_CHECKING:
    from chassis.packs import Subjects

Role = Literal["all", "api", "worker"]

METHOD_NOT_ALLOWED = 405


class Work(Protocol):
    """A task that runs until it is stopped."""

    async def run(self) -> None:
        """Work until asked to stop."""

    def stop(self) -> None:
        """Stop at the next turn."""


@dataclass(frozen=True)
class Service:
    """What a part is made of."""

    part: str
    title: str
    routers: Sequence[APIRouter]
    reactions: Reactions | None = None
    subjects: "Subjects | None" = None
    clashes: Mapping[str, Problem] = field(default_factory=dict)
    """What a clash on a unique constraint means to a caller, by the constraint's name."""
    people: bool = False
    migrations: Path | None = None
    work: Callable[[Database], "Work"] | None = None
    """What it does by itself in the worker's half, beside relay and reactions."""
    public: frozenset[str] = frozenset({"/v1/cities"})
    """Paths without a city in them."""


def create_app(service: Service, settings: Settings, role: Role = "all") -> "Door":
    """Return the part as an ASGI application; its lifespan holds database, relay and consumers."""
    # The gateway, which has no such work, would load the broker's driver with them.
    from chassis.workers import Workers  # noqa: PLC0415

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        database = await open_database(service, settings)
        app.state.database = database
        app.state.draining = False
        workers = Workers()
        if role != "api":
            workers.start(service, settings, database)
        # What is alive now stays: a full collection would stop the loop for 30 to 50 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(5_000, 20, 50)
        log.info("started", role=role)
        try:
            yield
        finally:
            app.state.draining = True  # if it was not a signal that ended us
            await workers.stop()
            await database.close()
            log.info("stopped", role=role)

    app = api(service, life)
    verifier = Verifier(settings.jwks, service.part, settings.issuer)
    return Door(app, verifier)


def api(service: Service, life: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """Return the part's routes, with the one way errors are shown (also used for its OpenAPI)."""
    app = FastAPI(
        title=service.title,
        version="1",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.clashes = dict(service.clashes)
    app.add_exception_handler(Problem, _show)
    app.add_exception_handler(HTTPException, _show)
    app.add_middleware(Net)
    for router in service.routers:
        app.include_router(router)
    app.include_router(_health)
    return app


async def open_database(service: Service, settings: Settings) -> Database:
    """Connect as the runtime role, and repeat erasures a restored backup has forgotten."""
    database = await Database.connect(
        settings.database_url,
        part=service.part,
        pool=settings.pool,
        epoch=epoch(settings.state, service.part),
        vault=Vault.open(settings.vault) if service.people else None,
    )
    if service.subjects is not None:
        from chassis.shelf import Shelf  # noqa: PLC0415 - the gateway has no packs: 10 MB less

        database.shelf = Shelf(service.subjects)
    if service.people:
        database.erased = erased.erased_path(settings.state, service.part)
        await repeat_erasures(database, database.erased)
    return database


def epoch(state: Path, part: str) -> int:
    """Return the part's epoch; the restore procedure raises it in a file outside the backups."""
    path = state / f"epoch-{part}"
    return int(path.read_text()) if path.exists() else 1


async def repeat_erasures(database: Database, path: Path) -> int:
    """Destroy again the keys of everyone on the erased list; returns how many still had one."""
    again = 0
    for person in erased.read_erased(path):
        async with database.begin(Who(person.city, f"service:{database.part}", "erase")) as tx:
            if await tx.people.forget(person.person_id):
                tx.audit("person.erase-again", "person", person.person_id)
                again += 1
    return again


_health = APIRouter(include_in_schema=False)


@_health.get("/health/live")
async def live() -> dict[str, str]:
    """The loop turns."""
    return {"status": "live"}


@_health.get("/health/ready")
async def ready(request: Request) -> Response:
    """Whether requests can be answered, and which dependency is missing if not."""
    report = await readiness(request.app)
    missing = [name for name, state in report["checks"].items() if state != "ok"]
    report["status"] = "ready" if not missing else "not ready"
    report["missing"] = missing
    return JSONResponse(report, 200 if not missing else 503)


async def readiness(app: FastAPI) -> dict[str, Any]:
    """Return the state of every dependency, and the pack versions heard by city."""
    service: Service = app.state.service
    database: Database = app.state.database
    checks: dict[str, str] = {}
    packs: dict[str, str] = {}
    if app.state.draining:
        checks["draining"] = "draining"
    try:
        async with database.begin(Who(PLATFORM, f"service:{service.part}", "health")) as tx:
            rows = await tx.fetch("SELECT version_num FROM alembic_version")
            cities = [c.code for c in await tx.find(CityKept)]
        checks["database"] = "ok"
        wanted = newest_migration(service.migrations)
        if service.subjects is not None:
            packs = await packs_heard(database, cities)
            # One city served before its pack is active must not take all others away.
            checks["policy"] = "ok" if packs else "not loaded"
        checks["migrations"] = (
            "ok" if wanted is None or wanted in [r[0] for r in rows] else "behind"
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer names the part
        if from_database(error) is None and not isinstance(error, Problem):
            log.error("readiness failed", exc=error)
        checks["database"] = "down"
    return {"part": service.part, "checks": checks, "packs": packs}


async def packs_heard(database: Database, cities: Sequence[str]) -> dict[str, str]:
    """Return the version in force by city, of the cities whose pack has arrived here."""
    heard: dict[str, str] = {}
    for city in cities:
        async with database.begin(Who(city, f"service:{database.part}", "health")) as tx:
            try:
                heard[city] = (await tx.pack()).version
            except Problem:
                continue
    return heard


def newest_migration(versions: Path | None) -> str | None:
    """Return the highest revision in a migrations folder: files are named `0001_what.py`."""
    if versions is None:
        return None
    names = sorted(p.name for p in versions.glob("versions/[0-9][0-9][0-9][0-9]_*.py"))
    return names[-1][:4] if names else None


@_health.get("/metrics")
async def prometheus() -> Response:
    """What Prometheus scrapes."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _show(request: Request, error: Exception) -> Response:
    answer = shown(error, language(request))
    if answer.status_code == METHOD_NOT_ALLOWED:
        answer.headers["allow"] = ", ".join(sorted(allowed(request)))
    return answer


def allowed(request: Request) -> set[str]:
    """Return the methods of a path: each method is a route, and the framework asks only the first.

    Of two paths that match, a name in its own right counts before one that could be an id.
    """
    service: Service = request.app.state.service
    routes = [
        route
        for router in (*service.routers, _health)
        for route in router.routes
        if isinstance(route, Route) and route.path_regex.match(request.scope["path"])
    ]
    fewest = min((len(route.param_convertors) for route in routes), default=0)
    meant = (route for route in routes if len(route.param_convertors) == fewest)
    return {method for route in meant for method in route.methods or ()}


_CITY_PATH = re.compile(r"/v1/([^/]*)(/|$)")


class Door:
    """Around every request: its trace, its caller, its size, its time, and the last net."""

    def __init__(self, app: FastAPI, verifier: Callable[[bytes], Any]) -> None:
        self.app = app
        self.units = Units(app, app.state.service.routers)
        # A few more than the gateway lets through: it asks beside that for its composed answers.
        self.places = Places(app.state.service.part, PLACES * 5 // 4)
        self.verifier = verifier
        self.state = app.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        started = time.perf_counter()
        answered: list[int] = []

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                message["headers"] = [*message.get("headers", ()), (b"traceparent", mine.encode())]
            await send(message)

        state = scope.setdefault("state", {})
        parent = headers.get(b"traceparent", b"").decode("latin-1")
        with trace.joined(parent) as mine:
            try:
                with self._admitted(scope, headers, state):
                    await self.units(scope, limited(receive, headers), note)
            except ClientDisconnect:
                pass  # who asked has hung up midway: nobody to answer, and no failure of ours
            except Exception as error:  # the last net: whatever happens, the caller gets a problem
                if answered:
                    raise
                response = shown(error, language(Request(scope)))
                await response(scope, receive, note)
            finally:
                route = state.get("route", "other")
                status = str(answered[0]) if answered else "lost"
                metrics.request_seconds.labels(route, status).observe(time.perf_counter() - started)

    def _admitted(
        self, scope: Scope, headers: dict[bytes, bytes], state: dict[str, Any]
    ) -> AbstractContextManager[None]:
        path: str = scope["path"]
        found = _CITY_PATH.match(path)
        if found is None:
            return nullcontext()
        actor = self.verifier(bearer(headers.get(b"authorization")))
        if path not in self.app.state.service.public:
            # Before the route is looked up: another city's path answers the same whatever it is.
            actor.must_be_of(found[1])
        state["actor"] = actor
        lane = lane_of(scope["method"], path.split("/")[3:])
        # The gateway has read how urgent a referral is; behind it all of them may be.
        return self.places.place(Lane.URGENT if lane is Lane.REFERRAL else lane, actor.subject)
