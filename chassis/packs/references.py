"""What an expression refers to, and every complaint the type checker cannot have.

Read off the typed tree: the paths into facts (`station.workers[].cert`, each with what may stand
there), words that no vocabulary knows, `has()`, null where nothing is ever null, nullable facts nobody
guards, and lists over which `all` is met by being empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.packs import tree
from chassis.packs.subjects import Fact

Facts = Mapping[tuple[str, str], Fact]
Bound = tuple[str | None, Fact | None]
Scope = dict[str, Bound]
"""A name bound inside the expression → the path it stands for, and what may stand there."""

NO_HAS = "has() would turn an unknown fact into a false one; compare a nullable fact with null"
NEVER_NULL = "this fact is never null: unknown is not none"


@dataclass(frozen=True)
class Strange:
    """A text compared with a fact that holds words of a vocabulary, to be looked up there."""

    offset: int
    vocabulary: str
    word: str


@dataclass
class References:
    """What one expression refers to."""

    paths: dict[str, Fact | None] = field(default_factory=dict)
    complaints: list[tuple[int, str]] = field(default_factory=list)
    words: list[Strange] = field(default_factory=list)
    forms: list[tuple[int, str]] = field(default_factory=list)
    guarded: set[str] = field(default_factory=set)
    over_all: set[str] = field(default_factory=set)

    @property
    def unguarded(self) -> list[str]:
        """Nullable facts that are never compared with null."""
        return sorted(
            path
            for path, fact in self.paths.items()
            if fact and fact.nullable and path not in self.guarded
        )


def references(checked: tree.Node, facts: Facts, named: Mapping[str, Fact]) -> References:
    """Read the typed tree of an expression; `named` are stated facts and parameters."""
    return _Reader(checked, facts, named).found


class _Reader:
    def __init__(self, checked: tree.Node, facts: Facts, named: Mapping[str, Fact]) -> None:
        self.found = References()
        self._facts, self._named = facts, named
        self._types = {entry.key: entry.value for entry in checked.type_map}
        self._names: dict[int, str] = {
            entry.key: entry.value.name for entry in checked.reference_map if entry.value.name
        }
        self._offsets = {entry.key: entry.value for entry in checked.source_info.positions}
        self._path(checked.expr, {})

    def _offset(self, node: tree.Node) -> int:
        return int(self._offsets.get(node.id, 0))

    def _fact(self, node: tree.Node, scope: Scope) -> Fact | None:
        """Return what may stand at a node: a fact's, a parameter's, or of what it is bound to."""
        kind = tree.kind(node)
        if kind == "ident" and node.ident_expr.name in scope:
            return scope[node.ident_expr.name][1]
        if known := self._named.get(self._names.get(node.id, "")):
            return known
        if kind == "select":
            above = self._types[node.select_expr.operand.id].message_type
            return self._facts.get((above, node.select_expr.field))
        if kind == "comprehension":
            return self._fact(node.comprehension_expr.iter_range, scope)
        return None

    def _path(self, node: tree.Node, scope: Scope) -> str | None:
        """Note what a node refers to; return its own path, if it is one."""
        kind, name = tree.kind(node), self._names.get(node.id, "")
        variable = kind in ("ident", "select") and name and name not in scope and name[0] != "@"
        if variable:
            stated = name.startswith("stated.")
            self.found.paths.setdefault(name, self._named.get(name) if stated else None)
            return name
        match kind:
            case "ident":
                return scope.get(node.ident_expr.name, (None, None))[0]
            case "select":
                return self._select(node, scope)
            case "comprehension":
                return self._loop(node, scope)
            case "call":
                return self._call(node, scope)
            case _:
                for child in tree.children(node):
                    self._path(child, scope)
                return None

    def _select(self, node: tree.Node, scope: Scope) -> str | None:
        select = node.select_expr
        above = self._path(select.operand, scope)
        if select.test_only:
            self.found.complaints.append((self._offset(node), NO_HAS))
        if above is None:
            return None
        path = f"{above}.{select.field}"
        self.found.paths[path] = self._fact(node, scope)
        return path

    def _loop(self, node: tree.Node, scope: Scope) -> str | None:
        loop = node.comprehension_expr
        over, start = self._path(loop.iter_range, scope), self._path(loop.accu_init, scope)
        every = tree.kind(loop.accu_init) == "const" and loop.accu_init.const_expr.bool_value
        if over and every and "[]" not in over and not over.startswith("param."):
            self.found.over_all.add(over)
        elements = self._fact(loop.iter_range, scope)
        inner = scope | {
            loop.iter_var: (over and f"{over}[]", elements),
            loop.accu_var: (start, self._fact(loop.accu_init, scope)),
        }
        for part in (loop.loop_condition, loop.loop_step, loop.result):
            self._path(part, inner)
        # A filter gives elements of the same list; a map does not.
        same = self._types[node.id] == self._types[loop.iter_range.id]
        return over if loop.accu_var == "@result" and same else None

    def _call(self, node: tree.Node, scope: Scope) -> str | None:
        call = node.call_expr
        sides = [*([call.target] if call.HasField("target") else []), *call.args]
        paths = [self._path(side, scope) for side in sides]
        if call.function in ("_==_", "_!=_", "@in"):
            self._compared(sides, scope)
        if any(_constant(side, "null_value") for side in sides):
            self.found.guarded.update(path for path in paths if path)
        if call.function == "fits" and _constant(sides[1], "string_value"):
            form = sides[1].const_expr.string_value
            self.found.forms.append((self._offset(sides[1]), form))
        if call.function == "_[_]" and paths[0]:
            text = _constant(sides[1], "string_value")
            key = sides[1].const_expr.string_value if text else paths[1]
            if key:
                path = f"{paths[0]}[{key}]"
                self.found.paths[path] = None
                return path
        return None

    def _compared(self, sides: list[tree.Node], scope: Scope) -> None:
        known = [fact for side in sides if (fact := self._fact(side, scope))]
        vocabulary = next((fact.vocabulary for fact in known if fact.vocabulary), None)
        for side in sides:
            if _constant(side, "null_value") and any(not fact.nullable for fact in known):
                self.found.complaints.append((self._offset(side), NEVER_NULL))
            several = tree.kind(side) == "list"
            for part in side.list_expr.elements if several else [side]:
                if vocabulary and _constant(part, "string_value"):
                    word = part.const_expr.string_value
                    self.found.words.append(Strange(self._offset(part), vocabulary, word))


def _constant(node: tree.Node, field_name: str) -> Any:
    return tree.kind(node) == "const" and node.const_expr.HasField(field_name)
