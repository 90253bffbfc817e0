"""The API for people to read: the merged OpenAPI as one plain page, without a script or a network."""

from collections.abc import Iterator
from html import escape
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from gateway.openapi import document
from gateway.page import page

router = APIRouter(include_in_schema=False)

_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
async def get_docs(request: Request) -> HTMLResponse:
    """Show every operation by tag, with what it takes and gives."""
    described = orjson.loads(await document(request.app))
    return HTMLResponse(page("API 文档 · API reference", "".join(rendered(described))))


def rendered(described: dict[str, Any]) -> Iterator[str]:
    """Give the document as HTML, piece by piece."""
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in described["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).append((method, path, item[method]))
    yield '<p><a href="/">/</a> · <a href="/openapi.json">openapi.json</a></p><nav>'
    for tag in sorted(by_tag):
        yield f'<a href="#{escape(tag)}">{escape(tag)}</a> '
    yield "</nav>"
    for tag, operations in sorted(by_tag.items()):
        yield f'<h2 id="{escape(tag)}">{escape(tag)}</h2>'
        for method, path, operation in operations:
            yield from _operation(method, path, operation)
    yield "<h2>Schemas</h2>"
    for name, schema in sorted(described.get("components", {}).get("schemas", {}).items()):
        yield f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        yield f"{_schema(schema)}</details>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    said = escape(operation.get("summary", ""))
    yield f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {said}</summary>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<table><tr><th>parameter</th><th>in</th><th></th></tr>"
        for one in parameters:
            name, place = escape(one.get("name", "")), escape(one.get("in", ""))
            yield f"<tr><td><code>{name}</code></td><td>{place}</td>"
            yield f"<td>{escape(one.get('description', ''))}</td></tr>"
        yield "</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h4>body · {escape(kind)}</h4>{_schema(content.get('schema', {}))}"
    for status, answer in operation.get("responses", {}).items():
        yield f"<h4>{escape(status)} · {escape(answer.get('description', ''))}</h4>"
        for content in answer.get("content", {}).values():
            yield _schema(content.get("schema", {}))
    yield "</details>"


def _schema(schema: dict[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name:
        return f'<p>→ <a href="#schema-{escape(name)}"><code>{escape(name)}</code></a></p>'
    return f"<pre>{escape(orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode())}</pre>"
