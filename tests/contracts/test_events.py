"""Events once told can be read for ever, by us and by anyone who holds their schema."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from chassis.events import Envelope, schema_of, stream_of
from deploy.asyncapi import document, events
from deploy.generate import GENERATED, HOUSE

RECORDED = sorted((Path(__file__).parent / "examples").glob("*.json"), key=lambda each: each.name)
NAMES = [path.stem for path in RECORDED]


def recorded(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_every_event_has_a_recorded_one():
    assert events().keys() <= set(NAMES)


@pytest.mark.parametrize("path", RECORDED, ids=NAMES)
def test_a_recorded_event_opens(path):
    envelope = Envelope.read(path.read_bytes())

    event = envelope.event()

    assert (envelope.type, event.type) == (path.stem, path.stem)
    told = recorded(path)["data"]
    read = json.loads(event.model_dump_json())
    assert _said(read, told) == told


@pytest.mark.parametrize("path", RECORDED, ids=NAMES)
def test_a_recorded_event_fits_the_schema_its_envelope_names(path):
    envelope = recorded(path)
    file = HOUSE / GENERATED / envelope["dataschema"].removeprefix("/")
    schema = json.loads(file.read_text(encoding="utf-8"))

    assert schema["$id"] == schema_of(envelope["type"])
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(envelope["data"])


@pytest.mark.parametrize("path", RECORDED, ids=NAMES)
def test_a_recorded_event_is_a_message_of_the_asyncapi(path):
    envelope = recorded(path)
    published = yaml.safe_load((HOUSE / GENERATED / "asyncapi.yaml").read_text(encoding="utf-8"))
    message = published["components"]["messages"][envelope["type"]]
    house = Resource.from_contents(published, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:house", house)
    payload = _absolute(message["payload"])

    Draft202012Validator(payload, registry=registry).validate(envelope)
    with pytest.raises(Exception, match="was expected"):
        Draft202012Validator(payload, registry=registry).validate(envelope | {"type": "other"})


def test_a_field_we_add_later_does_not_break_who_holds_an_older_schema():
    path = RECORDED[0]
    envelope = recorded(path)
    schema = json.loads((HOUSE / GENERATED / "schemas" / path.name).read_text(encoding="utf-8"))

    Draft202012Validator(schema).validate(envelope["data"] | {"added_later": 1})
    assert Envelope.read(json.dumps(envelope).encode()).event()


def test_every_event_has_its_channel_by_city_and_its_producers_stream():
    made = document()

    Draft202012Validator(ASYNCAPI).validate(made)
    assert made["channels"].keys() == events().keys()
    for kind, channel in made["channels"].items():
        assert channel["address"] == f"{kind}.{{city}}"
        assert channel["x-jetstream"]["stream"] == stream_of(events()[kind].producer)
        assert channel["messages"]["event"]["$ref"] == f"#/components/messages/{kind}"
        assert made["operations"][f"send.{kind}"]["channel"]["$ref"] == f"#/channels/{kind}"


def _absolute(schema):
    if isinstance(schema, dict):
        return {
            key: f"urn:house{value}" if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


_REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "additionalProperties": False,
}
ASYNCAPI = {
    "type": "object",
    "required": ["asyncapi", "info", "channels", "operations", "components"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "defaultContentType": {"type": "string"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {n: {"type": "string"} for n in ("title", "version", "description")},
        },
        "channels": {
            "additionalProperties": {
                "type": "object",
                "required": ["address", "messages", "parameters"],
                "additionalProperties": False,
                "patternProperties": {"^x-": True},
                "properties": {
                    "address": {"type": "string"},
                    "title": {"type": "string"},
                    "messages": {"additionalProperties": _REFERENCE},
                    "parameters": {
                        "additionalProperties": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "description": {"type": "string"},
                                "examples": {"type": "array", "items": {"type": "string"}},
                            },
                        }
                    },
                },
            }
        },
        "operations": {
            "additionalProperties": {
                "type": "object",
                "required": ["action", "channel"],
                "additionalProperties": False,
                "properties": {
                    "action": {"enum": ["send", "receive"]},
                    "channel": _REFERENCE,
                    "summary": {"type": "string"},
                    "messages": {"type": "array", "items": _REFERENCE},
                },
            }
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "schemas": {"type": "object"},
                "messages": {
                    "additionalProperties": {
                        "type": "object",
                        "required": ["name", "contentType", "payload"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string"},
                            "title": {"type": "string"},
                            "contentType": {"const": "application/json"},
                            "payload": {"type": "object"},
                        },
                    }
                },
            },
        },
    },
}
"""The shape of AsyncAPI 3.0 as far as we use it: no Python package carries the published schema."""


def _said(read, told):
    """Return of what was read that which had been told: fields may have been added since."""
    if isinstance(told, dict) and isinstance(read, dict):
        return {name: _said(read[name], told[name]) for name in told}
    if isinstance(told, list) and isinstance(read, list) and len(told) == len(read):
        return [_said(one, other) for one, other in zip(read, told, strict=True)]
    return read
