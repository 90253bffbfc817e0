"""What a request or an answer looks like, made from its schema where nobody has written one.

A value is the schema's own example, constant or choice, else one that suits its name and form. An
answer shows every field; a request what must be sent, or its first fields where nothing must.
Made ones are the same each time, and a test holds every one to its schema.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

DEEPEST = 6
FIRST = 2
"""Fields of a request that needs none."""

_NAMED = {
    "city": "990100",
    "name": "示例街道社会工作服务站",
    "division": "420102007",
    "registered_in": "420102",
    "credit_code": "52990100MJH000001E",
    "zh": "示例",
    "en": "Example",
    "title": "示例",
    "tier": "township",
    "document": "示例市社会工作服务站建设办法",
    "clause": "三(二)",
    "client_id": "990100.court-1",
    "tracking_no": "990100-260302-K7M2Q9DXE",
    "pack": "990100",
    "rule": "full-time",
    "ends_on": "2026-12-31",
    "until": "2026-12-31",
    "due_on": "2026-12-31",
    "code": "420102",
    "say": "专职人员不足",
    "why": "该站正在公开招聘，预计八月底前配齐专职社工。",
    "topic": "个案工作",
    "provider": "示例社会工作协会",
    "grant_type": "client_credentials",
    "token_type": "Bearer",
    "subject": "station:01980c3e-7a10-7000-8000-000000000001",
    "access_token": "eyJhbGciOiJFZDI1NTE5In0…",
    "scope": "registry:read",
    "kind": "station",
    "status": "open",
    "mode": "procured",
    "district": "420102",
    "division_name": "示例街道",
    "division_system": "nbs",
    "system": "nbs",
    "vintage": "2023-09-11",
    "as_of": "2026-03-02",
    "due": "2026-12-31",
    "share": "0.7000",
    "verdict": "broken",
    "severity": "violation",
    "modality": "must",
    "type": "registry.station.changed.v1",
    "client": "990100.city-bureau-1",
    "purpose": "administration",
    "field": "status",
    "was": "open",
    "now": "suspended",
    "next": "WzFd",
    "domains": "family_violence",
    "domain": "family_violence",
    "rooms": "case",
    "ids": "EX-3.2-a",
    "number": "示例民发〔2026〕1号",
    "source": "示例市统计局",
    "business_scope": "社会工作服务",
    "id_number": "11010519491231002X",
    "phone": "138****8000",
    "cert": "assistant",
    "education": "bachelor",
    "department": "civil_affairs",
    "unit": "percent",
    "role": "head",
    "station": "示例街道社会工作服务站",
    "worker": "张一心",
    "error": "invalid",
    "question": "当事人是否同意社工上门？",
    "reason": "当事人已迁往其他街道。",
    "reason_code": "out_of_area",
    "language": "zh-CN",
}
_FORMS = {
    "uuid": "01980c3e-7a10-7000-8000-000000000001",
    "date": "2026-01-01",
    "date-time": "2026-03-02T09:00:00+08:00",
    "uri": "https://example.org/",
    "password": "…",
    "duration": "P1D",
}
_TRIED = (
    *(
        "示例",
        "example",
        "990100",
        "420102007",
        "42",
        "station:01980c3e-7a10-7000-8000-000000000001",
    ),
    *("7c8114757af5", "court-1", "52990100MJH000001E", "2026-01-01", "2026", "A", "a", "a" * 64),
)


def sample(schema: Schema, schemas: Mapping[str, Schema], *, whole: bool) -> Any:
    """Return a value of a schema; `whole` with the fields that may be left out."""
    return _Sampler(schemas, whole).value(schema, "", 0)


class _Sampler:
    def __init__(self, schemas: Mapping[str, Schema], whole: bool) -> None:
        self._schemas, self._whole = schemas, whole

    def value(self, schema: Schema, name: str, depth: int) -> Any:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        for said in ("const", "example"):
            if said in schema:
                return schema[said]
        for several in ("examples", "enum"):
            if schema.get(several):
                return schema[several][0]
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if choices:
            nothing = {"type": "null"}
            if depth > DEEPEST and nothing in choices:
                return None
            return self.value(next(each for each in choices if each != nothing), name, depth)
        if "allOf" in schema:
            return self.value(schema["allOf"][0], name, depth)
        return self._plain(schema, name, depth)

    def _plain(self, schema: Schema, name: str, depth: int) -> Any:
        match schema.get("type"):
            case "object":
                return self._object(schema, depth)
            case "array":
                few = schema.get("minItems", 0) == 0 and depth > DEEPEST
                return [] if few else [self.value(schema.get("items", {}), name, depth + 1)]
            case "integer" | "number":
                return _number(schema)
            case "string":
                return _text(schema, name)
        return {"boolean": True, "null": None}.get(schema.get("type", ""), "示例")

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        fields: Mapping[str, Schema] = schema.get("properties", {})
        needed = schema.get("required", ())
        shown = [name for name in fields if name in needed]
        if self._whole and depth <= DEEPEST:
            shown = list(fields)
        elif not shown and not depth:
            shown = list(fields)[:FIRST]
        return {name: self.value(fields[name], name, depth + 1) for name in shown}


def _number(schema: Schema) -> float:
    least: float = max(1, schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    most: float = schema.get("maximum", least)
    return min(least, most)


def _text(schema: Schema, name: str) -> str:
    for text in _offered(schema, name):
        fits = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
        if fits and re.search(schema.get("pattern", ""), text):
            return text
    raise ValueError(f"no text for {name}: {schema}")


def _offered(schema: Schema, name: str) -> Iterator[str]:
    if name in _NAMED:
        yield _NAMED[name]
    if schema.get("format") in _FORMS:
        yield _FORMS[schema["format"]]
    yield from _TRIED
    yield "例" * schema.get("minLength", 1)
