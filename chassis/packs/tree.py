"""The checked CEL syntax tree, read and written.

The runtime hands its tree out only as bytes (`cel.expr.CheckedExpr`); the few messages of
syntax.proto and checked.proto that are needed are described below, a line each.
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "int64": _FIELD.TYPE_INT64,
    "int32": _FIELD.TYPE_INT32,
    "uint64": _FIELD.TYPE_UINT64,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "double": _FIELD.TYPE_DOUBLE,
}
_MESSAGES = """
Constant: null_value int64 1 | bool_value bool 2 | int64_value int64 3 | uint64_value uint64 4 | double_value double 5 | string_value string 6 | bytes_value bytes 7
Ident: name string 1
Select: operand Expr 1 | field string 2 | test_only bool 3
Call: target Expr 1 | function string 2 | args *Expr 3
CreateList: elements *Expr 1 | optional_indices *int32 2
Entry: id int64 1 | field_key string 2 | map_key Expr 3 | value Expr 4 | optional_entry bool 5
CreateStruct: message_name string 1 | entries *Entry 2
Comprehension: iter_var string 1 | iter_range Expr 2 | accu_var string 3 | accu_init Expr 4 | loop_condition Expr 5 | loop_step Expr 6 | result Expr 7 | iter_var2 string 8
Expr: id int64 2 | const_expr Constant 3 | ident_expr Ident 4 | select_expr Select 5 | call_expr Call 6 | list_expr CreateList 7 | struct_expr CreateStruct 8 | comprehension_expr Comprehension 9
ListType: elem_type Type 1
MapType: key_type Type 1 | value_type Type 2
Type: primitive int32 3 | wrapper int32 4 | well_known int32 5 | list_type ListType 6 | map_type MapType 7 | message_type string 9
TypeEntry: key int64 1 | value Type 2
Reference: name string 1 | overload_id *string 3 | value Constant 4
ReferenceEntry: key int64 1 | value Reference 2
PositionEntry: key int64 1 | value int32 2
MacroEntry: key int64 1 | value Expr 2
SourceInfo: syntax_version string 1 | location string 2 | line_offsets *int32 3 | positions *PositionEntry 4 | macro_calls *MacroEntry 5
CheckedExpr: reference_map *ReferenceEntry 2 | type_map *TypeEntry 3 | expr Expr 4 | source_info SourceInfo 5 | expr_version string 6
"""
_KINDS = ("const", "ident", "select", "call", "list", "struct", "comprehension")
_URL = "type.googleapis.com/cel.expr.CheckedExpr"

Node = Any
"""A message of the tree: made at run time, so without a type of its own."""


def _checked_expr() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="tree.proto", package="tree", syntax="proto2")
    for line in _MESSAGES.strip().splitlines():
        name, fields = line.split(": ")
        message = file.message_type.add(name=name)
        for spec in fields.split(" | "):
            field, kind, number = spec.split()
            label = _FIELD.LABEL_REPEATED if kind[0] == "*" else _FIELD.LABEL_OPTIONAL
            into = message.field.add(name=field, number=int(number), label=label)
            kind = kind.lstrip("*")
            into.type = _SCALARS.get(kind, _FIELD.TYPE_MESSAGE)
            if kind not in _SCALARS:
                into.type_name = f".tree.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tree.CheckedExpr"))


_Checked = _checked_expr()


def load(serialized: bytes) -> Node:
    """Return the tree of an expression the runtime serialised."""
    return _Checked.FromString(any_pb2.Any.FromString(serialized).value)


def dump(checked: Node) -> bytes:
    """Return a tree as the runtime reads it."""
    value = checked.SerializeToString(deterministic=True)
    return any_pb2.Any(type_url=_URL, value=value).SerializeToString()


def kind(node: Node) -> str | None:
    """Return what a node is: const, ident, select, call, list, struct or comprehension."""
    return next((name for name in _KINDS if node.HasField(f"{name}_expr")), None)


def children(node: Node) -> list[Node]:
    """Return a node's parts, in the order of the text."""
    match kind(node):
        case "select":
            return [node.select_expr.operand]
        case "call":
            call = node.call_expr
            return [*([call.target] if call.HasField("target") else []), *call.args]
        case "list":
            return list(node.list_expr.elements)
        case "struct":
            entries = node.struct_expr.entries
            return [
                part
                for entry in entries
                for part in ((entry.map_key,) if entry.HasField("map_key") else ()) + (entry.value,)
            ]
        case "comprehension":
            loop = node.comprehension_expr
            return [
                loop.iter_range,
                loop.accu_init,
                loop.loop_condition,
                loop.loop_step,
                loop.result,
            ]
        case _:
            return []


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)
