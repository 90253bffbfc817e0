"""JSON Schema for editors and for other people's programs: the files, and the fact sheets.

    pack cases              pack.yaml, cases.yaml
    facts.SUBJECT           one fact sheet
    facts                   what `policies explain --facts` reads: sheets by name
    subjects                what `policies diff --data` reads: many subjects with their facts

Words are pack data, so a word is any text here, unless the words of a pack are given.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chassis.packs.model import UNITS, Book, Pack, Vocable
from chassis.packs.subjects import Subjects

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{model}"
Words = Mapping[str, Mapping[str, Vocable]]
Schema = dict[str, Any]


def schemas(subjects: Subjects, words: Words | None = None) -> dict[str, Schema]:
    """Return every schema by the name of its file; with the words a pack has, if they are given."""
    made = {"pack": _pack(subjects, words), "cases": _cases(subjects)}
    for name, sheet in subjects.sheets.items():
        made[f"facts.{name}"] = _facts(_schema(sheet), words)
    by_name, sheets = _all_sheets(subjects)
    defs = _facts(sheets, words)
    made["facts"] = {"$schema": _DIALECT, **by_name, "$defs": defs}
    made["subjects"] = {"$schema": _DIALECT, **_many(subjects), "$defs": defs | {"Facts": by_name}}
    return made


def _schema(model: type[BaseModel]) -> Schema:
    return {"$schema": _DIALECT, **model.model_json_schema(by_alias=True)}


def _pack(subjects: Subjects, words: Words | None) -> Schema:
    """Name the subjects, the gates and the units there are, so that an editor offers them."""
    schema = _schema(Pack)
    defs = schema["$defs"]
    _one_of(defs["Rule"]["properties"]["subject"], subjects.sheets)
    _one_of(defs["Stated"]["properties"]["subject"], subjects.sheets)
    _one_of(defs["Refuse"]["properties"]["refuse"], subjects.gates)
    for part in ("Parameter", "Stated"):
        unit = defs[part]["properties"]["unit"]
        unit["anyOf"] = [{"enum": [*UNITS]}, {"pattern": "^[a-z][a-z0-9_]*$"}]
        if words is not None:
            _one_of(unit, [*UNITS, *words])
            del unit["anyOf"]
    return schema


def _cases(subjects: Subjects) -> Schema:
    schema = _schema(Book)
    _one_of(schema["$defs"]["Table"]["properties"]["subject"], subjects.sheets)
    return schema


def _one_of(schema: Schema, names: Any) -> None:
    """Allow these names only; null stays allowed where a field may be left out."""
    choice = {"type": "string", "enum": sorted(names)}
    if "anyOf" in schema and {"type": "null"} in schema["anyOf"]:
        schema["anyOf"] = [choice, {"type": "null"}]
    else:
        schema |= choice


def _all_sheets(subjects: Subjects) -> tuple[Schema, Schema]:
    """Return facts by sheet name, and every sheet by the name of its class."""
    named = dict(subjects.sheets)
    for sheet in subjects.sheets.values():
        named |= sheet.context
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (sheet, "validation") for sheet in dict.fromkeys(named.values())
    ]
    refs, schema = models_json_schema(models, ref_template=_REF)
    properties = {name: refs[sheet, "validation"] for name, sheet in named.items()}
    stated = {"type": "object", "description": "Facts only this city asks for, by name."}
    return (
        {
            "title": "Facts",
            "description": "What is known, by sheet; what is left out is unknown.",
            "type": "object",
            "properties": properties | {"stated": stated},
            "additionalProperties": False,
        },
        schema["$defs"],
    )


def _many(subjects: Subjects) -> Schema:
    """Describe a file of many subjects."""
    text = {"type": "string"}
    subject = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": sorted(subjects.sheets)},
            "id": text,
            "name": text,
            "area": text | {"description": "Its division code, in quotes."},
            "facts": {"$ref": "#/$defs/Facts"},
        },
        "required": ["kind", "facts"],
        "additionalProperties": False,
    }
    return {
        "title": "Subjects",
        "description": "Many subjects, each with what is known of it.",
        "type": "object",
        "properties": {"subjects": {"type": "array", "items": subject}},
        "required": ["subjects"],
        "additionalProperties": False,
    }


def _facts(schema: Any, words: Words | None) -> Any:
    """Leave out `default: null`: an absent fact is unknown, which null is not. Name known words."""
    if isinstance(schema, list):
        return [_facts(each, words) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: _facts(value, words)
        for key, value in schema.items()
        if not (key == "default" and value is None)
    }
    vocabulary = found.get("x-vocabulary")
    if words is not None and isinstance(vocabulary, str):
        found["enum"] = [*words.get(vocabulary, {})]
    return found
