"""JSON Schema for editors and for other people's programs: the files, and the fact sheets."""

from typing import Any

from pydantic import BaseModel

from chassis.packs.model import Book, Pack
from chassis.packs.subjects import Subjects

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(subjects: Subjects) -> dict[str, dict[str, Any]]:
    """Return every schema by the name of its file."""
    made = {"pack": _schema(Pack), "cases": _schema(Book)}
    for name, sheet in subjects.sheets.items():
        made[f"facts.{name}"] = _without_defaults(_schema(sheet))
    return made


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **model.model_json_schema(by_alias=True)}


def _without_defaults(schema: Any) -> Any:
    """Leave out `default: null`: an absent fact is unknown, which null is not."""
    if isinstance(schema, dict):
        return {
            key: _without_defaults(value)
            for key, value in schema.items()
            if not (key == "default" and value is None)
        }
    if isinstance(schema, list):
        return [_without_defaults(each) for each in schema]
    return schema
