"""What comes from outside, and lists that go out: bases without a framework in them.

A decision takes what was asked for as it is, and decisions do not reach HTTP: hence not in
`chassis.http`, which hands these on.
"""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)


class Asked(BaseModel):
    """Base of every body and query from outside: unknown fields are an error, never ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Paged(Asked):
    """Base of a list's query: where to go on, and how many."""

    after: str | None = Field(default=None, max_length=2_000, description="`next` of the last page")
    limit: int = Field(default=50, ge=1, le=200)


class Listed(BaseModel):
    """Base of a list's answer; a route declares `items` with its view."""

    next: str | None


# ---------------------------------------------------------------------- days and instants

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Between these lies every birth and every contract; beyond them arithmetic with days ends."""

LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON reads alike; a bigint column takes it."""


class BadTime(ValueError):
    """A day or an instant that is none we take: a code and a sentence, without the value."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.zh, self.en = _SAYS[code]
        super().__init__(self.en)


_SAYS = {
    "day-form": ("日期应写作 2026-01-31", "a day is written 2026-01-31"),
    "instant-form": (
        "时间应写作 2026-01-31T09:30:00+08:00",
        "an instant is written 2026-01-31T09:30:00+08:00",
    ),
    "year": (
        f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间",
        f"the year lies between {FIRST_YEAR} and {LAST_YEAR}",
    ),
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(_DAY.pattern + r"[Tt][0-9:.]+(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")


# Pydantic would also take 0 or "0" and read it as seconds since 1970.
def _written_day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        with suppress(ValueError):
            return date.fromisoformat(value.strip())
    raise BadTime("day-form")


def _written_instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value.upper())
    raise BadTime("instant-form")


def _near(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise BadTime("year")
    return value


Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_near)]
"""A day from outside."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written_instant), AfterValidator(_near)]
"""An instant from outside, with its offset."""

Count = Annotated[int, Field(ge=0, le=LARGEST)]
"""A whole number from outside: people, or fen."""
