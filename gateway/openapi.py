"""One OpenAPI document of all parts: read from the generated file, or merged from the living."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson
from fastapi import APIRouter, FastAPI, Request, Response

import contracts
from chassis.http import JSON, PROBLEM_JSON
from chassis.identity import ROLE_SCOPES
from chassis.problems import TITLES, Problem
from gateway.parts import Parts

router = APIRouter(include_in_schema=False)

GENERATED = Path(contracts.__file__).parent / "generated" / "openapi.json"
TITLE = "Shegong 社工站"


@router.get("/openapi.json")
async def get_openapi(request: Request) -> Response:
    """Return the merged document."""
    return Response(await document(request.app), media_type=JSON)


async def document(app: FastAPI) -> bytes:
    """Return the generated document, or one merged from the parts that answer."""
    if GENERATED.exists():
        return GENERATED.read_bytes()
    parts: Parts = app.state.parts

    async def of(part: str) -> dict[str, Any]:
        answer = await parts.glance(part, "/openapi.json", {})
        answer.raise_for_status()
        described: dict[str, Any] = orjson.loads(answer.content)
        return described

    try:
        found = await asyncio.gather(*(of(part) for part in parts.urls))
    except (httpx.HTTPError, OSError, TimeoutError, ValueError):
        raise Problem("dependency-down", headers={"retry-after": "1"}) from None
    described = dict(zip(parts.urls, found, strict=True)) | {"gateway": app.openapi()}
    return orjson.dumps(merge(described), option=orjson.OPT_SORT_KEYS)


def merge(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one document of several; two parts may name a schema alike, so names are told apart."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "1"},
        "paths": {},
        "components": {},
        "tags": [],
    }
    for part, described in documents.items():
        described = _renamed(part, described, merged["components"])  # noqa: PLW2901
        for path, item in described.get("paths", {}).items():
            known = merged["paths"].setdefault(path, {})
            twice = known.keys() & item.keys()
            if twice:
                raise ValueError(f"{part} and another part both answer {sorted(twice)} {path}")
            known.update(item)
        for kind, named in described.get("components", {}).items():
            merged["components"].setdefault(kind, {}).update(named)
        merged["tags"] += described.get("tags", [])
    return finished(merged)


def finished(merged: dict[str, Any]) -> dict[str, Any]:
    """Say once what holds for every operation: the city, the token, the key, the shape of a "no"."""
    for path, item in merged["paths"].items():
        for method, operation in item.items():
            _finish(path, method, operation)
    parts = merged["components"]
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)  # FastAPI's own shape of an error; ours is a problem
    schemas["Problem"] = _PROBLEM
    parts["responses"] = {
        "Problem": {
            "description": "A problem (RFC 9457)",
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    token = {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": _scopes()}}
    parts["securitySchemes"] = {"token": {"type": "oauth2", "flows": token}}
    merged["tags"] = [
        {"name": tag}
        for tag in sorted(
            {t for i in merged["paths"].values() for o in i.values() for t in o.get("tags", [])}
        )
    ]
    return merged


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    given = operation.setdefault("parameters", [])
    known = {(one.get("in"), one.get("name")) for one in given}
    for name in _IN_PATH.findall(path):
        if ("path", name) not in known:
            schema = _CITY if name == "city" else {"type": "string"}
            given.append({"name": name, "in": "path", "required": True, "schema": schema})
    if method == "post" and path.startswith("/v1/") and not path.endswith("/what-if"):
        given.append(_KEY)
    if not given:
        del operation["parameters"]
    responses = operation["responses"]
    if responses.get("422", {}).get("description") == "Validation Error":
        del responses["422"]
    responses.setdefault("default", {"$ref": "#/components/responses/Problem"})
    if path.startswith("/v1/") and path != "/v1/cities":
        operation["security"] = [{"token": []}]


def _scopes() -> dict[str, str]:
    every = sorted(set().union(*ROLE_SCOPES.values()) - ROLE_SCOPES["public"])
    return {
        scope: ", ".join(r for r, held in ROLE_SCOPES.items() if scope in held) for scope in every
    }


_IN_PATH = re.compile(r"\{([a-z_]+)")
_CITY = {"type": "string", "pattern": "^[0-9]{6}$", "examples": ["420100"]}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new value for each new request, the same one for a retry.",
    "schema": {"type": "string", "maxLength": 255},
}
_WORD = {"type": ["string", "null"]}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail", "errors", "rules"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{slug}" for slug in TITLES]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "trace_id": _WORD,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "code", "say"],
                "properties": {
                    "at": {"type": "string", "description": "a JSON pointer into what was sent"},
                    "code": {"type": "string"},
                    "say": {"type": "string"},
                },
            },
        },
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "description": "a line of a verdict sheet: rule and clause",
            },
        },
    },
    "examples": [
        {
            "type": "/problems/not-found",
            "title": "未找到",
            "status": 404,
            "detail": "未找到",
            "trace_id": None,
            "errors": [],
            "rules": [],
        }
    ],
}


def _renamed(part: str, described: Mapping[str, Any], taken: dict[str, Any]) -> dict[str, Any]:
    """Put the part's name before a schema's where another part has a different one by that name."""
    schemas = described.get("components", {}).get("schemas", {})
    known = taken.get("schemas", {})
    clashes = {name for name, schema in schemas.items() if known.get(name, schema) != schema}
    if not clashes:
        return dict(described)
    text = orjson.dumps(described).decode()
    for name in clashes:
        text = text.replace(
            f'"#/components/schemas/{name}"', f'"#/components/schemas/{part}.{name}"'
        )
    renamed: dict[str, Any] = orjson.loads(text)
    schemas = renamed["components"]["schemas"]
    for name in clashes:
        schemas[f"{part}.{name}"] = schemas.pop(name)
    return renamed
