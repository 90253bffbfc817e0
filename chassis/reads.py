"""How a transaction reads: by key, by names, by expression, by page, or several looks in one trip.

What is read is kept by key, so a row read twice is one row, and a row kept earlier in the same
transaction is the row read later.

A read turns the tenant key in its own statement: no block is begun for it, for at the level we
use a block promises a reader nothing that one statement does not. A lock begins one, and so does
whatever writes early.
"""

from abc import ABC, abstractmethod
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from sqlalchemy import ColumnElement, tuple_

from chassis import problems
from chassis.divisions import Division
from chassis.known import Known
from chassis.looks import CITY, Look, asked, number, some
from chassis.reading import Page, by_key, cursor, cursor_values, no_cursor
from chassis.rows import CityRow, loaded, shape
from chassis.vault import Encrypted
from chassis.writing import How, key_of, parsed_again, snapshot

if TYPE_CHECKING:
    import asyncpg

    from chassis.db import Who

RowT = TypeVar("RowT", bound=CityRow)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


class Reads(ABC):
    """The reading half of a transaction."""

    divisions: Known[Division]
    """Divisions the process has read lately."""

    def __init__(
        self, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", who: "Who"
    ) -> None:
        self.who = who
        self.city = who.city
        self.versions: dict[tuple[date, datetime | None], str | None] = {}
        """Versions of the pack this transaction has looked for, by day and knowledge."""
        self._db = connection
        self._block = False
        self._known: dict[tuple[type[CityRow], tuple[Any, ...]], CityRow] = {}
        self._read: dict[int, tuple[CityRow, dict[str, Any]]] = {}
        self._pending: dict[int, tuple[CityRow, How]] = {}

    async def get(self, model: type[RowT], *key: Any, lock: bool = False) -> RowT:
        """Return the row with this key (after the city); 404 when there is none.

        `lock=True` takes the row's lock: for a row many want at once, or that a count belongs to.
        """
        row = await self.peek(model, *key, lock=lock)
        if row is None:
            raise problems.NotFound()
        return row

    async def peek(self, model: type[RowT], *key: Any, lock: bool = False) -> RowT | None:
        """Return the row with this key, or None."""
        known = self._known.get((model, key))
        if known is not None and not lock:
            return cast("RowT", known)
        alone = not self._block and not lock
        text = by_key(model, lock, alone)
        if alone:
            record = await self._db.fetchrow(text, *self._key, *key)
        else:
            await self._open()
            record = await self._db.fetchrow(text, self.city, *key)
        return None if record is None else self.met(model, dict(record))

    async def find(
        self,
        model: type[RowT],
        *where: ColumnElement[bool] | bool,
        order_by: Any = (),
        limit: int | None = None,
        lock: bool = False,
        **equal: Any,
    ) -> list[RowT]:
        """Return the rows of this city that fit (`looks.some`), never more than a bounded number."""
        asked = some(model, *where, order_by=order_by, limit=limit, lock=lock, **equal)
        if lock:
            await self._open()
        return await self._one(asked)

    async def one(
        self,
        model: type[RowT],
        *where: ColumnElement[bool] | bool,
        lock: bool = False,
        **equal: Any,
    ) -> RowT | None:
        """Return the first row that fits, or None."""
        found = await self.find(model, *where, limit=1, lock=lock, **equal)
        return found[0] if found else None

    async def count(self, model: type[CityRow], *where: ColumnElement[bool]) -> int:
        """Return how many rows of this city fit."""
        return await self._one(number(model, *where))

    async def page(
        self,
        model: type[RowT],
        *where: ColumnElement[bool] | bool,
        after: str | None = None,
        limit: int = 50,
        order_by: str = "id",
        unsaid: bool = False,
    ) -> Page[RowT]:
        """Return one keyset page, ordered by a column (`-column` for descending) and the id.

        By the column alone where it is the key. A cursor stands in a URL: where the column's values
        must not (`unsaid`), it holds the id alone, and the value is looked up again.
        """
        name = order_by.removeprefix("-")
        names = [name] if shape(model).key == (name,) else [name, "id"]
        columns = [getattr(model, n) for n in names]
        conditions = list(where)
        if after is not None:
            values = (
                await self._edge(model, names, after)
                if unsaid
                else cursor_values(model, names, after)
            )
            edge = tuple_(*columns)
            conditions.append(edge < values if order_by[0] == "-" else edge > values)
        order = tuple(c.desc() if order_by[0] == "-" else c.asc() for c in columns)
        rows = await self.find(model, *conditions, order_by=order, limit=limit + 1)
        more = len(rows) > limit
        rows = rows[:limit]
        said = names[-1:] if unsaid else names
        edge_values = [getattr(rows[-1], n) for n in said] if more else None
        return Page(rows, None if edge_values is None else cursor(edge_values))

    async def _edge(self, model: type[RowT], names: list[str], after: str) -> tuple[Any, ...]:
        """Return where the row stands now that a page ended with."""
        (key,) = cursor_values(model, names[-1:], after)
        last = await self.one(model, getattr(model, names[-1]) == key)
        values = tuple(getattr(last, name) for name in names) if last is not None else ()
        if not values or None in values:
            raise no_cursor()
        return values

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Run a select of the chassis' or a service's `queries` inside the block."""
        await self._open()
        return list(await self._db.fetch(sql, *args))

    @overload
    async def look(self, a: Look[A], /) -> tuple[A]: ...
    @overload
    async def look(self, a: Look[A], b: Look[B], /) -> tuple[A, B]: ...
    @overload
    async def look(self, a: Look[A], b: Look[B], c: Look[C], /) -> tuple[A, B, C]: ...
    @overload
    async def look(
        self, a: Look[A], b: Look[B], c: Look[C], d: Look[D], /
    ) -> tuple[A, B, C, D]: ...
    @overload
    async def look(
        self, a: Look[A], b: Look[B], c: Look[C], d: Look[D], e: Look[E], /
    ) -> tuple[A, B, C, D, E]: ...

    async def look(self, *looks: Look[Any]) -> tuple[Any, ...]:
        """Return what several looks find, in one round trip (`chassis.looks`)."""
        seen = [None if each.known is None else each.known(self) for each in looks]
        wanted = [each for each, known in zip(looks, seen, strict=True) if known is None]
        if len(wanted) == 1:
            made = [await self._one(wanted[0])]
        elif wanted:
            for each in wanted:
                await self._flush_if(each.model)
            text, args = asked(wanted)
            found = await self._db.fetchrow(text, *self._key, *args)
            assert found is not None
            made = [
                each.made(self, [dict(zip(each.names, row, strict=True)) for row in rows])
                for each, rows in zip(wanted, found, strict=True)
            ]
        else:
            return tuple(seen)
        fresh = iter(made)
        return tuple(next(fresh) if known is None else known for known in seen)

    # ------------------------------------------------------------------ inside

    @abstractmethod
    async def _open(self) -> None:
        """Begin a block and turn its key, unless that is done."""

    @abstractmethod
    async def _flush(self) -> None:
        """Write what waits."""

    @property
    def _key(self) -> tuple[str, str, str]:
        return self.who.city, self.who.subject, self.who.purpose

    async def _flush_if(self, model: type[CityRow] | None) -> None:
        """Write first what a search must see: what was kept earlier in this transaction."""
        pending = self._pending
        if any(type(row) is model for row, _ in pending.values()):
            await self._open()  # what is written before the end is written in a block
            await self._flush()
            for row, how in pending.values():
                if how != "drop":
                    self._read[id(row)] = (row, snapshot(row))

    async def _one(self, look: Look[A]) -> A:
        await self._flush_if(look.model)
        if self._block:
            args = [self.city if value is CITY else value for value in look.args]
            rows = await self._db.fetch(look.text, *args)
        else:
            text, args = asked([look])
            rows = await self._db.fetch(text, *self._key, *args)
        return look.made(self, [dict(row) for row in rows])

    def met(self, model: type[RowT], values: dict[str, Any]) -> RowT:
        """Return the row these values are: the one kept or recorded meanwhile, if there is one."""
        about = shape(model)
        for name in about.sealed:
            if values[name] is not None:
                values[name] = Encrypted(sealed=values[name])
        key = tuple(values[n] for n in about.key)
        known = self._known.get((model, key))
        if known is not None and id(known) in self._pending:
            return cast("RowT", known)
        row = loaded(model, values)
        self._known[model, key] = row
        self._read[id(row)] = (row, snapshot(row, parsed_again))
        return row

    def known(self, model: type[RowT], *key: Any) -> RowT | None:
        """Return a row that was read or kept already, and ask nobody."""
        return cast("RowT | None", self._known.get((model, key)))

    def _note(self, row: CityRow) -> None:
        self._known[type(row), key_of(row)] = row
