"""In which stage a station stood on a day: its stages say, whatever day a change of it holds from."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any


def stage_on(stages: Sequence[Mapping[str, Any]], day: date) -> str | None:
    """Return the stage of a day; None before the first."""
    on = day.isoformat()
    begun = [each["status"] for each in stages if each["on"] <= on]
    return str(begun[-1]) if begun else None
