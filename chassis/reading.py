"""How a transaction reads: texts by key, queries compiled once a shape, lists by keyset."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, ColumnElement, Select, String, and_, bindparam, func, select

from chassis import problems
from chassis.rows import CityRow, shape, table_of
from chassis.statement import DIALECT, KEY

RowT = TypeVar("RowT", bound=CityRow)


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """One page of a list; `next` is where the following one begins, None at the end."""

    items: list[RowT]
    next: str | None


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """`column IN (values)` as one array argument: one plan, whatever the number of values."""
    return cast("ColumnElement[bool]", column == func.any(_array(column, list(values))))


def under(column: Any, prefix: str) -> ColumnElement[bool]:
    """Whether a division lies in another: its code begins with the other's.

    As a range (`:` follows the digits), which every plan can read from an index of patterns; a
    pattern is only known when it is asked.
    """
    return and_(column.bool_op("~>=~")(prefix), column.bool_op("~<~")(f"{prefix}:"))


def _array(column: Any, values: list[Any]) -> Any:
    return bindparam(None, values, type_=ARRAY(column.type))


def cursor(values: Sequence[Any]) -> str:
    """Return an opaque cursor for a keyset's edge."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def uncursor(text: str, size: int) -> list[Any]:
    """Read a cursor back; a broken one is a 400."""
    try:
        padded = text + "=" * (-len(text) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != size:
        raise no_cursor()
    return values


def no_cursor() -> problems.Problem:
    """Return what a broken cursor is answered with."""
    return problems.Problem("malformed", {"zh": "游标 after 无效", "en": "`after` is no cursor"})


_FROM_TEXT: dict[type, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    UUID: UUID,
}


def cursor_values(model: type[CityRow], names: list[str], text: str) -> tuple[Any, ...]:
    """Read a cursor back in the types of its columns."""
    out: list[Any] = []
    for name, value in zip(names, uncursor(text, len(names)), strict=True):
        kind = table_of(model).c[name].type.python_type
        make = _FROM_TEXT.get(kind)
        try:
            out.append(make(value) if make else value)
        except (TypeError, ValueError, AttributeError):
            raise no_cursor() from None
        if not isinstance(out[-1], kind):
            raise no_cursor()
    return tuple(out)


_CITY = "of_city"
NUMBER = "number"
"""The column of a count."""


@lru_cache(maxsize=1024)
def rows_of(model: type[CityRow]) -> Any:
    """Return the select of a model's rows of one city, to be narrowed; made once a model."""
    # Row-level security says it too. Said here it is a second wall, and the index's first column.
    return select(model).where(cast("Any", model).city == bindparam(_CITY, type_=String()))


@lru_cache(maxsize=1024)
def count_of(model: type[CityRow]) -> Any:
    """Return the select that counts a model's rows of one city."""
    mine = cast("Any", model).city == bindparam(_CITY, type_=String())
    return select(func.count().label(NUMBER)).select_from(model).where(mine)


@lru_cache(maxsize=1024)
def by_key(model: type[CityRow], lock: bool, alone: bool) -> str:
    """Return the text that reads one row; `alone` turns the tenant key in the same statement."""
    about = shape(model)
    columns = ", ".join(about.every)
    if alone:
        where = " AND ".join(f"{n} = ${i}" for i, n in enumerate(about.key, 4))
        return (
            f"SELECT r.* FROM ({KEY} OFFSET 0) k CROSS JOIN LATERAL"
            f" (SELECT {columns} FROM {about.table} WHERE city = k.city AND {where} OFFSET 0) r"
        )
    where = " AND ".join(f"{n} = ${i}" for i, n in enumerate(about.key, 2))
    text = f"SELECT {columns} FROM {about.table} WHERE city = $1 AND {where}"
    return f"{text} FOR UPDATE" if lock else text


@lru_cache(maxsize=1024)
def by_names(
    model: type[CityRow],
    names: tuple[str, ...],
    listed: tuple[str, ...],
    lock: bool,
    limit: int | None,
) -> str:
    """Return the text that reads rows by equality of these columns, or of a list of values."""
    about = shape(model)
    if unknown := set(names) - set(about.every):
        raise TypeError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    where = "".join(
        f" AND {n} = ANY(${i})" if n in listed else f" AND {n} = ${i}"
        for i, n in enumerate(names, 2)
    )
    text = f"SELECT {', '.join(about.every)} FROM {about.table} WHERE city = $1{where}"
    text += f" LIMIT {limit:d}" if limit is not None else ""
    return f"{text} FOR UPDATE" if lock else text


def equals(model: type[CityRow], name: str, value: Any) -> ColumnElement[bool]:
    """Return the same condition as an expression, to stand beside others."""
    column = getattr(model, name)
    return cast(
        "ColumnElement[bool]",
        among(column, value) if isinstance(value, list) else column == value,
    )


_texts: dict[Any, tuple[Any, str, tuple[str, ...]]] = {}
_TEXTS = 2_000


def compiled(query: "Select[Any]", city: str) -> tuple[str, list[Any]]:
    """Return text and arguments; the text is made once per shape of query."""
    key = query._generate_cache_key()  # noqa: SLF001 - SQLAlchemy's own cache works by it
    kept = _texts.get(key.key) if key else None
    if kept is None:
        made: Any = query.compile(dialect=DIALECT, cache_key=key)
        if made.post_compile_params:
            raise TypeError("use chassis.reading.among() in place of in_()")
        kept = (made, made.string, tuple(made.positiontup or ()))
        if key and len(_texts) < _TEXTS:
            _texts[key.key] = kept
    values = kept[0].construct_params(
        {_CITY: city}, extracted_parameters=key.bindparams if key else None
    )
    return kept[1], [values[name] for name in kept[2]]
