"""Who is let in when more is asked than can be done: places, shared out by lane and client.

A part has so many places. A lane may fill only its share of them, and one client only its share of
a lane. What can wait is refused first and at once, so that what is let in is answered soon; the
last places are an urgent referral's (docs/decisions/0019).

    bulk < read < work < referral < urgent
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from chassis import metrics
from chassis.problems import Problem

PLACES = 32
"""Requests one part has in hand at most: eight with a connection, three times as many behind them."""
OF_ONE = 0.6
"""The share of a lane's places one client may hold."""


class Lane(Enum):
    """What a request is, by how long it can wait; with its share of the places."""

    BULK = 0.4
    """Lists, overviews, judgements: a person may ask again."""
    READ = 0.55
    """One thing, by its id."""
    WORK = 0.7
    """Writes of staff."""
    REFERRAL = 0.85
    """What a partner sends."""
    URGENT = 1.0
    """A referral that must be answered today."""


_ONE = 2
"""Words after the city of a path that names one thing: `stations/{id}`."""
_BULK = frozenset({"coverage", "compliance", "verdicts", "indicators", "what-if"})
_OF_PARTNERS = frozenset({"supply-information", "withdraw"})
_URGENT = re.compile(rb'"urgency"\s*:\s*"(?:immediate|hours_24)"')
PEEKED = 64 * 1024
"""Bytes of a body that are looked at for its urgency; what stands later waits as others do."""


def lane_of(method: str, words: Sequence[str]) -> Lane:
    """Return the lane of a request by its method and its path's words after the city."""
    if words and (words[0] in _BULK or words[-1] == "overview"):
        return Lane.BULK
    if method in ("GET", "HEAD"):
        return Lane.READ if len(words) >= _ONE or not words else Lane.BULK
    if words and words[0] == "referrals" and (len(words) == 1 or words[-1] in _OF_PARTNERS):
        return Lane.REFERRAL
    return Lane.WORK


def urgent(body: bytes) -> bool:
    """Whether a referral says that it cannot wait; a quoted word in its text does not."""
    return _URGENT.search(body, 0, PEEKED) is not None


class Shed(Problem):
    """Nobody's fault: there was no place, or one client held too many of them."""


def full() -> Shed:
    """Return the refusal of who finds no place."""
    said = {"zh": "请求过多，请稍后重试", "en": "there is more to do than can be done now"}
    return Shed("busy", said, headers=_later())


class Places:
    """The places of one part, and who holds them."""

    def __init__(self, part: str, number: int = PLACES) -> None:
        self.part = part
        self.taken = 0
        self._shed = {n: metrics.shed_total.labels(part, n.name.lower()) for n in Lane}
        self._most = {lane: max(1, int(number * lane.value)) for lane in Lane}
        self._held: Counter[str] = Counter()

    def room(self, lane: Lane) -> bool:
        """Whether somebody of a lane would be let in now."""
        return self.taken < self._most[lane]

    def turned_away(self, lane: Lane) -> bool:
        """Whether nobody of a lane is let in now; whoever hears that is counted."""
        if self.room(lane):
            return False
        self._shed[lane].inc()
        return True

    def look(self, lane: Lane) -> None:
        """Raise 503 `busy` at once if there is no room."""
        if self.turned_away(lane):
            raise full()

    @contextmanager
    def place(self, lane: Lane, client: str) -> Iterator[None]:
        """Hold a place for a while, or raise `busy`, or 429 `too-many-requests` to this client."""
        self.look(lane)
        if self._held[client] >= max(1, int(self._most[lane] * OF_ONE)):
            metrics.shed_total.labels(self.part, "client").inc()
            raise Shed("too-many-requests", headers=_later())
        self.taken += 1
        self._held[client] += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]


def _later() -> dict[str, str]:
    # Not everybody comes again at the same moment.
    return {"retry-after": str(random.randint(1, 3))}  # noqa: S311 - to spread, not to hide
