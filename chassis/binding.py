"""How an endpoint's arguments are found: path, query, body, transaction, dependencies.

Read once from the signature FastAPI also reads. Body bytes become a model once; what is wrong is
named by its place, in both languages, and never repeated. A dependency is a function of the
request alone: small enough to say here, and several times faster than a general solver.
"""

import inspect
import json
import typing
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi import params as fastapi_params
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis import problems
from chassis.db import Transaction
from chassis.identity import anyone
from chassis.problems import At, Problem
from chassis.wording import escaped, places_of

JSON = "application/json"
NUL, NUL_ESCAPED = "\0", b"\\u0000"
"""A character of Unicode that PostgreSQL keeps in no text."""
_NO_TEXT = ("no-text", "含有无法保存的字符", "holds a character that cannot be kept")
MOST_ERRORS = 100
"""Places an answer names; beyond that it says how many there are."""


def _tx(request: Request) -> Transaction:
    tx: Transaction = request.state.tx
    return tx


Tx = Annotated[Transaction, Depends(_tx)]
"""The transaction of this request."""


Dependency = Callable[[Request], Any]


@dataclass(frozen=True)
class Plan:
    """How an endpoint's arguments are found, read once from its signature."""

    endpoint: Callable[..., Awaitable[Any]]
    dependencies: tuple[tuple[str, Dependency], ...]
    tx: str | None
    path: tuple[tuple[str, TypeAdapter[Any]], ...]
    query: tuple[str, type[BaseModel]] | None
    body: tuple[str, type[BaseModel]] | None
    answer: TypeAdapter[Any] | None
    scope: str | None
    """What the caller must hold; None only where `anyone` says why."""


def plan_of(endpoint: Callable[..., Any], path_names: set[str]) -> Plan:
    """Read an endpoint's signature; one that does not say who may call is no endpoint."""
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
    if scope is None and not any(isinstance(made, anyone) for _, made in dependencies):
        raise TypeError(f"{endpoint.__name__} says neither `allow(scope)` nor `anyone(because)`")
    returned = hints.get("return")
    plain = returned in (None, type(None)) or _is_response(returned)
    return Plan(
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


async def arguments_of(plan: Plan, request: Request, writes: bool) -> dict[str, Any]:
    """Return an endpoint's arguments but for the transaction, or raise what is wrong with them."""
    arguments: dict[str, Any] = {}
    for name, dependency in plan.dependencies:
        found = dependency(request)
        arguments[name] = await found if inspect.isawaitable(found) else found
    for name, adapter in plan.path:
        given = request.path_params[name]
        try:
            arguments[name] = adapter.validate_python(given)
        except ValidationError:
            raise problems.NotFound() from None  # not even the form of an id: nothing is there
        if NUL in given:
            raise problems.NotFound()
    if plan.query is not None:
        arguments[plan.query[0]] = _query(plan.query[1], request)
    elif request.scope["query_string"]:
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
    nul = [At(f"?/{name}", *_NO_TEXT) for name, value in params.items() if NUL in value]
    if nul:
        raise problems.Invalid(nul)
    try:
        return model.model_validate_strings(dict(params))
    except ValidationError as error:
        raise problems.Invalid(places_of(error, "?")) from None


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
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            "unsupported-media-type",
            {"zh": "请勿压缩请求内容", "en": "send the body as it is, not compressed"},
        )
    if kind != JSON:
        raise Problem("unsupported-media-type", {"zh": f"请使用 {JSON}", "en": f"send {JSON}"})
    body = await request.body()
    try:
        # Strict: a number in quotes is no number, and "yes" is not true.
        made = model.model_validate_json(body, strict=True)
    except ValidationError as error:
        if error.error_count() > MOST_ERRORS:
            raise Problem(
                "invalid",
                {
                    "zh": f"有 {error.error_count()} 处不符合要求",
                    "en": f"{error.error_count()} places are not valid",
                },
            ) from None
        places = places_of(error)
        if places[0].code == "json_invalid":
            raise _no_json() from None
        raise problems.Invalid(places) from None
    _check_text(body)
    return made


def _check_text(body: bytes) -> None:
    """Refuse what is JSON and still says nothing sure: a name given twice, a zero character."""
    try:
        parsed = _ONE_NAME.decode(body.decode())
    except _Doubled:
        # What one reader takes for the value another overlooks.
        raise problems.Invalid([At("", "doubled", "字段重复", "a field is given twice")]) from None
    except (ValueError, RecursionError):
        raise _no_json() from None
    if NUL_ESCAPED in body and (places := [At(at, *_NO_TEXT) for at in _nul_places(parsed)]):
        raise problems.Invalid(places[:MOST_ERRORS])


class _Doubled(Exception):
    """A name stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Doubled
    return made


_ONE_NAME = json.JSONDecoder(object_pairs_hook=_object)


def _nul_places(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if NUL in value:
            yield at
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nul_places(each, f"{at}/{number}")
    elif isinstance(value, dict):
        for name, each in value.items():
            if NUL in name:
                yield at
            yield from _nul_places(each, f"{at}/{escaped(name)}")


def _no_json() -> Problem:
    return Problem("malformed", {"zh": "不是有效的 JSON", "en": "not valid JSON"})
