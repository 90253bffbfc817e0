"""The subjects rules speak of: their fact sheets as CEL types, and the gates where rules refuse.

The checker needs types, so each sheet becomes a protobuf message described at run time. Messages
are never used as data: an unset number in one reads 0, and an unknown fact would become a known one.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, wrappers_pb2
from pydantic import BaseModel

from chassis.packs.helpers import DATE, T
from chassis.packs.sheet import Sheet, Term

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    bool: (_FIELD.TYPE_BOOL, "BoolValue"),
    int: (_FIELD.TYPE_INT64, "Int64Value"),
    float: (_FIELD.TYPE_DOUBLE, "DoubleValue"),
    str: (_FIELD.TYPE_STRING, "StringValue"),
}
_CEL = {bool: T.BOOL, int: T.INT, float: T.DOUBLE, str: T.STRING, date: DATE}


class Fact(NamedTuple):
    """What a fact may be: what protobuf cannot say is said here."""

    base: Any
    nullable: bool = False
    many: bool = False
    vocabulary: str | None = None

    @property
    def finite(self) -> bool:
        """Whether all it could be can be tried."""
        return not self.many and (self.vocabulary is not None or self.base is bool)


class Gate(NamedTuple):
    """Where a rule says no: the service that holds the write, and what is judged there."""

    service: str
    subject: str


@dataclass(frozen=True, eq=False)
class Subjects:
    """Every subject with its sheet, every gate; made once, shared by all jurisdictions."""

    sheets: Mapping[str, type[Sheet]]
    gates: Mapping[str, Gate]
    pool: Any
    facts: Mapping[tuple[str, str], Fact]

    @classmethod
    def of(
        cls, sheets: Mapping[str, type[Sheet]], gates: Mapping[str, tuple[str, str]]
    ) -> "Subjects":
        """Describe the sheets for the checker."""
        pool, facts = _describe(list(sheets.values()))
        for name, (_, subject) in gates.items():
            if subject not in sheets:
                raise TypeError(f"the gate {name} judges `{subject}`, which has no sheet")
        return cls(sheets, {name: Gate(*gate) for name, gate in gates.items()}, pool, facts)

    def names(self, subject: str) -> dict[str, type[Sheet]]:
        """Return the sheets a rule on a subject may read, by the name it uses."""
        return {subject: self.sheets[subject], **self.sheets[subject].context}


def cel_type(base: type, *, many: bool = False, table: bool = False) -> Any:
    """Return the CEL type of a parameter or a stated fact."""
    one = _CEL[base]
    return T.Map(T.STRING, one) if table else T.List(one) if many else one


def message_type(sheet: type[Sheet]) -> Any:
    """Return the CEL type of a sheet."""
    return T(f"facts.{sheet.__name__}")


def fact_of(annotation: Any) -> Fact:
    """Read a field's annotation."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        given = [each for each in inner if each is not type(None)]
        if len(given) != 1:
            raise TypeError(f"a fact is of one type: {annotation}")
        return fact_of(given[0])._replace(nullable=True)
    if origin is typing.Annotated:
        words = [each.vocabulary for each in inner[1:] if isinstance(each, Term)]
        fact = fact_of(inner[0])
        return fact._replace(vocabulary=words[0]) if words else fact
    if origin is list:
        return fact_of(inner[0])._replace(many=True)
    return Fact(annotation)


@cache
def fields_of(sheet: type[BaseModel]) -> Mapping[str, Fact]:
    """Return the facts of a sheet; read once, since it is asked of every row that is written."""
    hints = typing.get_type_hints(sheet, include_extras=True)
    return {name: fact_of(hints[name]) for name in sheet.model_fields}


def _describe(sheets: list[type[Sheet]]) -> tuple[Any, dict[tuple[str, str], Fact]]:
    file = descriptor_pb2.FileDescriptorProto(
        name="facts.proto",
        package="facts",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
    )
    file.message_type.add(name="Date")
    facts: dict[tuple[str, str], Fact] = {}
    seen: dict[str, type[Sheet]] = {}
    todo = list(sheets)
    while todo:
        sheet = todo.pop()
        if seen.setdefault(sheet.__name__, sheet) is not sheet:
            raise TypeError(f"two sheets are called {sheet.__name__}")
        if any(message.name == sheet.__name__ for message in file.message_type):
            continue
        message = file.message_type.add(name=sheet.__name__)
        todo += sheet.context.values()
        for number, (name, fact) in enumerate(fields_of(sheet).items(), 1):
            _add_field(message, name, number, fact)
            facts[f"facts.{sheet.__name__}", name] = fact
            if isinstance(fact.base, type) and issubclass(fact.base, Sheet):
                todo.append(fact.base)
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    pool.Add(file)
    return pool, facts


def _add_field(message: Any, name: str, number: int, fact: Fact) -> None:
    label = _FIELD.LABEL_REPEATED if fact.many else _FIELD.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    base = fact.base
    if fact.many and fact.nullable:
        raise TypeError(f"{message.name}.{name}: a list is unknown or complete, never null")
    if typing.get_origin(base) is dict:
        _add_table(message, field, name, typing.get_args(base))
    elif base is date:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, ".facts.Date"
    elif isinstance(base, type) and issubclass(base, Sheet):
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".facts.{base.__name__}"
    elif base not in _SCALARS:
        raise TypeError(f"{message.name}.{name}: no fact can be {base}")
    elif fact.nullable:
        wrapper = _SCALARS[base][1]
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".google.protobuf.{wrapper}"
    else:
        field.type = _SCALARS[base][0]


def _add_table(message: Any, field: Any, name: str, args: tuple[Any, ...]) -> None:
    if args[0] is not str or args[1] not in _SCALARS:
        raise TypeError(f"{message.name}.{name}: a table is from text to a number, text or flag")
    entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_STRING)
    entry.field.add(name="value", number=2, label=_FIELD.LABEL_OPTIONAL, type=_SCALARS[args[1]][0])
    field.label, field.type = _FIELD.LABEL_REPEATED, _FIELD.TYPE_MESSAGE
    field.type_name = f".facts.{message.name}.{entry.name}"
