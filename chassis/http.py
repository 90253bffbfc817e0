"""A request: who asks, what is asked, one transaction, one answer.

    trace → identity → size → route → scope → query → body → transaction → commit → answer

`Router` makes every route a unit of work: the endpoint runs in one transaction that commits before
a byte of the answer leaves, and a retry with the same `Idempotency-Key` gets the same bytes again.
Body bytes become a model once and a model becomes bytes once; FastAPI writes the OpenAPI from the
same signature.

What an endpoint may ask for: path parameters by name, one query model (`Annotated[M, Query()]`),
one body model, `tx: Tx`, and anything that `Depends` on a function of the request alone.
"""

import re
import typing
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from chassis import described, log, metrics, problems
from chassis.asked import Listed
from chassis.binding import JSON, Plan, arguments_of, plan_of
from chassis.binding import Tx as Tx  # noqa: PLC0414 - handed on: every route asks for it
from chassis.db import Database, Stale, Taken, Who
from chassis.identity import Actor
from chassis.problems import Problem
from chassis.receipts import again as answered_before
from chassis.receipts import fingerprint, idempotency_key, receipt_of, running
from chassis.rows import Aggregate
from chassis.tables import Receipt

PROBLEM_JSON = "application/problem+json"
TRIES = 3

DOWN = (
    *(ConnectionError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError),
    asyncpg.InternalClientError,  # what the driver says when the server's last word comes midway
)
"""The database went away. That it cannot be reached at all is said where a connection is taken."""
AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
STOPPING = (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError)
NO_ROOM = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError, asyncpg.PostgresSystemError)
"""The database is there and has no disk or memory to write with: the moment's fault, not the request's."""

_VERSION = re.compile(described.VERSION)


def if_match(request: Request) -> int | None:
    """Return the version the caller says it saw, or None."""
    said = request.headers.get("if-match")
    if said is None:
        return None
    if said.strip() == "*":
        return None  # any version there is; a PUT or PATCH asks for the one that was seen
    found = _VERSION.fullmatch(said.strip())
    if found is None:
        raise Problem("malformed", {"zh": "If-Match 无效", "en": "If-Match is not an ETag of ours"})
    return int(found[1])


def must_match(request: Request) -> int:
    """Return the version the caller saw; a PUT or PATCH without it is 428."""
    version = if_match(request)
    if version is None:
        raise Problem("if-match-missing")
    return version


IfMatch = Annotated[int | None, Depends(if_match)]
MustMatch = Annotated[int, Depends(must_match)]


def match(row: Aggregate, version: int | None) -> None:
    """Refuse with 412 when the caller saw another version than the row has."""
    if version is not None and version != row.version:
        raise Problem("stale", headers={"etag": f'"{row.version}"'})


def language(request: Request) -> str:
    """Return `zh` (default) or `en` from Accept-Language."""
    return spoken(request.headers.get("accept-language", ""))


def spoken(said: str) -> str:
    """Return `zh` (default) or `en` from what an Accept-Language says."""
    first = said.lower().split(",")[0].split(";")[0].strip()
    return "en" if first == "en" or first.startswith("en-") else "zh"


# ---------------------------------------------------------------------- the route


def _described(route: APIRoute, plan: Plan, keyed: bool, status: int) -> dict[str, Any]:
    """Return what the signature tells a reader of the OpenAPI and FastAPI does not look at."""
    matched = {made for _, made in plan.dependencies} & {if_match, must_match}
    said = described.operation(
        plan.endpoint.__name__,
        plan.endpoint.__doc__ or "",
        scope=plan.scope,
        below=bool(plan.path),
        keyed=keyed,
        writes=keyed or bool(matched),
        checked=bool(plan.query or plan.body),
        body=plan.body is not None,
        sees=bool(matched),
        must=must_match in matched,
    )
    if "city" in route.param_convertors:
        said["parameters"] = [described.CITY, *said["parameters"]]
    fields = getattr(typing.get_type_hints(plan.endpoint).get("return"), "model_fields", {})
    versioned = "version" in fields and fields["version"].annotation is int
    good = described.headers(status, versioned=versioned, named="id" in fields)
    if good:
        said["responses"] = {str(status): {"headers": good}} | said["responses"]
    return said


class UnitOfWork(APIRoute):
    """A route that runs its endpoint in one transaction and stores what it answered."""

    unit: Callable[[Request], Coroutine[Any, Any, Response]]
    """What runs it: for FastAPI, and for the short way (`chassis.units`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler FastAPI installs for this route."""
        plan = plan_of(self.endpoint, set(self.param_convertors))
        methods = self.methods or set()
        writes = bool(methods & {"POST", "PUT", "PATCH", "DELETE"})
        # What a POST answers is stored under its key; what writes nothing says so by `dry`.
        keyed = "POST" in methods and not getattr(self.endpoint, "dry", False)
        status = self.status_code or 200
        name = f"{'|'.join(sorted(methods))} {self.path_format}"
        self.openapi_extra = _described(self, plan, keyed, status) | (self.openapi_extra or {})

        async def handle(request: Request) -> Response:
            request.state.route = name
            arguments = await arguments_of(plan, request, writes)
            if plan.tx is None and not keyed:  # composed of what others answer
                return _answer(plan, request, await plan.endpoint(**arguments), status)
            actor: Actor = request.state.actor
            key = idempotency_key(request) if keyed else None
            asked = await fingerprint(request) if key else b""
            who = Who(actor.city, actor.subject, actor.purpose, actor.subject)
            database: Database = request.app.state.database
            with running(who, name, key) as twin:
                for again in range(TRIES):
                    try:
                        return await _once(
                            plan,
                            request,
                            database,
                            who,
                            arguments,
                            status,
                            name,
                            key,
                            asked,
                            look=again > 0,
                        )
                    except (Stale, *AGAIN):
                        if again == TRIES - 1:
                            raise problems.Busy() from None
                    except Taken as taken:
                        # A twin was faster. Run again: the receipt is found, or the endpoint's own
                        # look finds and names what is in the way.
                        if again == TRIES - 1:
                            raise _clash(request, taken) from None
                    except asyncpg.LockNotAvailableError as waited:
                        if twin or (key is not None and _for_a_twin(waited)):
                            raise Problem("in-progress", headers={"retry-after": "1"}) from None
                        raise problems.Busy() from None
            raise problems.Busy()

        self.unit = handle
        return handle


async def _once(
    plan: Plan,
    request: Request,
    database: Database,
    who: Who,
    arguments: dict[str, Any],
    status: int,
    route: str,
    key: str | None,
    asked: bytes,
    *,
    look: bool,
) -> Response:
    """Run the endpoint once.

    Nearly every key is new, so its receipt is looked for only after it clashed (`look`), or when
    something is refused: what refuses may be the first effect of this very request.
    """
    try:
        async with database.begin(who) as tx:
            request.state.tx, tx.again = tx, look
            if key is not None and look:
                receipt = await tx.peek(Receipt, who.client, route, key)
                if receipt is not None:
                    return answered_before(receipt, asked)
            if plan.tx:
                arguments[plan.tx] = tx
            result = await plan.endpoint(**arguments)
            response = _answer(plan, request, result, status)
            if key is not None:
                tx.keep(receipt_of(who, route, key, asked, response, tx))
    except Problem as problem:
        if key is not None and not look:
            async with database.begin(who) as tx:
                receipt = await tx.peek(Receipt, who.client, route, key)
            if receipt is not None:
                return answered_before(receipt, asked)
        if problem.slug in ("refused-by-policy", "facts-missing"):
            await _note_refusal(request, database, who, problem)
        raise
    return response


def _answer(plan: Plan, request: Request, result: Any, status: int) -> Response:
    if isinstance(result, Response):
        return result
    if plan.answer is None:
        return Response(status_code=status)
    headers = {}
    version = getattr(result, "version", None)
    if isinstance(version, int):
        headers["etag"] = f'"{version}"'
    made = getattr(result, "id", None)
    if status == 201 and made is not None:  # noqa: PLR2004
        headers["location"] = f"{request.scope['path'].rstrip('/')}/{made}"
    if isinstance(result, Listed) and result.next is not None:
        there = request.url.include_query_params(after=result.next)
        headers["link"] = f'<{there.path}?{there.query}>; rel="next"'
    return Response(plan.answer.dump_json(result), status, headers, JSON)


def _for_a_twin(waited: asyncpg.LockNotAvailableError) -> bool:
    """Whether the wait was for a key somebody else is about to take, not for a row they hold."""
    # Only the server's context tells; a counter's first row is a key that different requests take.
    context = getattr(waited, "context", None) or ""
    return "inserting index tuple" in context and 'relation "counter"' not in context


def _clash(request: Request, taken: Taken) -> Problem:
    """Say what a clash on a unique key means; a service names its constraints in `app.state`."""
    known: dict[str, Problem] = getattr(request.app.state, "clashes", {})
    if taken.constraint in known:
        return known[taken.constraint]
    return Problem(
        "duplicate-reference",
        {"zh": "与已有记录冲突", "en": "it clashes with what is already there"},
    )


async def _note_refusal(request: Request, database: Database, who: Who, problem: Problem) -> None:
    """Write down a refusal although the work was rolled back: somebody asked, a rule said no."""
    for rule in problem.rules:
        metrics.refusals_total.labels(problem.slug, rule["rule"], who.city).inc()
    async with database.begin(who) as tx:
        tx.audit(
            request.state.route,
            "policy",
            None,
            fields=[str(rule["rule"]) for rule in problem.rules],
            outcome=problem.slug,
        )


class Router(APIRouter):
    """Routes under `/v1/{city}`, each a unit of work that asks for a scope."""

    def __init__(self, *, tags: list[str] | None = None, prefix: str = "/v1/{city}") -> None:
        super().__init__(prefix=prefix, route_class=UnitOfWork, tags=list(tags or []))


def dry(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a POST that writes nothing: it takes no Idempotency-Key and stores no receipt."""
    endpoint.dry = True  # type: ignore[attr-defined]  # a mark on a function
    return endpoint


def problem_response(problem: Problem, request_language: str, trace_id: str | None) -> Response:
    """Render a problem; the only place that does."""
    return Response(
        orjson.dumps(problem.body(request_language, trace_id), default=str),
        problem.status,
        {"content-language": "zh-CN" if request_language == "zh" else "en", **problem.headers},
        PROBLEM_JSON,
    )


def from_database(error: BaseException) -> Problem | None:
    """Return the problem a database error means to a caller, or None when it is a fault of ours."""
    if isinstance(error, (*DOWN, *STOPPING)):
        log.warning("database away", exc=error)
        return problems.Down()
    if isinstance(error, NO_ROOM):
        log.error("database full", exc=error)
        return problems.Down()
    if isinstance(
        error, asyncpg.QueryCanceledError | asyncpg.TooManyConnectionsError | TimeoutError
    ):
        return problems.Busy()
    if isinstance(error, asyncpg.PostgresError):
        log.error("database refused", exc=error)
    return None
