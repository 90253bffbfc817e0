"""All a transaction writes, as one data-modifying statement.

    key        turns the tenant key: city, subject, purpose
    u0 u1 …    updates of aggregates, each at the version that was read
    w0 w1 …    updates of rows kept, d0 … deletes, i0 i1 … inserts and upserts
    c0 n0 …    counters, then the rows they number: after everything else, so that the counter's
               row lock is the last one taken and the shortest held

Every insert waits for every update: what the database numbers (the outbox's `seq`) is numbered
after the aggregate's lock, else order breaks (performance.md §4, pitfall 2). An insert of one row
takes its city from the one before it, so that the parts are a chain that begins at the key; what
may bring no row or many cannot be a link, and is counted by whoever must come after it.

The text depends only on the shape of the work, so it is cached here and prepared once by the driver.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from sqlalchemy.dialects.postgresql.asyncpg import dialect

from chassis.rows import CityRow, shape, table_of

DIALECT = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so

KEY = (
    "SELECT set_config('app.city', $1, true) AS city,"
    " set_config('app.subject', $2, true) AS subject,"
    " set_config('app.purpose', $3, true) AS purpose"
)
KEY_ARGUMENTS = 3


@lru_cache(maxsize=4096)
def opening(city: str, subject: str, purpose: str) -> str:
    """Return what begins a block and turns its key, as one text: one round trip for both.

    Such a text takes no arguments, so the values are written in hexadecimal digits, which cannot
    be anything but a value.
    """
    told = {"city": city, "subject": subject, "purpose": purpose}
    keys = ", ".join(
        f"set_config('app.{name}', convert_from('\\x{value.encode().hex()}', 'UTF8'), true)"
        for name, value in told.items()
    )
    return f"BEGIN; SELECT {keys}"


Kind = Literal["change", "update", "delete", "insert", "upsert", "number"]


class Write(NamedTuple):
    """Rows of one model written one way; `names` are the columns that come as arguments."""

    kind: Kind
    model: type[CityRow]
    names: tuple[str, ...]
    many: bool


class _Text:
    """The statement while it grows: parts, and the number of the next argument."""

    def __init__(self) -> None:
        self.parts = [f"key AS MATERIALIZED ({KEY})"]
        self.counted: list[str] = []
        self.arguments = KEY_ARGUMENTS
        self.link = "key"
        """The part the next one hangs on: it brings one row, with the city in it."""
        self.loose: list[str] = []
        """Parts no link hangs on, which must be done before what comes next."""

    def given(self, model: type[CityRow], names: Sequence[str], many: bool) -> list[str]:
        table = table_of(model)
        out = []
        for name in names:
            self.arguments += 1
            # An array of lists would be read as an array of two dimensions: JSON goes as text.
            kind = "text" if many and _is_json(model, name) else table.c[name].type.compile(DIALECT)
            out.append(f"${self.arguments}::{kind}{'[]' if many else ''}")
        return out

    def add(self, name: str, sql: str) -> None:
        self.parts.append(f"{name} AS ({sql})")

    def after(self) -> str:
        """Return where the next part takes its city from, once all before it is done."""
        gates = "".join(f", (SELECT count(*) FROM {n}) AS g_{n}" for n in self.loose)
        return f"{self.link} AS p{gates}"

    def done(self, name: str, one: bool) -> None:
        """Hang what comes next on this part, if it brings one row."""
        if one:
            self.link, self.loose = name, []
        else:
            self.loose.append(name)


def _is_json(model: type[CityRow], name: str) -> bool:
    return name in shape(model).json


def _picked(model: type[CityRow], names: Sequence[str]) -> list[str]:
    return [f"r.{n}::jsonb" if _is_json(model, n) else f"r.{n}" for n in names]


@lru_cache(maxsize=2048)
def statement(writes: tuple[Write, ...]) -> str:
    """Return the statement for these shapes of work; it answers how many aggregates moved."""
    text = _Text()
    for number, write in enumerate(writes):
        if write.kind in ("change", "update", "delete"):
            name = f"{write.kind[0]}{number}"
            text.add(name, _changing(text, write))
            text.done(name, one=False)
            if write.kind == "change":
                text.counted.append(name)
    for number, write in enumerate(writes):
        if write.kind in ("insert", "upsert"):
            text.add(f"i{number}", _adding(text, write))
            # An upsert with nothing to set brings no row where there is one.
            text.done(f"i{number}", one=write.kind == "insert" and not write.many)
    for number, write in enumerate(writes):
        if write.kind == "number":
            _numbering(text, write, number)
            text.done(f"n{number}", one=not write.many)
    moved = " + ".join(f"(SELECT count(*) FROM {n})" for n in text.counted) or "0"
    return f"WITH {', '.join(text.parts)} SELECT {moved} AS moved"


def _changing(text: _Text, write: Write) -> str:
    """UPDATE or DELETE of one row, or of many given as arrays."""
    model, table = write.model, shape(write.model).table
    key = shape(model).key
    match = (*key, "version") if write.kind == "change" else key
    values = [n for n in write.names if n not in match]
    matched = text.given(model, match, write.many)
    given = text.given(model, values, write.many)
    if write.many:
        source = f"unnest({', '.join([*matched, *given])}) AS r({', '.join([*match, *values])})"
        matched = _picked(model, match)
        given = _picked(model, values)
    where = " AND ".join(f"t.{n} = {m}" for n, m in zip(match, matched, strict=True))
    # The key was turned one statement earlier: a policy reads it before this statement begins.
    city = "t.city = $1"
    if write.kind == "delete":
        using = f" USING {source}" if write.many else ""
        return f"DELETE FROM {table} t{using} WHERE {city} AND {where} RETURNING 1"
    sets = [f"{n} = {g}" for n, g in zip(values, given, strict=True)]
    if write.kind == "change":
        sets.append("version = t.version + 1")
    origin = f" FROM {source}" if write.many else ""
    return f"UPDATE {table} t SET {', '.join(sets)}{origin} WHERE {city} AND {where} RETURNING 1"


def _adding(text: _Text, write: Write) -> str:
    model, about = write.model, shape(write.model)
    given = text.given(model, write.names, write.many)
    source = text.after()
    if write.many:
        source += f", unnest({', '.join(given)}) AS r({', '.join(write.names)})"
        given = _picked(model, write.names)
    sql = (
        f"INSERT INTO {about.table} (city, {', '.join(write.names)})"
        f" SELECT p.city, {', '.join(given)} FROM {source}"
    )
    if write.kind == "upsert":
        sets = ", ".join(f"{n} = excluded.{n}" for n in write.names if n not in about.key)
        act = f"UPDATE SET {sets}" if sets else "NOTHING"
        sql += f" ON CONFLICT (city, {', '.join(about.key)}) DO {act}"
    return f"{sql} RETURNING city"


def _numbering(text: _Text, write: Write, number: int) -> None:
    """Draw the next numbers of one counter and give them to the rows, in the order recorded."""
    about = shape(write.model)
    assert write.model.numbered is not None
    column = write.model.numbered[0]
    start = text.arguments
    text.arguments += 2
    key, count = f"${start + 1}::text", f"${start + 2}::bigint"
    text.add(
        f"c{number}",
        "INSERT INTO counter AS t (city, name, key, last)"
        f" SELECT p.city, '{about.table}', {key}, {count} FROM {text.after()}"
        " ON CONFLICT (city, name, key) DO UPDATE SET last = t.last + excluded.last"
        " RETURNING city, last",
    )
    given = text.given(write.model, write.names, write.many)
    place, source = "c.last", f"c{number} AS c"
    if write.many:
        place = f"c.last - {count} + r.ord"
        source += (
            f", unnest({', '.join(given)}) WITH ORDINALITY AS r({', '.join(write.names)}, ord)"
        )
        given = _picked(write.model, write.names)
    text.add(
        f"n{number}",
        f"INSERT INTO {about.table} (city, {column}, {', '.join(write.names)})"
        f" SELECT c.city, {place}, {', '.join(given)} FROM {source} RETURNING city",
    )
