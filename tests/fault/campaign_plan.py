"""Which process is hurt, how, and after how many acknowledged writes: all of it drawn from a seed.

The moment is a count of writes and not a time, so that the same seed hurts the same work on a fast
machine and on a slow one.
"""

import random
from dataclasses import dataclass

SECOND = "casework-2"
KINDS = (
    *("gateway", "registry", "casework", "procurement", "evaluation"),
    *(SECOND, "NATS", "PostgreSQL"),
)
"""Every kind of process there is; the second casework is a worker that wants the relay's lease too."""

KILL, STOP, WIPE = "SIGKILL", "SIGSTOP", "SIGKILL, store deleted"
LEASED = ("casework", SECOND)
HICCUP_S, PAST_LEASE_S = 0.5, 6.0
"""How long a process stays stopped: from a hiccup to past the relay's lease of five seconds."""
SPREAD = 0.96
"""The last fault comes a little before the last write, so that there is work to recover with."""


@dataclass(frozen=True)
class Fault:
    """One process, hurt once."""

    at: int
    """How many writes are acknowledged when it comes."""
    kind: str
    how: str
    seconds: float = 0.0
    """How long it stays stopped."""


@dataclass(frozen=True)
class Size:
    """How much is written, and how often it goes wrong."""

    faults: int
    least: int
    """Of these, at least so many for each kind of process."""
    kills: float
    """The share that is killed and not only stopped; a start costs seconds of processor time."""
    longest: float
    """How long a process is stopped at most, but for those that want the lease."""
    writes: int
    per_second: int
    """New writes begun in a second at most: between two faults there must be time to go wrong."""
    lives: int
    """Clients that write at once."""


FULL = Size(
    faults=200,
    least=20,
    kills=0.6,
    longest=PAST_LEASE_S,
    writes=20_500,
    per_second=80,
    lives=32,
)
SHORT = Size(
    faults=40,
    least=5,
    kills=0.4,
    longest=2.5,
    writes=1_640,
    per_second=80,
    lives=24,
)


def plan(seed: int, size: Size) -> list[Fault]:
    """Draw the faults, evenly over kinds and writes; the one in the middle wipes the broker."""
    drawn = random.Random(seed)
    each = size.faults // len(KINDS)
    kills = round(each * size.kills)
    turns = [(kind, KILL if n < kills else STOP) for kind in KINDS for n in range(each)]
    drawn.shuffle(turns)
    middle, killed = len(turns) // 2, turns.index(("NATS", KILL))
    turns[middle], turns[killed] = turns[killed], turns[middle]
    apart = size.writes * SPREAD / len(turns)
    found = []
    for number, (kind, how) in enumerate(turns):
        at = int(apart * (number + drawn.uniform(0.2, 1.0)))
        longest = PAST_LEASE_S if kind in LEASED else size.longest
        seconds = round(drawn.uniform(HICCUP_S, longest), 2) if how == STOP else 0.0
        found.append(Fault(at, kind, WIPE if number == middle else how, seconds))
    return found
