"""Several reads in one round trip: each is a `Look`, and `tx.look(a, b, c)` sends them as one.

partner, station, open_ones = await tx.look(
    by_id(PartnerKept, partner_id), by_id(StationKept, station_id), some(Referral, status="open"))

The statement turns the tenant key first, and every look is a subquery that hangs on the city the
key was turned to: no row is looked at before, and none is counted on by the planner's guess at an
empty city. So it needs no block around it, and what comes back is what was committed then, as
within a block of the level we use.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement

from chassis.divisions import FIND, Division, canonical
from chassis.known import Known
from chassis.reading import NUMBER, by_key, by_names, compiled, count_of, equals, rows_of
from chassis.rows import CityRow, shape
from chassis.statement import KEY, KEY_ARGUMENTS
from chassis.tables import PackKept

T = TypeVar("T")
RowT = TypeVar("RowT", bound=CityRow)

CITY: Final[Any] = object()
"""Stands among a look's arguments for the transaction's city."""

Values = dict[str, Any]
"""One row that was read, by the names of its columns."""


class Reader(Protocol):
    """The transaction that looks: it keeps what was read."""

    versions: dict[tuple[date, datetime | None], str | None]
    divisions: Known[Division]

    def met(self, model: type[RowT], values: Values) -> RowT:
        """Return the row of these values."""


@dataclass(frozen=True)
class Look(Generic[T]):
    """A select of few rows, its arguments (`CITY` among them), and what is made of the rows."""

    text: str
    args: tuple[Any, ...]
    names: tuple[str, ...]
    made: Callable[[Reader, list[Values]], T]
    model: type[CityRow] | None = None
    """Whose rows it reads, if of one table: what was kept before must be seen."""
    known: Callable[[Reader], T | None] | None = None
    """What the process knows of it already; then nobody is asked."""


def by_id(model: type[RowT], *key: Any) -> Look[RowT | None]:
    """Look for the row with this key (after the city)."""
    return Look(
        by_key(model, lock=False, alone=False),
        (CITY, *key),
        shape(model).every,
        lambda tx, rows: tx.met(model, rows[0]) if rows else None,
        model,
    )


def some(
    model: type[RowT],
    *where: ColumnElement[bool] | bool,
    order_by: Any = (),
    limit: int | None = None,
    lock: bool = False,
    **equal: Any,
) -> Look[list[RowT]]:
    """Look for the rows that fit.

    `status="open"` is equality, a list of values is any of them. A search said by names alone
    needs no expression, which costs more than the reading itself.
    """
    order = order_by if isinstance(order_by, tuple) else (order_by,)
    if where or order:
        conditions = (*where, *(equals(model, name, value) for name, value in equal.items()))
        query = rows_of(model).where(*conditions).order_by(*order).limit(limit)
        text, args = compiled(query.with_for_update() if lock else query, CITY)
    else:
        listed = tuple(n for n, v in equal.items() if isinstance(v, list))
        text = by_names(model, tuple(equal), listed, lock, limit)
        args = [CITY, *equal.values()]
    return Look(
        text,
        tuple(args),
        shape(model).every,
        lambda tx, rows: [tx.met(model, r) for r in rows],
        model,
    )


def number(model: type[CityRow], *where: ColumnElement[bool]) -> Look[int]:
    """Look for how many rows fit."""
    text, args = compiled(count_of(model).where(*where), CITY)
    return Look(text, tuple(args), (NUMBER,), lambda _, rows: int(rows[0][NUMBER]), model)


def first(model: type[RowT], *where: ColumnElement[bool] | bool, **equal: Any) -> Look[RowT | None]:
    """Look for the first row that fits."""
    rows = some(model, *where, limit=1, **equal)
    return Look(
        rows.text,
        rows.args,
        rows.names,
        lambda tx, found: tx.met(model, found[0]) if found else None,
        model,
    )


def picked(text: str, args: Sequence[Any], *names: str) -> Look[list[Values]]:
    """Look for what a select of our own finds; `names` are its columns."""
    return Look(text, tuple(args), names, lambda _, rows: rows)


def division(system: str, code: str) -> Look[Division | None]:
    """Look for what a code means in the newest edition; what is no code is nowhere."""
    try:
        meant = canonical(code)
    except ValueError:
        meant = ""
    return Look(
        FIND,
        (system, meant, None),
        Division._fields,
        lambda tx, rows: tx.divisions.keep((system, meant), Division.of(rows[0])) if rows else None,
        known=lambda tx: tx.divisions.get((system, meant)),
    )


PACK = """
SELECT version FROM (
  SELECT version, in_force, heard_at, heard_at <= coalesce($3::timestamptz, 'infinity') AS known,
    heard_at <= coalesce($3::timestamptz, 'infinity') AND in_force <= $2::date AS holds
  FROM pack_kept WHERE city = $1) AS kept
ORDER BY holds DESC, CASE WHEN holds THEN in_force END DESC, CASE WHEN holds THEN heard_at END DESC,
  known DESC, CASE WHEN known THEN in_force END, heard_at
LIMIT 1
"""
"""The version in force that day among those known; else the first of those known; else the first."""


def heard(on: date, known_at: datetime | None = None) -> Look[str | None]:
    """Look for the pack in force on a day; `tx.pack` of the same day then asks no more."""

    def made(tx: Reader, rows: list[Values]) -> str | None:
        version = cast("str", rows[0]["version"]) if rows else None
        tx.versions[on, known_at] = version
        return version

    return Look(PACK, (CITY, on, known_at), ("version",), made, PackKept)


_PLACE = re.compile(r"\$([0-9]+)")
Part = tuple[str, tuple[str, ...], tuple[bool, ...]]
"""A look's text, its columns, and which of its arguments are the city."""


@lru_cache(maxsize=1024)
def together(parts: tuple[Part, ...]) -> str:
    """Return the one statement of several looks, each an array of rows in its own text's order.

    A single look comes as rows, which may hold what the driver cannot read inside another: a range.
    """
    selects: list[str] = []
    given = KEY_ARGUMENTS
    for text, names, cities in parts:
        places: dict[str, str] = {}
        for number, city in enumerate(cities, 1):
            given += not city
            places[str(number)] = "k.city" if city else f"${given}"
        own = _PLACE.sub(partial(_placed, places), text)
        columns = ", ".join(f"r.{name}" for name in names)
        if len(parts) == 1:
            return f"SELECT {columns} FROM ({KEY} OFFSET 0) k CROSS JOIN LATERAL ({own} OFFSET 0) r"
        selects.append(f"ARRAY(SELECT ROW({columns}) FROM ({own}) r)")
    return f"SELECT {', '.join(selects)} FROM ({KEY} OFFSET 0) k"


def _placed(places: dict[str, str], found: re.Match[str]) -> str:
    return places[found[1]]


def asked(looks: Sequence[Look[Any]]) -> tuple[str, list[Any]]:
    """Return the statement of these looks and their arguments after the key's own."""
    parts: list[Part] = []
    args: list[Any] = []
    for look in looks:
        parts.append((look.text, look.names, tuple(value is CITY for value in look.args)))
        args += [value for value in look.args if value is not CITY]
    return together(tuple(parts)), args
