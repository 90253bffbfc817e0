"""One OpenAPI document of all parts: read from the generated file, or merged from the living."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response

import contracts
from chassis import described
from chassis.binding import JSON
from chassis.problems import Problem
from contracts import examples
from gateway.parts import Parts
from gateway.samples import sample

router = APIRouter(include_in_schema=False)

OK = 200

GENERATED = Path(contracts.__file__).parent / "generated" / "openapi.json"
INFO = {
    "title": "Shegong 社工站",
    "version": "1",
    "summary": "Social work service stations for many cities, each under its own policy document.",
    "description": "Times are RFC 3339 with offset, days are days in Asia/Shanghai, money is whole fen. "
    "Lists are pages: pass `next` as `after`. `traceparent` is taken and given.",
}


@router.get("/openapi.json")
async def get_openapi(request: Request) -> Response:
    """Return the merged document."""
    return Response(await document(request.app), media_type=JSON)


async def document(app: FastAPI) -> bytes:
    """Return the generated document, or one merged from the parts that answer."""
    if GENERATED.exists():
        return GENERATED.read_bytes()
    parts: Parts = app.state.parts

    found = await asyncio.gather(*(parts.glance(part, "/openapi.json", []) for part in parts.urls))
    told: dict[str, dict[str, Any]] = {}
    for part, answer in zip(parts.urls, found, strict=True):
        if answer is None or answer.status != OK:
            raise Problem("dependency-down", headers={"retry-after": "1"})
        told[part] = orjson.loads(answer.content)
    documents = told | {"gateway": app.openapi()}
    return orjson.dumps(merge(documents), option=orjson.OPT_SORT_KEYS)


def merge(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one document of several; two parts may name a schema alike, so names are told apart."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {},
    }
    for part, given in documents.items():
        told = _renamed(part, given, merged["components"])
        for path, item in told.get("paths", {}).items():
            known = merged["paths"].setdefault(path, {})
            twice = known.keys() & item.keys()
            if twice:
                raise ValueError(f"{part} and another part both answer {sorted(twice)} {path}")
            known.update(item)
        for kind, named in told.get("components", {}).items():
            merged["components"].setdefault(kind, {}).update(named)
    return _finished(merged)


def _finished(merged: dict[str, Any]) -> dict[str, Any]:
    operations = [
        (path, operation) for path, item in merged["paths"].items() for operation in item.values()
    ]
    parts = merged["components"]
    schemas = parts.setdefault("schemas", {})
    for path, operation in operations:
        _finish(path, operation)
        _exemplify(operation, schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)  # FastAPI's own shape of an error; ours is a problem
    for kind, named in described.components().items():
        parts.setdefault(kind, {}).update(named)
    tags = {tag for _, operation in operations for tag in operation.get("tags", [])}
    merged["tags"] = [{"name": tag} for tag in sorted(tags)]
    return merged


def _finish(path: str, operation: dict[str, Any]) -> None:
    """Complete what a route that is no unit of work left out."""
    given = operation.setdefault("parameters", [])
    known = {(one["in"], one["name"]) for one in given}
    for name in _IN_PATH.findall(path):
        if ("path", name) not in known:
            plain = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            given.append(described.CITY if name == "city" else plain)
    answers = operation["responses"]
    if answers.get("422", {}).get("description") == "Validation Error":
        theirs = answers.pop("422")  # FastAPI's own, perhaps with a reference to ours put into it
        answers |= {"422": {"$ref": theirs["$ref"]}} if "$ref" in theirs else {}
    answers.setdefault("default", {"$ref": "#/components/responses/Problem"})
    if path in _OPEN:
        operation["security"] = []
    if not operation.get("description", "-"):
        del operation["description"]


def _exemplify(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Show what is sent and what comes back: as somebody wrote it, or as its schema says."""
    name = operation.get("operationId", "")
    asked = operation.get("requestBody", {})
    answered = [operation["responses"].get(status, {}) for status in ("200", "201")]
    for made, holders, whole in (
        (examples.BODIES, [asked], False),
        (examples.ANSWERS, answered, True),
    ):
        for content in (c for holder in holders for c in holder.get("content", {}).values()):
            if name in made:
                content["example"] = made[name]
            elif "schema" in content:
                content["example"] = sample(content["schema"], schemas, whole=whole)


_IN_PATH = re.compile(r"\{([a-z_]+)")
_OPEN = frozenset(
    {
        "/v1/cities",
        "/oauth/token",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
    }
)


def _renamed(part: str, given: Mapping[str, Any], taken: dict[str, Any]) -> dict[str, Any]:
    """Put the part's name before a schema's where another part has a different one by that name."""
    schemas = given.get("components", {}).get("schemas", {})
    known = taken.get("schemas", {})
    clashes = {name for name, schema in schemas.items() if known.get(name, schema) != schema}
    text = orjson.dumps(given).decode()
    for name in clashes:
        text = text.replace(
            f'"#/components/schemas/{name}"', f'"#/components/schemas/{part}.{name}"'
        )
    renamed: dict[str, Any] = orjson.loads(text)  # a copy: FastAPI keeps the one it gave
    for name in clashes:
        made = renamed["components"]["schemas"]
        made[f"{part}.{name}"] = made.pop(name)
    return renamed
