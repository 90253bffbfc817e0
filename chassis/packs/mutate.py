"""Would the cases notice? Every operator, number and parameter of a pack is changed in turn.

Changed on the checked tree: comparisons and `&&`, `||` flipped, a side or a `!` dropped, numbers moved
by one; and each parameter's numbers, list elements and days. A comparison that may be flipped with no
case noticing fails the pack.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from chassis.packs import tree
from chassis.packs.cases import Case, Cases, failures
from chassis.packs.compiling import BROKEN, Compiled
from chassis.packs.jurisdiction import Jurisdiction
from chassis.packs.layers import ALWAYS, Entry, Setting

_FLIPS = {
    "_>=_": ("_>_", "_<_"),
    "_<=_": ("_<_", "_>_"),
    "_>_": ("_>=_", "_<_"),
    "_<_": ("_<=_", "_>_"),
    "_==_": ("_!=_",),
    "_!=_": ("_==_",),
    "_&&_": ("_||_",),
    "_||_": ("_&&_",),
}
_AROUND = 20


@dataclass(frozen=True)
class Mutant:
    """A change, whether the cases noticed it, and whether they had to."""

    what: str
    noticed: bool
    flip: bool


def mutate(j: Jurisdiction, cases: Cases) -> Iterator[Mutant]:
    """Change the pack's own rules and parameters one by one, and run the cases that could tell."""
    for rid, versions in j.rules.items():
        compiled = versions[-1].item.compiled
        if compiled is not None and compiled.pack == j.id:
            mine = [case for case in cases.all if rid in case.expected]
            yield from _rule_mutants(j, compiled, mine)
    for name, merged in j.parameters.items():
        users = {
            rid
            for rid, versions in j.rules.items()
            if (last := versions[-1].item.compiled) and name in last.parameters
        }
        mine = [case for case in cases.all if users & case.expected.keys()]
        own = [i for i, entry in enumerate(merged.entries) if entry.depth == len(j.layers) - 1]
        for i in own if users else ():
            yield from _value_mutants(j, name, i, mine)


def _notices(j: Jurisdiction, cases: list[Case]) -> bool:
    return next(failures(j, cases), None) is not None


def _rule_mutants(j: Jurisdiction, compiled: Compiled, mine: list[Case]) -> Iterator[Mutant]:
    kept, run = compiled.program, j.environment(compiled.rule.subject or "")
    for what, offset, flip, raw in _trees(compiled.serialized):
        around = compiled.source[max(0, offset - _AROUND) : offset + _AROUND]
        compiled.program = run.deserialize(raw)
        try:
            noticed = _notices(j, mine)
        finally:
            compiled.program = kept
        yield Mutant(f"{compiled.id}: {what} at …{around}…", noticed, flip)


def _value_mutants(j: Jurisdiction, name: str, i: int, mine: list[Case]) -> Iterator[Mutant]:
    entries = j.parameters[name].entries
    kept = entries[i]
    for what, entry in _values(kept):
        entries[i] = entry
        j.replan()
        try:
            noticed = _notices(j, mine)
        finally:
            entries[i] = kept
            j.replan()
        yield Mutant(f"parameter {name}: {what}", noticed, flip=False)


def _values(entry: Entry[Setting]) -> Iterator[tuple[str, Entry[Setting]]]:
    value = entry.item.value
    for what, other in (("+1", _moved(value, 1)), ("-1", _moved(value, -1))):
        if other != value:
            yield what, replace(entry, item=replace(entry.item, value=other))
    if isinstance(value, list) and value:
        for n, each in enumerate(value):
            rest = value[:n] + value[n + 1 :]
            yield f"without {each}", replace(entry, item=replace(entry.item, value=rest))
    cite = entry.item.cite
    if entry.start != ALWAYS and not (cite and cite.start == entry.start):
        later = date.fromisoformat(entry.start) + timedelta(days=1)
        yield "a day later", replace(entry, start=later.isoformat())


def _moved(value: Any, by: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + by
    if isinstance(value, dict):
        return {key: _moved(each, by) for key, each in value.items()}
    if isinstance(value, str):
        try:
            return (date.fromisoformat(value) + timedelta(days=by)).isoformat()
        except ValueError:
            return value
    return value


def _trees(serialized: bytes) -> Iterator[tuple[str, int, bool, bytes]]:
    """Yield every changed tree: what was changed, where in the text, whether it is a flip."""
    size = sum(1 for _ in tree.walk(tree.load(serialized).expr))
    for n in range(size):
        for way in range(3):
            checked = tree.load(serialized)
            node = next(node for i, node in enumerate(tree.walk(checked.expr)) if i == n)
            if changed := _change(node, way):
                spots = checked.source_info.positions
                offset = next((spot.value for spot in spots if spot.key == node.id), 0)
                yield (changed[0], offset, changed[1], tree.dump(checked))


def _change(node: tree.Node, way: int) -> tuple[str, bool] | None:
    """Change a node in one of three ways; return what was done and whether it is a flip."""
    match tree.kind(node):
        case "call" if not any(_internal(arg) for arg in node.call_expr.args):
            return _change_call(node, way)
        case "const":
            return _change_number(node.const_expr, way)
        case _:
            return None


def _change_call(node: tree.Node, way: int) -> tuple[str, bool] | None:
    call, name = node.call_expr, node.call_expr.function
    flips = _FLIPS.get(name, ())
    if way < len(flips):
        call.function = flips[way]
        return f"{name} to {flips[way]}", True
    if name in ("_&&_", "_||_") and way:
        node.ParseFromString(call.args[way - 1].SerializeToString())
        return f"{name} loses a side", False
    if name == "!_" and way == 0:
        node.ParseFromString(call.args[0].SerializeToString())
        return "! dropped", False
    return None


def _change_number(constant: tree.Node, way: int) -> tuple[str, bool] | None:
    by = (1, -1, 0)[way]
    if not by:
        return None
    if constant.HasField("int64_value") and constant.int64_value < BROKEN:
        constant.int64_value += by
        return f"number {by:+d}", False
    if constant.HasField("double_value"):
        constant.double_value += by / 4
        return f"number {by / 4:+}", False
    return None


def _internal(node: tree.Node) -> bool:
    """Whether a node belongs to the machinery of `all`, `exists` and the like."""
    return tree.kind(node) == "ident" and node.ident_expr.name.startswith("@")
