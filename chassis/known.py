"""What a process has read and need not ask again for a while: reference data, which no request writes."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 60.0
"""How long something new that replaces what is known may go unseen."""
MOST = 20_000


class Known(Generic[T]):
    """Things by name, each believed for a minute; what was not found is asked for every time."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._things: dict[Hashable, tuple[T, float]] = {}

    def get(self, name: Hashable) -> T | None:
        """Return what is known by this name, if it is still believed."""
        kept = self._things.get(name)
        return kept[0] if kept is not None and kept[1] > self._ticks() else None

    def keep(self, name: Hashable, thing: T) -> T:
        """Know a thing from now on."""
        if len(self._things) >= MOST:
            self._things.clear()
        self._things[name] = thing, self._ticks() + SECONDS
        return thing
