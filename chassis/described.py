"""What a route says of itself in OpenAPI beyond its models: who may call, which headers, which "no".

`chassis.http` knows all of it from the route's signature, so nobody writes it twice. The gateway
puts `components` beside the merged paths.
"""

from collections.abc import Iterable
from typing import Any

from chassis.identity import ROLE_SCOPES
from chassis.problems import TITLES, Problem

TOKEN = "token"  # noqa: S105 - the scheme's name
PROBLEM_JSON = "application/problem+json"
_EVERY = (400, 401, 403, 429, 500, 503)
_WORD = {"type": ["string", "null"]}

CITY: dict[str, Any] = {
    "name": "city",
    "in": "path",
    "required": True,
    "description": "GB/T 2260 code of the jurisdiction",
    "schema": {"type": "string", "pattern": "^[0-9]{6}$", "examples": ["990100"]},
}
LANGUAGE: dict[str, Any] = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "Language of titles and sentences: `en`, or `zh-CN` for anything else",
    "schema": {"type": "string", "default": "zh-CN", "examples": ["zh-CN", "en"]},
}
KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new value for each new request, the same one for a retry.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
VERSION = r'(?:W/)?"?([0-9]{1,18})"?'
"""How a version is said: an ETag of ours, or its number alone."""


def _if_match(must: bool) -> dict[str, Any]:
    # Whoever need not say a version may say that any will do.
    form = f"^{VERSION}$" if must else rf"^({VERSION}|\*)$"
    return {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag the caller saw; 412 if the resource has changed since.",
        "required": must,
        "schema": {"type": "string", "pattern": form, "examples": ['"3"']},
    }


_LOCATION = {"description": "Where what was made is found", "schema": {"type": "string"}}
_ETAG = {"description": "The version, for If-Match", "schema": {"type": "string"}}
_RETRY = {"description": "Seconds until it is worth trying again", "schema": {"type": "integer"}}


def operation(
    name: str,
    doc: str,
    *,
    scope: str | None,
    below: bool,
    keyed: bool = False,
    writes: bool = False,
    checked: bool = False,
    body: bool = False,
    sees: bool = False,
    must: bool = False,
) -> dict[str, Any]:
    """Return what FastAPI does not know of an operation.

    `below`: its path names something in the city; `checked`: a query or a body is held to its
    model; `sees`: If-Match is looked at; `must`: it may not be left out.
    """
    first, _, rest = doc.strip().partition("\n")
    said: dict[str, Any] = {
        "operationId": name,
        "summary": first.rstrip("."),
        "parameters": [LANGUAGE],
        "security": [{TOKEN: [scope] if scope else []}],
        "responses": problems(
            *_EVERY,
            *([404] if below else []),
            *([409] if writes else []),
            *([412] if sees else []),
            *([413, 415] if body else []),
            *([422] if checked or keyed else []),
            *([428] if must else []),
        ),
    }
    said["description"] = "\n".join(line.strip() for line in rest.strip().splitlines())
    if keyed:
        said["parameters"] = [*said["parameters"], KEY]
    if sees:
        said["parameters"] = [*said["parameters"], _if_match(must)]
    return said


def headers(status: int, *, versioned: bool, named: bool) -> dict[str, Any]:
    """Return the headers of a good answer: where it is, and which version."""
    made = status == 201  # noqa: PLR2004
    said: dict[str, Any] = {"Location": _LOCATION} if named and made else {}
    return said | ({"ETag": _ETAG} if versioned else {})


def problems(*statuses: int) -> dict[str, Any]:
    """Return references to the problems of these statuses, and to whatever else may happen."""
    named = {str(one): f"Problem{one}" for one in sorted(set(statuses))} | {"default": "Problem"}
    return {one: {"$ref": f"#/components/responses/{name}"} for one, name in named.items()}


def components() -> dict[str, Any]:
    """Return what every operation refers to: problems by status, and how a token is got."""
    every = sorted(set().union(*ROLE_SCOPES.values()) - ROLE_SCOPES["public"])
    scopes = {
        each: ", ".join(r for r, held in ROLE_SCOPES.items() if each in held) for each in every
    }
    flow = {"tokenUrl": "/oauth/token", "scopes": scopes}
    return {
        "schemas": {"Problem": _PROBLEM},
        "responses": {
            "Problem": _response("A problem (RFC 9457)", ()),
            **{
                f"Problem{status}": _response(_titles(status), _slugs(status))
                for status in sorted({status for status, _, _ in TITLES.values()})
            },
        },
        "securitySchemes": {
            TOKEN: {
                "type": "oauth2",
                "description": "Scopes with the roles that may hold them. A token lives ten minutes.",
                "flows": {"clientCredentials": flow},
            }
        },
    }


def _slugs(status: int) -> list[str]:
    return [slug for slug, (given, _, _) in TITLES.items() if given == status]


def _titles(status: int) -> str:
    return " · ".join(f"`{slug}` {TITLES[slug][1]} {TITLES[slug][2]}" for slug in _slugs(status))


def _response(description: str, slugs: Iterable[str]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    examples = {slug: {"value": Problem(slug).body("en")} for slug in slugs}
    if examples:
        content["examples"] = examples
    made: dict[str, Any] = {"description": description, "content": {PROBLEM_JSON: content}}
    if {"busy", "too-many-requests", "in-progress"} & examples.keys():
        made["headers"] = {"Retry-After": _RETRY}
    return made


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Why something was not done. It never repeats a value that was sent.",
    "required": ["type", "title", "status", "detail", "trace_id", "errors", "rules"],
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
                "description": "a line of a verdict sheet: rule, clause and facts",
            },
        },
    },
}
