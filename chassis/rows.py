"""Rows: SQLModel tables that are cheap to make and always belong to a city.

* Row                trusts its values, as every SQLModel table does, and takes 3 µs instead of 56
  x CityRow          `city` leads the primary key; the transaction fills it, nobody else
    x Aggregate      has an id and a version (its ETag); written by `tx.record` with one event
    x Copy           kept by a reaction; `tx.keep` replaces it by primary key

A list or an object is a JSONB column. A time is `timestamptz`, a number of events a `bigint`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticUndefined
from sqlalchemy import BigInteger, DateTime, LargeBinary, Table
from sqlalchemy import Column as SaColumn
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel
from sqlmodel.main import SQLModelMetaclass

from chassis.ids import uuid7

Instant = DateTime(timezone=True)
"""The column type of an instant: `Field(sa_type=Instant)`."""

Json = JSONB
"""The column type of a list or an object: `Field(sa_type=Json)`."""

Sealed = LargeBinary
"""The column type of an `Encrypted` field."""


@dataclass(frozen=True)
class JsonOf:
    """Tells the reader of a schema what a JSONB column holds: `Annotated[dict[str, Any], JsonOf(M)]`.

    What stands in the column was held to the model when it came in, so it is not held to it again.
    """

    model: type[BaseModel]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if schema["type"] == "list":
            return {"type": "array", "items": handler(self.model.__pydantic_core_schema__)}
        return handler(self.model.__pydantic_core_schema__)


class _Plain(SQLModelMetaclass):
    """Makes rows without what a session would keep beside each: we have no session."""

    def __call__(cls, *args: Any, **values: Any) -> Any:  # noqa: N805 - a metaclass
        """Return a row of these values; its constructor is not asked."""
        if args:
            raise TypeError(f"{cls.__name__} takes values by name")
        row = cast("Any", cls).__new__(cls)
        fixed, made, every = _defaults(cls)
        own = row.__dict__
        own.update(fixed)
        own.update(values)
        for name, make in made.items():
            if name not in values:
                own[name] = make()
        if own.keys() != every:
            raise TypeError(f"{cls.__name__}: {', '.join(sorted(own.keys() ^ every))}")
        return row


class Row(SQLModel, metaclass=_Plain):
    """A row. `Row(**values)` trusts its values: what comes from outside is a plain class first."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Change a column; the transaction sees what changed by what was read."""
        if name not in type(self).__pydantic_fields__ and not name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no {name}")
        self.__dict__[name] = value


class CityRow(Row):
    """A row of one city. The database stamps and checks `city`; code never says it."""

    city: str = Field(default="", primary_key=True)

    numbered: ClassVar[tuple[str, tuple[str, ...]] | None] = None
    """`("position", ("partner_id",))`: a dense number per partner, drawn at commit, lock last."""


class Aggregate(CityRow):
    """A thing with a history: every change is one version and one event."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = Field(default=1, sa_type=BigInteger)


RowT = TypeVar("RowT", bound=CityRow)


class Copy(CityRow):
    """What a service keeps of another's aggregate; `tx.keep` replaces it by primary key."""


def loaded(model: type[RowT], values: dict[str, Any]) -> RowT:
    """Return a row as it was read: every column is there, so no default is."""
    row: RowT = model.__new__(model)
    row.__dict__.update(values)
    return row


def _configured(model: type[Row]) -> None:
    """Make the columns of a table readable: a session would, when it makes its first row."""
    mapper = getattr(model, "__mapper__", None)
    if mapper is not None:
        mapper.registry.configure()


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a model, as SQLAlchemy describes it."""
    return model.metadata.tables[str(model.__tablename__)]


class Shape:
    """What the transaction must know of a model, read once."""

    def __init__(self, model: type[CityRow]) -> None:
        _configured(model)
        columns: list[SaColumn[Any]] = list(table_of(model).columns)
        keys = [c.name for c in table_of(model).primary_key.columns]
        # A view's fields come before the row's own, so the order here says nothing; that the city
        # leads the key in the database is the migration's to say and the catalogue test's to see.
        if "city" not in keys:
            raise TypeError(f"{model.__name__}: the primary key must hold the city")
        self.table: str = table_of(model).name
        self.every = tuple(c.name for c in columns)
        self.given = tuple(
            c.name
            for c in columns
            if c.name != "city" and c.identity is None and c.server_default is None
        )
        self.key = tuple(k for k in keys if k != "city")
        self.copy = issubclass(model, Copy)
        number = model.numbered[0] if model.numbered else None
        self.unnumbered = tuple(n for n in self.given if n != number)
        """What is given of a row: all but the number it will have, if it has one."""
        self.sealed = tuple(
            c.name for c in columns if isinstance(c.type, LargeBinary) and _sealed(model, c.name)
        )
        self.json = tuple(c.name for c in columns if isinstance(c.type, JSONB))


@cache
def shape(model: type[CityRow]) -> Shape:
    """Return the shape of a model."""
    return Shape(model)


def _sealed(model: type[CityRow], name: str) -> bool:
    return "Encrypted" in str(model.model_fields[name].annotation)


@cache
def _defaults(
    model: type[Row],
) -> tuple[dict[str, Any], dict[str, Callable[[], Any]], frozenset[str]]:
    _configured(model)
    fields = model.model_fields
    # Only a view of a request has defaults that look at other fields; a row has none.
    made = {
        n: cast("Callable[[], Any]", f.default_factory)
        for n, f in fields.items()
        if f.default_factory is not None
    }
    fixed = {
        n: f.default
        for n, f in fields.items()
        if f.default is not PydanticUndefined and n not in made
    }
    return fixed, made, frozenset(fields)
