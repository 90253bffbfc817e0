"""How a transaction writes: what changed, what is alike, and the arguments of the one statement."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, cast

import orjson

from chassis.rows import CityRow, shape
from chassis.statement import Kind, Write
from chassis.vault import Encrypted

How = Literal["record", "keep", "drop"]
Pending = Mapping[int, tuple[CityRow, How]]
"""Rows to write and how, by the row's identity."""
Read = Mapping[int, tuple[CityRow, dict[str, Any]]]
"""Rows that were read, with their values then, by the row's identity."""


def key_of(row: CityRow) -> tuple[Any, ...]:
    """Return a row's key after the city."""
    return tuple(row.__dict__[n] for n in shape(type(row)).key)


def parsed_again(value: Any) -> Any:
    """Copy a value that came as JSON; several times faster than a deep copy."""
    return orjson.loads(orjson.dumps(value))


def snapshot(row: CityRow, copied: Callable[[Any], Any] = deepcopy) -> dict[str, Any]:
    """Return the row's values as read; lists and objects are copied, since they change in place."""
    about = shape(type(row))
    values = {n: row.__dict__[n] for n in about.every if n in row.__dict__}
    for name in about.json:
        values[name] = copied(values[name])
    return values


def changed(row: CityRow, was: dict[str, Any]) -> list[str]:
    """Return the columns that are not as they were read."""
    now = row.__dict__
    return [n for n, before in was.items() if now[n] is not before and now[n] != before]


def grouped(pending: Pending, read: Read) -> dict[Write, list[CityRow]]:
    """Sort the work by kind, model and columns: what is alike is written together."""
    found: dict[tuple[int, str, type[CityRow], tuple[str, ...], Any], list[CityRow]] = {}
    for row, how in pending.values():
        model, about = type(row), shape(type(row))
        was = read.get(id(row))
        counter: Any = None
        names: tuple[str, ...] = ()
        if how == "drop":
            place, kind = 0, "delete"
        elif was is not None:
            names = tuple(n for n in changed(row, was[1]) if n != "version")
            kind = "change" if how == "record" else "update"
            place = 0
            if kind == "update" and not names:
                continue
        elif model.numbered is not None:
            place, kind, names = 2, "number", about.unnumbered
            counter = ":".join(str(row.__dict__[n]) for n in model.numbered[1])
        else:
            place, names = 1, about.given
            kind = "upsert" if about.copy else "insert"
        found.setdefault((place, kind, model, names, counter), []).append(row)
    groups: dict[Write, list[CityRow]] = {}
    for (_, kind, model, names, _counter), rows in sorted(
        found.items(), key=lambda item: (item[0][0], str(item[0][4]))
    ):
        write = Write(cast("Kind", kind), model, names, len(rows) > 1)
        if write in groups:  # two counters of one model in one commit
            raise RuntimeError(f"{model.__name__}: rows of two counters in one transaction")
        groups[write] = rows
    return groups


@lru_cache(maxsize=1024)
def _picker(model: type[CityRow], names: tuple[str, ...]) -> tuple[Callable[..., Any], list[int]]:
    """Return what takes these columns from a row's values, and which of them may be sealed."""
    sealed = shape(model).sealed
    pick = itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)
    return pick, [place for place, name in enumerate(names) if name in sealed]


def arguments(write: Write, rows: list[CityRow], read: Read) -> list[Any]:
    """Return the arguments of one part of the statement, in its text's order."""
    model, about = write.model, shape(write.model)
    match: tuple[str, ...] = ()
    if write.kind == "change":
        match = (*about.key, "version")
    elif write.kind in ("update", "delete"):
        match = about.key
    names = (*match, *(n for n in write.names if n not in match)) if match else write.names
    out: list[Any] = []
    if write.kind == "number":
        assert model.numbered is not None
        out += [":".join(str(rows[0].__dict__[n]) for n in model.numbered[1]), len(rows)]
    if not names:
        return out
    pick, sealed = _picker(model, names)
    brought: list[list[Any]] = []
    for row in rows:
        values = list(pick(row.__dict__))
        for place in sealed:
            if isinstance(values[place], Encrypted):
                values[place] = values[place].sealed
        if write.kind == "change":
            values[len(about.key)] = read[id(row)][1]["version"]
        brought.append(values)
    if not write.many:
        return out + brought[0]
    columns = zip(names, zip(*brought, strict=True), strict=True)
    return out + [
        [json_text(value) for value in column] if name in about.json else list(column)
        for name, column in columns
    ]


def json_text(value: Any) -> str | None:
    """Return a JSONB value as the driver takes it."""
    return None if value is None else orjson.dumps(value, default=str).decode()
