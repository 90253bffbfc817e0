"""AsyncAPI 3.0 and JSON Schema of the events, from their classes.

One channel per event type, with the city as its last word; one stream per producer. Readers skip
fields they do not know, so the schemas allow them: a field may be added at any time.
"""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from chassis.events import Event, declared, schema_of, stream_of, subject_of

PRODUCERS = ("registry", "casework", "procurement", "evaluation")
_COMPONENT = "#/components/schemas/{model}"


def events() -> Mapping[str, type[Event]]:
    """Return the events of the house by type, in the order of their producers."""
    homes = {f"contracts.{part}": number for number, part in enumerate(PRODUCERS)}
    for home in homes:
        import_module(home)
    ours = {kind: event for kind, event in declared().items() if event.__module__ in homes}
    return dict(sorted(ours.items(), key=lambda each: homes[each[1].__module__]))


def schema(event: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of an event's data, with the words beside its fields."""
    made = event.schema()
    return _open(made, {event.__name__: event, **_parts(event)})


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of the house."""
    channels, operations, messages = {}, {}, {}
    schemas: dict[str, Any] = {"CloudEvent": _ENVELOPE}
    for kind, event in events().items():
        data = schema(event)
        for name in ("$schema", "$id"):
            del data[name]
        for name, part in _moved(data.pop("$defs", {})).items():
            if schemas.setdefault(name, part) != part:
                raise ValueError(f"{kind}: another event has a different {name}")
        schemas[kind] = _moved(data)
        messages[kind] = _message(kind, event)
        channels[kind] = _channel(kind, event)
        operations[f"send.{kind}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{kind}"},
            "summary": _sentence(event),
            "messages": [{"$ref": f"#/channels/{kind}/messages/event"}],
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shegong 社工站",
            "version": "1",
            "description": "What the services tell each other and a city's own systems may hear. "
            "No event holds a name, an identity number, a telephone number or free text of a "
            "person served.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": schemas, "messages": messages},
    }


def _channel(kind: str, event: type[Event]) -> dict[str, Any]:
    return {
        "address": subject_of(kind, "{city}"),
        "title": _sentence(event),
        "messages": {"event": {"$ref": f"#/components/messages/{kind}"}},
        "parameters": {
            "city": {
                "description": "GB/T 2260 code of the jurisdiction; 000000 is the platform",
                "examples": ["990100"],
            }
        },
        "x-jetstream": {"stream": stream_of(event.producer), "subjects": [f"{event.producer}.>"]},
    }


def _message(kind: str, event: type[Event]) -> dict[str, Any]:
    return {
        "name": kind,
        "title": _sentence(event),
        "contentType": "application/json",
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "type": "object",
                    "properties": {
                        "source": {"const": f"/{event.producer}"},
                        "type": {"const": kind},
                        "subject": {"type": "string", "pattern": f"^{event.aggregate}/"},
                        "dataschema": {"const": schema_of(kind)},
                        "data": {"$ref": f"#/components/schemas/{kind}"},
                    },
                },
            ]
        },
    }


def _sentence(event: type[BaseModel]) -> str:
    return (inspect.getdoc(event) or "").partition("\n")[0]


def _parts(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return the models a model's fields are made of, by name."""
    found: dict[str, type[BaseModel]] = {}
    home = inspect.getmodule(model)
    for name in model.model_json_schema().get("$defs", {}):
        part = getattr(home, name, None)
        if isinstance(part, type) and issubclass(part, BaseModel):
            found[name] = part
    return found


def _open(made: dict[str, Any], models: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Let unknown fields be, and put the words beside a field into its schema."""
    for one in (made, *made.get("$defs", {}).values()):
        one.pop("additionalProperties", None)
        model = models.get(one.get("title", ""))
        for name, said in (_beside(model) if model else {}).items():
            if name in one["properties"]:
                one["properties"][name]["description"] = said
    return made


@cache
def _beside(model: type[BaseModel]) -> dict[str, str]:
    """Return the string that stands below each field, which Python itself throws away."""
    said: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, BaseModel) or base in (BaseModel, Event):
            continue
        body = ast.parse(inspect.getsource(base)).body[0]
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for field, below in pairwise(lines):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    said[name] = inspect.cleandoc(text)
    return said


def _moved(made: Any) -> Any:
    """Point references into the document's own components."""
    if isinstance(made, dict):
        return {
            key: _COMPONENT.format(model=value.rpartition("/")[2])
            if key == "$ref"
            else _moved(value)
            for key, value in made.items()
        }
    return [_moved(each) for each in made] if isinstance(made, list) else made


_TEXT = {"type": "string"}
_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "title": "CloudEvent",
    "description": "CloudEvents 1.0, structured JSON. One version of an aggregate is exactly one "
    "event: `aggepoch`, then `aggversion` say in which order, and whether one is missing.",
    "required": [
        *("specversion", "id", "source", "type", "subject", "time", "datacontenttype"),
        *("dataschema", "city", "aggversion", "aggepoch", "data"),
    ],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "also the Nats-Msg-Id"},
        "source": _TEXT,
        "type": _TEXT,
        "subject": {"type": "string", "description": "AGGREGATE/UUID"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": _TEXT,
        "city": {"type": "string", "pattern": "^[0-9]{6}$"},
        "aggversion": {"type": "integer", "minimum": 1},
        "aggepoch": {"type": "integer", "minimum": 1},
        "traceparent": _TEXT,
        "data": {"type": "object"},
    },
}
