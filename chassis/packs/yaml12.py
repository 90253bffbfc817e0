"""YAML 1.2 with the place of every key and value, so that a complaint can point at it.

Under 1.2 `on`, `off`, `yes` and `no` are words, `1:30` is not ninety, and a key written twice is an
error. The usual loader follows 1.1 and turns the column `on` of a case into `True`.
"""

import re
from typing import Any

import yaml

from chassis.packs.trouble import Trouble, Troubles

Place = tuple[Any, ...]
_DEEPEST = 32

_CORE = (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~\0"),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
)


class _Yaml12(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # either will do
    """The core schema of YAML 1.2, and dates."""


_Yaml12.yaml_implicit_resolvers = {}
for _tag, _form, _first in _CORE:
    _Yaml12.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"^(?:{_form})$"),
        [*_first, *([""] if _tag == "null" else [])],
    )


class Located:
    """A YAML text as plain data, and where each part of it stands."""

    def __init__(self, text: str, file: str) -> None:
        self.file, self.text = file, text
        self._values: dict[Place, yaml.Node] = {}
        self._keys: dict[Place, yaml.Node] = {}
        self._loader = _Yaml12(text)
        try:
            self._survey()
            node = self._loader.get_single_node()
            if node is None:
                raise Troubles(Trouble(file, 1, 1, "the file is empty"))
            self.data = self._read(node, ())
        except yaml.MarkedYAMLError as e:
            mark = e.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise Troubles(Trouble(file, line, column, e.problem or "not YAML")) from None
        except (ValueError, yaml.YAMLError) as e:
            raise Troubles(Trouble(file, 1, 1, f"not YAML: {e}")) from None

    def _survey(self) -> None:
        """Refuse aliases and deep nesting first: a hostile text would take the process down."""
        depth = 0
        for event in yaml.parse(self.text, Loader=_Yaml12):
            if isinstance(event, yaml.AliasEvent):
                raise Troubles(self._at(event, "aliases are not part of a pack: write it out"))
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEEPEST:
                raise Troubles(self._at(event, f"nested more than {_DEEPEST} deep"))

    def __contains__(self, at: Place) -> bool:
        return at in self._values

    def _read(self, node: yaml.Node, at: Place) -> Any:
        self._values[at] = node
        if isinstance(node, yaml.MappingNode):
            out: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                if not isinstance(key_node, yaml.ScalarNode):
                    raise Troubles(self._at(key_node, "a key is a word"))
                key = self._loader.construct_object(key_node, deep=True)
                if key in out:
                    raise Troubles(self._at(key_node, f"`{key}` is written twice"))
                self._keys[(*at, key)] = key_node
                out[key] = self._read(value_node, (*at, key))
            return out
        if isinstance(node, yaml.SequenceNode):
            return [self._read(value, (*at, i)) for i, value in enumerate(node.value)]
        return self._loader.construct_object(node, deep=True)

    def _at(self, node: yaml.Node | yaml.Event, text: str) -> Trouble:
        mark = node.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Trouble(self.file, line, column, text)

    def at_key(self, at: Place, text: str) -> Trouble:
        """Complain about a key."""
        return self._at(self._keys[at], text) if at in self._keys else self.trouble(at, text)

    def trouble(self, at: Place, text: str, line: int = 1, column: int = 1) -> Trouble:
        """Complain about a value, or about a line and column inside a text; both start at 1."""
        whole = at
        while at not in self._values:
            at = at[:-1]
        if at != whole:
            line = column = 1
        node = self._values[at]
        mark, style = node.start_mark, getattr(node, "style", None)
        if style in ("|", ">"):
            rows = self.text.splitlines()
            first = next((row for row in rows[mark.line + 1 :] if row.strip()), "")
            indent = len(first) - len(first.lstrip())
            return Trouble(self.file, mark.line + 1 + line, indent + column, text)
        quote = 1 if style in ('"', "'") and at == whole else 0
        return Trouble(self.file, mark.line + line, mark.column + column + quote, text)
