"""A switch: one guard taken away from a copy of the house, and the tests that must then go red.

A switch is the exact text of the guard and the text without it. The text must stand in its file
exactly once, so that a guard that moves or changes takes its switch along or fails the tests.
"""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

HOUSE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Edit:
    """One text of a file, and what stands there without the guard."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A guard, what goes wrong without it, how it is removed, and who must notice."""

    name: str
    guard: str
    without: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    """`tests/FOLDER/FILE.py::NAME`; each of them must fail, with parameters or without."""

    @property
    def files(self) -> str:
        """Return where the guard stands."""
        return ", ".join(dict.fromkeys(edit.file for edit in self.edits))


class Rotten(Exception):
    """A switch that no longer fits the house; says which and why."""


def patched(switch: Switch, house: Path = HOUSE) -> dict[str, str]:
    """Return the texts of the files without the guard; raises `Rotten` where the old is not found once."""
    texts: dict[str, str] = {}
    for edit in switch.edits:
        text = texts.get(edit.file) or (house / edit.file).read_text(encoding="utf-8")
        if (found := text.count(edit.old)) != 1:
            raise Rotten(f"{switch.name}: {edit.file} has the old text {found} times, not once")
        texts[edit.file] = text.replace(edit.old, edit.new)
    return texts


def write(texts: dict[str, str], house: Path) -> None:
    """Write files of a copy; what was compiled of them is forgotten: times may be the same."""
    for name, text in texts.items():
        file = house / name
        file.write_text(text, encoding="utf-8")
        if file.suffix == ".py":
            Path(cache_from_source(str(file))).unlink(missing_ok=True)


@cache
def named_in(file: str) -> frozenset[str]:
    """Return the names of the tests a file has."""
    path = HOUSE / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(n.name for n in tree.body if isinstance(n, kinds) and n.name[:5] == "test_")


def whatever(test: str) -> str:
    """Return a test's name, whatever its parameters."""
    return test.partition("[")[0]


def exists(test: str) -> bool:
    """Whether there is a test of this name."""
    file, _, name = whatever(test).partition("::")
    return name in named_in(file)
