"""Time: instants are aware UTC, days are days in Asia/Shanghai.

Only this module reads the clock; everything else is given the time, so that a test can say it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

SHANGHAI = ZoneInfo("Asia/Shanghai")


def system_clock() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place


def day_of(instant: datetime) -> date:
    """Return the day it is in China at that instant."""
    return instant.astimezone(SHANGHAI).date()


def end_of(day: date) -> datetime:
    """Return the last second of a day in China: `as_of=D` and a due date mean this instant."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)
