"""Working days of a city: the published national calendar and what the city's pack lays over it.

A day outside the published years is *unknown*, never a plain weekday. A clock that reaches into
unknown days gets the earliest time possible, marked provisional, and is set anew once the calendar
is published.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple, Protocol

from chassis.clock import SHANGHAI, day_of, end_of


class Overlaid(Protocol):
    """What a pack says about days: `calendar: {holidays: […], workdays: […]}`."""

    @property
    def holidays(self) -> Collection[date]:
        """Days off in this city only."""

    @property
    def workdays(self) -> Collection[date]:
        """Days worked in this city only."""


@dataclass(frozen=True)
class Overlay:
    """Days a city adds to the national calendar."""

    holidays: Collection[date] = ()
    workdays: Collection[date] = ()


class Due(NamedTuple):
    """When something is due; provisional if a day counted on the way is not published yet."""

    at: datetime
    provisional: bool


class Count(NamedTuple):
    """How many working days; provisional if one of them is not published yet."""

    days: int
    provisional: bool


class _National(NamedTuple):
    first: int
    last: int
    holidays: frozenset[date]
    workdays: frozenset[date]


@cache
def _national() -> _National:
    # Imported on first use: the package builds some 800 dates, and most commands need none. Its own
    # question scans all of them for the published years each time it is asked.
    from chinese_calendar.constants import holidays, workdays  # noqa: PLC0415

    return _National(
        min(holidays).year, max(holidays).year, frozenset(holidays), frozenset(workdays)
    )


def published() -> int:
    """Return the last year whose national calendar is known here."""
    return _national().last


class Days:
    """The days of one city."""

    def __init__(self, overlay: Overlaid | None = None) -> None:
        self._holidays = frozenset(overlay.holidays if overlay else ())
        self._workdays = frozenset(overlay.workdays if overlay else ())
        if both := self._holidays & self._workdays:
            raise ValueError(f"both a holiday and a workday: {min(both)}")

    def is_workday(self, day: date) -> bool | None:
        """Whether people work that day; None where no calendar is published."""
        if day in self._holidays:
            return False
        if day in self._workdays:
            return True
        national = _national()
        if not national.first <= day.year <= national.last:
            return None
        return day in national.workdays or (day.isoweekday() <= 5 and day not in national.holidays)  # noqa: PLR2004 - Friday

    def due(self, received: datetime, working_days: int) -> Due:
        """Return the end of the last of so many working days, the day of receipt not counted."""
        if working_days < 0:
            raise ValueError("working_days is negative")
        day, left, provisional = _day(received), working_days, False
        while left:
            day += timedelta(days=1)
            works = self.is_workday(day)
            provisional |= works is None
            left -= works is not False
        return Due(end_of(day), provisional)

    def count(self, after: datetime, until: datetime) -> Count:
        """Return the working days used up from one instant to another, the first day not counted.

        A clock that pauses keeps what is left: `due(resumed, asked - count(received, paused).days)`.
        """
        day, last, days, provisional = _day(after), _day(until), 0, False
        while day < last:
            day += timedelta(days=1)
            works = self.is_workday(day)
            provisional |= works is None
            days += works is not False
        return Count(days, provisional)


def hours(received: datetime, number: int) -> Due:
    """Return the instant so many hours of the clock later; nights and holidays count."""
    _day(received)
    return Due((received + timedelta(hours=number)).astimezone(SHANGHAI), provisional=False)


def _day(instant: datetime) -> date:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return day_of(instant)
