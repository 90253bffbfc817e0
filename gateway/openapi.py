"""One OpenAPI document of all parts: read from the generated file, or merged from the living."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson
from fastapi import APIRouter, FastAPI, Request, Response

import contracts
from chassis.http import JSON
from chassis.problems import Problem
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
    return merged


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
