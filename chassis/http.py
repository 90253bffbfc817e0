"""A request: who asks, what is asked, one transaction, one answer.

    trace → identity → size → route → scope → query → body → transaction → commit → answer

`Router` makes every route a unit of work: the endpoint runs in one transaction that commits before
a byte of the answer leaves, and a retry with the same `Idempotency-Key` gets the same bytes again.
Body bytes become a model once and a model becomes bytes once; FastAPI writes the OpenAPI from the
same signature.

What an endpoint may ask for: path parameters by name, one query model (`Annotated[M, Query()]`),
one body model, `tx: Tx`, and anything that `Depends` on a function of the request alone.
"""

import hashlib
import inspect
import typing
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable
from uuid import UUID

import asyncpg
import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi import params as fastapi_params
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis import described, log, metrics, problems
from chassis.asked import Asked as Asked  # noqa: PLC0414 - handed on
from chassis.asked import Listed as Listed  # noqa: PLC0414
from chassis.asked import Paged as Paged  # noqa: PLC0414
from chassis.db import Database, Stale, Taken, Transaction, Who
from chassis.identity import Actor
from chassis.problems import At, Problem
from chassis.rows import Aggregate
from chassis.tables import Receipt

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
TRIES = 3
KEY_LENGTH = 255

DOWN = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)
"""The database went away, or is not there yet."""
AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
STOPPING = (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError)


def _tx(request: Request) -> Transaction:
    tx: Transaction = request.state.tx
    return tx


Tx = Annotated[Transaction, Depends(_tx)]
"""The transaction of this request."""


def if_match(request: Request) -> int | None:
    """Return the version the caller says it saw, or None."""
    said = request.headers.get("if-match")
    if said is None:
        return None
    text = said.strip().removeprefix("W/").strip('"')
    if not text.isdecimal():
        raise Problem("malformed", {"zh": "If-Match 无效", "en": "If-Match is not an ETag of ours"})
    return int(text)


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
    said = request.headers.get("accept-language", "").lower()
    first = said.split(",")[0].split(";")[0].strip()
    return "en" if first == "en" or first.startswith("en-") else "zh"


# ---------------------------------------------------------------------- the route


Dependency = Callable[[Request], Any]


@dataclass(frozen=True)
class _Plan:
    """How an endpoint's arguments are found, read once from its signature."""

    endpoint: Callable[..., Awaitable[Any]]
    dependencies: tuple[tuple[str, Dependency], ...]
    tx: str | None
    path: tuple[tuple[str, TypeAdapter[Any]], ...]
    query: tuple[str, type[BaseModel]] | None
    body: tuple[str, type[BaseModel]] | None
    answer: TypeAdapter[Any] | None
    scope: str | None


def _plan(endpoint: Callable[..., Any], path_names: set[str]) -> _Plan:
    dependencies: list[tuple[str, Dependency]] = []
    path: list[tuple[str, TypeAdapter[Any]]] = []
    tx = query = body = scope = None
    hints = typing.get_type_hints(endpoint, include_extras=True)
    for name in inspect.signature(endpoint).parameters:
        hint = hints[name]
        extras = typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()
        depends = next((e for e in extras if isinstance(e, fastapi_params.Depends)), None)
        if depends is not None:
            made: Any = depends.dependency
            if made is _tx:
                tx = name
                continue
            scope = getattr(made, "scope", scope)
            # Who may call is settled before anything else is looked at.
            place = 0 if hasattr(made, "scope") else len(dependencies)
            dependencies.insert(place, (name, made))
        elif any(isinstance(e, fastapi_params.Query) for e in extras):
            query = (name, typing.get_args(hint)[0])
        elif name in path_names:
            path.append((name, TypeAdapter(hint)))
        else:
            body = (name, hint)
    returned = hints.get("return")
    plain = returned in (None, type(None)) or _is_response(returned)
    return _Plan(
        endpoint,
        tuple(dependencies),
        tx,
        tuple(path),
        query,
        body,
        None if plain else TypeAdapter(typing.cast("Any", returned)),
        scope,
    )


def _is_response(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Response)


def _described(route: APIRoute, plan: _Plan, keyed: bool, status: int) -> dict[str, Any]:
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

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler FastAPI installs for this route."""
        plan = _plan(self.endpoint, set(self.param_convertors))
        methods = self.methods or set()
        writes = bool(methods & {"POST", "PUT", "PATCH", "DELETE"})
        # What a POST answers is stored under its key; what writes nothing says so by `dry`.
        keyed = "POST" in methods and not getattr(self.endpoint, "dry", False)
        status = self.status_code or 200
        name = f"{'|'.join(sorted(methods))} {self.path_format}"
        self.openapi_extra = _described(self, plan, keyed, status) | (self.openapi_extra or {})

        async def handle(request: Request) -> Response:
            request.state.route = name
            arguments = await _arguments(plan, request, writes)
            actor: Actor = request.state.actor
            key = _idempotency_key(request) if keyed else None
            asked = await _fingerprint(request) if key else b""
            who = Who(actor.city, actor.subject, actor.purpose, actor.subject)
            database: Database = request.app.state.database
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
                        reads_only=not writes or not (keyed or writes),
                    )
                except (Stale, *AGAIN):
                    if again == TRIES - 1:
                        raise problems.Busy() from None
                except Taken as taken:
                    # A twin was faster. Run again: the receipt is found, or the endpoint's own
                    # look finds and names what is in the way.
                    if again == TRIES - 1:
                        raise _clash(request, taken) from None
                except asyncpg.LockNotAvailableError:
                    raise Problem("in-progress", headers={"retry-after": "1"}) from None
            raise problems.Busy()

        return handle


async def _once(
    plan: _Plan,
    request: Request,
    database: Database,
    who: Who,
    arguments: dict[str, Any],
    status: int,
    route: str,
    key: str | None,
    asked: bytes,
    *,
    reads_only: bool,
) -> Response:
    try:
        async with database.begin(who, reads_only=reads_only) as tx:
            request.state.tx = tx
            if key is not None:
                receipt = await tx.peek(Receipt, who.client, route, key)
                if receipt is not None:
                    return _again(receipt, asked)
            if plan.tx:
                arguments[plan.tx] = tx
            result = await plan.endpoint(**arguments)
            response = _answer(plan, request, result, status)
            if key is not None:
                tx.keep(_receipt(who, route, key, asked, response, tx))
    except Problem as problem:
        if problem.slug in ("refused-by-policy", "facts-missing"):
            await _note_refusal(request, database, who, problem)
        raise
    return response


async def _arguments(plan: _Plan, request: Request, writes: bool) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, dependency in plan.dependencies:
        found = dependency(request)
        arguments[name] = await found if inspect.isawaitable(found) else found
    for name, adapter in plan.path:
        try:
            arguments[name] = adapter.validate_python(request.path_params[name])
        except ValidationError:
            raise problems.NotFound() from None  # not even the form of an id: nothing is there
    if plan.query is not None:
        arguments[plan.query[0]] = _query(plan.query[1], request)
    elif request.url.query:
        raise _unknown_parameters(sorted(request.query_params))
    if plan.body is not None:
        arguments[plan.body[0]] = await _body(plan.body[1], request)
    elif writes and (await request.body()).strip() not in (b"", b"{}"):
        raise problems.Invalid(
            [At("", "unexpected", "此请求不应有内容", "this request takes no body")]
        )
    return arguments


def _query(model: type[BaseModel], request: Request) -> BaseModel:
    params = request.query_params
    unknown = [n for n in params if n not in model.model_fields]
    if unknown:
        raise _unknown_parameters(unknown, model.model_fields)
    doubled = [n for n in params if len(params.getlist(n)) > 1]
    if doubled:
        raise Problem(
            "malformed",
            {"zh": f"参数重复：{doubled[0]}", "en": f"`{doubled[0]}` is given twice"},
        )
    try:
        return model.model_validate_strings(dict(params))
    except ValidationError as error:
        raise problems.Invalid(_places(error, "?")) from None


def _unknown_parameters(names: list[str], known: Any = ()) -> Problem:
    # The caller's own words are not repeated: a name may be a value in the wrong place.
    listed = ", ".join(known) or "-"
    return Problem(
        "unknown-parameter",
        {
            "zh": f"有 {len(names)} 个未知参数；可用：{listed}",
            "en": f"{len(names)} unknown parameters; known: {listed}",
        },
    )


async def _body(model: type[BaseModel], request: Request) -> BaseModel:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem("unsupported-media-type", {"zh": f"请使用 {JSON}", "en": f"send {JSON}"})
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise Problem("malformed", {"zh": "不是有效的 JSON", "en": "not valid JSON"}) from None
        raise problems.Invalid(_places(error)) from None


@runtime_checkable
class Speaks(Protocol):
    """An error of a check of ours: a code and a sentence in both languages, without the value."""

    code: str
    zh: str
    en: str


_WORDS = {
    "missing": ("缺少该字段", "is missing"),
    "extra_forbidden": ("未知字段", "is not a field here"),
    "string_too_short": ("过短", "is too short"),
    "string_too_long": ("过长", "is too long"),
    "string_pattern_mismatch": ("格式不符", "has the wrong form"),
    "literal_error": ("不在允许的取值内", "is not one of the allowed values"),
    "enum": ("不在允许的取值内", "is not one of the allowed values"),
}


def _places(error: ValidationError, root: str = "") -> list[At]:
    """Name every place that is wrong, by JSON pointer; never a value that was sent."""
    places = []
    for e in error.errors(include_url=False, include_input=False):
        at = root + "".join(f"/{_escaped(step)}" for step in e["loc"])
        cause = e.get("ctx", {}).get("error")
        if isinstance(cause, Speaks):  # our own checks speak both languages
            code, zh, en = cause.code, cause.zh, cause.en
        else:
            code = e["type"]
            zh, en = _WORDS.get(code, ("不符合要求", _safe(e["msg"], code)))
        places.append(At(at, code, zh, en))
    return places


def _safe(message: str, code: str) -> str:
    # pydantic's message of a failed validator of ours may quote; its built-in ones do not.
    return "is not valid" if code in ("value_error", "assertion_error") else message


def _escaped(step: Any) -> str:
    text = str(step).replace("~", "~0").replace("/", "~1")
    return text if len(text) <= 80 and text.isascii() and text.isprintable() else "…"  # noqa: PLR2004


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "").strip()
    if not key:
        raise Problem(
            "idempotency-key-missing",
            {
                "zh": "写入请求须带 Idempotency-Key 请求头（每个新请求一个新值，重试时用原值）",
                "en": "send an Idempotency-Key header: a new value for each new request,"
                " the same one for a retry",
            },
        )
    if len(key) > KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Problem(
            "malformed",
            {
                "zh": f"Idempotency-Key 最多 {KEY_LENGTH} 个 ASCII 字符",
                "en": f"Idempotency-Key: at most {KEY_LENGTH} ASCII characters",
            },
        )
    return key


async def _fingerprint(request: Request) -> bytes:
    """Return the SHA-256 of path, query, content type and raw body: what makes a request the same."""
    digest = hashlib.sha256()
    for part in (
        request.scope["path"].encode(),
        request.scope["query_string"],
        request.headers.get("content-type", "").encode(),
        await request.body(),
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _answer(plan: _Plan, request: Request, result: Any, status: int) -> Response:
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
    return Response(plan.answer.dump_json(result), status, headers, JSON)


def _receipt(
    who: Who, route: str, key: str, asked: bytes, response: Response, tx: Transaction
) -> Receipt:
    return Receipt(
        client=who.client,
        route=route,
        key=key,
        fingerprint=asked,
        status=response.status_code,
        location=response.headers.get("location"),
        etag=response.headers.get("etag"),
        body=bytes(response.body),
        at=tx.now,
    )


def _again(receipt: Receipt, asked: bytes) -> Response:
    """Return what the first request was answered; another request under its key is refused."""
    if receipt.fingerprint != asked:
        raise Problem("key-reused")
    headers = {"idempotent-replay": "true"}
    if receipt.location:
        headers["location"] = receipt.location
    if receipt.etag:
        headers["etag"] = receipt.etag
    return Response(receipt.body, receipt.status, headers, JSON)


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
    endpoint.dry = True  # type: ignore[attr-defined]
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
        return Problem("dependency-down", headers={"retry-after": "1"})
    if isinstance(
        error, asyncpg.QueryCanceledError | asyncpg.TooManyConnectionsError | TimeoutError
    ):
        return problems.Busy()
    if isinstance(error, asyncpg.PostgresError):
        log.error("database refused", exc=error)
    return None


Id = UUID
