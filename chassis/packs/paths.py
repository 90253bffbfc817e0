"""Paths into facts: `station.workers[].cert`, read, searched for holes, and filled."""

from typing import Any

Spot = tuple[str | int, ...]
"""One place in the facts: `("station", "workers", 2, "cert")`."""


def look(data: dict[str, Any], path: str) -> Any:
    """Return what stands at a path, a list for each `[]`; None where nothing does."""
    if path in data:
        return data[path]
    if _keyed(path):
        table, key = _table(data, path)
        return table.get(key) if isinstance(table, dict) and isinstance(key, str) else None
    return _look(data, _steps(path))


def key_of(data: dict[str, Any], path: str) -> str | None:
    """Return the key a table is read at: `urban` for `param.minimum_wage[payroll.wage_class]`."""
    key = _table(data, path)[1] if _keyed(path) else None
    return key if isinstance(key, str) else None


def holes(data: dict[str, Any], path: str) -> list[Spot]:
    """Return the places on a path where a fact is absent."""
    if _keyed(path):
        table, key = _table(data, path)
        if isinstance(table, dict) and isinstance(key, str) and key not in table:
            return [(f"{path.partition('[')[0]}[{key}]",)]
        return []
    if path.startswith(("param.", "stated.")) or path == "day":
        return [] if path in data else [(path,)]
    found: list[Spot] = []
    _holes(data, _steps(path), (), found)
    return list(dict.fromkeys(found))


def put(data: Any, spot: Spot, value: Any) -> Any:
    """Return a copy with one place filled, sharing all the rest."""
    new: Any = list(data) if isinstance(data, list) else dict(data)
    step: Any = spot[0]
    new[step] = value if len(spot) == 1 else put(new[step], spot[1:], value)
    return new


def dotted(spot: Spot) -> str:
    """Return a place as it is written."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in spot)
    return text.lstrip(".")


def ancestors(path: str) -> list[str]:
    """Return a path and everything above it: a change there may change what reads it."""
    parts = path.split(".")
    return [".".join(parts[:n]).removesuffix("[]") for n in range(1, len(parts))] + [
        path,
        path.removesuffix("[]"),
    ]


def _keyed(path: str) -> bool:
    return path.endswith("]") and not path.endswith("[]")


def _table(data: dict[str, Any], path: str) -> tuple[Any, Any]:
    # The key is a path itself, or a table read at one: `a[b[c]]` opens at the first bracket.
    name, _, key = path[:-1].partition("[")
    return look(data, name), look(data, key) if "." in key else key


def _steps(path: str) -> list[str]:
    steps: list[str] = []
    for part in path.split("."):
        steps += [part[:-2], "[]"] if part.endswith("[]") else [part]
    return steps


def _look(value: Any, steps: list[str]) -> Any:
    if not steps:
        return value
    if steps[0] == "[]":
        return [_look(each, steps[1:]) for each in value] if isinstance(value, list) else None
    return _look(value.get(steps[0]), steps[1:]) if isinstance(value, dict) else None


def _holes(value: Any, steps: list[str], at: Spot, found: list[Spot]) -> None:
    if not steps:
        return
    first, rest = steps[0], steps[1:]
    if first == "[]":
        for i, each in enumerate(value if isinstance(value, list) else ()):
            _holes(each, rest, (*at, i), found)
    elif isinstance(value, dict):
        if first in value:
            _holes(value[first], rest, (*at, first), found)
        else:
            found.append((*at, first))
