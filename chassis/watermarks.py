"""How far a consumer has come with each aggregate, and what that says about the next event.

    older, or the same again          ignored
    the same version, another event   diverged: a dead letter, because one of the two is a lie
    behind a dead letter              parked
    the next                          applied; or skipped, if nobody here has a use for it;
                                      or parked, if it is a version of ours that came too early
    later                             a gap: parked until its predecessors come

A higher epoch (its producer was restored) goes on from any version we know: its state replaces
ours, so a version up to our own next one is the next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from chassis.db import Transaction
from chassis.events import Envelope
from chassis.tables import Applied

NOBODY = UUID(int=0)
"""The event id of a watermark that stands before the first event."""


class NoLetter(Exception):
    """No dead letter by that id, in this city and for this consumer."""


class Verdict(StrEnum):
    """What becomes of an envelope, by its place alone."""

    NEXT = "next"
    OLD = "duplicate"
    DIVERGED = "diverged"
    BLOCKED = "blocked"
    GAP = "gap"


@dataclass
class Mark:
    """Where a consumer stands with one aggregate, its row locked."""

    epoch: int = 0
    version: int = 0
    event_id: UUID = NOBODY
    dead: set[tuple[int, int]] = field(default_factory=set)
    waiting: bool = False
    """Whether there are parked events."""
    moved: bool = False

    @property
    def at(self) -> tuple[int, int]:
        """Epoch and version of the last event applied."""
        return self.epoch, self.version

    def judge(self, envelope: Envelope) -> Verdict:
        """Say what becomes of an envelope of this aggregate."""
        if envelope.at in self.dead:
            return Verdict.OLD
        if envelope.at <= self.at:
            same = envelope.at != self.at or envelope.id == self.event_id
            return Verdict.OLD if same else Verdict.DIVERGED
        if self.dead:
            return Verdict.BLOCKED
        if envelope.aggepoch > self.epoch:
            follows = envelope.aggversion <= self.version + 1
        else:
            follows = envelope.aggversion == self.version + 1
        return Verdict.NEXT if follows else Verdict.GAP

    def advance(self, envelope: Envelope) -> None:
        """Stand at this envelope."""
        self.epoch, self.version = envelope.at
        self.event_id, self.moved = envelope.id, True


Key = tuple[str, UUID]
"""An aggregate as a consumer knows it: kind with its producer, and id."""


def key_of(envelope: Envelope) -> Key:
    """Return the aggregate an envelope is about."""
    return envelope.kind, envelope.agg_id


def in_order(envelopes: Sequence[Envelope]) -> list[Envelope]:
    """Put each aggregate's events in order, and leave the aggregates where they stood."""
    queues: dict[Key, list[Envelope]] = {}
    for envelope in envelopes:
        queues.setdefault(key_of(envelope), []).append(envelope)
    turns = {key: iter(sorted(queue, key=lambda e: e.at)) for key, queue in queues.items()}
    return [next(turns[key_of(envelope)]) for envelope in envelopes]


# Made, locked and read by the unique index, whatever the planner believes of a table that was empty
# when the statement was first planned: a join grew with the table until the first analyze (seen).
_LOCK = """
INSERT INTO applied AS a (city, consumer, agg_type, agg_id, epoch, version, event_id)
SELECT $1, $2, k.agg_type, k.agg_id, 0, 0, '00000000-0000-0000-0000-000000000000'
  FROM unnest($3::text[], $4::uuid[]) WITH ORDINALITY AS k(agg_type, agg_id, place)
 ORDER BY k.place
ON CONFLICT (city, consumer, agg_type, agg_id) DO UPDATE SET version = a.version
RETURNING a.agg_type, a.agg_id, a.epoch, a.version, a.event_id, old.epoch IS NULL AS made
"""
_BEHIND = """
SELECT k.agg_type, k.agg_id, d.epoch, d.version, true AS dead
  FROM unnest($3::text[], $4::uuid[]) AS k(agg_type, agg_id)
  JOIN dead_letter d USING (agg_type, agg_id) WHERE d.city = $1 AND d.consumer = $2
UNION ALL
SELECT k.agg_type, k.agg_id, 0, 0, false
  FROM unnest($3::text[], $4::uuid[]) AS k(agg_type, agg_id)
 WHERE EXISTS (SELECT FROM parked p WHERE p.city = $1 AND p.consumer = $2
                  AND p.agg_type = k.agg_type AND p.agg_id = k.agg_id)
"""
_PARK = """
INSERT INTO parked (city, consumer, agg_type, agg_id, epoch, version, event, reason, seen)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp()) ON CONFLICT DO NOTHING
"""
_PARKED = """
SELECT event FROM parked
 WHERE city = $1 AND consumer = $2 AND agg_type = $3 AND agg_id = $4
   AND (epoch, version) > ($5::int, $6::bigint)
 ORDER BY epoch, version LIMIT $7
"""
_UNPARK = """
DELETE FROM parked WHERE city = $1 AND consumer = $2 AND agg_type = $3 AND agg_id = $4
   AND (epoch, version) <= ($5::int, $6::bigint)
"""
_UNPARK_ONE = """
DELETE FROM parked WHERE city = $1 AND consumer = $2 AND agg_type = $3 AND agg_id = $4
   AND epoch = $5 AND version = $6
"""
_UNBURY = """
DELETE FROM dead_letter WHERE city = $1 AND consumer = $2 AND id = $3 RETURNING event, agg_id
"""
_BURY = """
INSERT INTO dead_letter (id, city, consumer, agg_type, agg_id, epoch, version, event, reason, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp()) ON CONFLICT DO NOTHING
"""


async def lock(tx: Transaction, consumer: str, keys: Iterable[Key]) -> dict[Key, Mark]:
    """Take the watermarks of these aggregates, in key order, made where there are none.

    Also a new one is made and locked: two consumers that meet an aggregate at once must wait for
    each other, else one parks what the other's commit would have drained.
    """
    ordered = sorted(set(keys))
    where = (tx.city, consumer, [kind for kind, _ in ordered], [each for _, each in ordered])
    locked = await tx.fetch(_LOCK, *where)
    marks = {
        (row["agg_type"], row["agg_id"]): Mark(row["epoch"], row["version"], row["event_id"])
        for row in locked
    }
    if all(row["made"] for row in locked):
        return marks  # whatever waits or blocks was put there under a mark
    for row in await tx.fetch(_BEHIND, *where):
        mark = marks[row["agg_type"], row["agg_id"]]
        if row["dead"]:
            mark.dead.add((row["epoch"], row["version"]))
        else:
            mark.waiting = True
    return marks


async def advance(tx: Transaction, consumer: str, marks: dict[Key, Mark]) -> None:
    """Write the watermarks that moved, with the effects, and drop what was parked up to them."""
    moved = [(key, mark) for key, mark in marks.items() if mark.moved]
    tx.keep(
        *(
            Applied(
                consumer=consumer,
                agg_type=kind,
                agg_id=agg_id,
                epoch=mark.epoch,
                version=mark.version,
                event_id=mark.event_id,
            )
            for (kind, agg_id), mark in moved
        )
    )
    for key, mark in moved:
        if mark.waiting:
            await tx.execute(_UNPARK, tx.city, consumer, *key, *mark.at)


async def park(tx: Transaction, consumer: str, envelope: Envelope, reason: str) -> None:
    """Put an envelope aside until its turn comes."""
    await tx.execute(
        _PARK,
        *(tx.city, consumer, *key_of(envelope), *envelope.at),
        *(envelope.to_bytes(), reason),
    )


async def parked(
    tx: Transaction, consumer: str, key: Key, after: tuple[int, int], limit: int
) -> list[Envelope]:
    """Return what is parked of an aggregate above a version, in order."""
    found = await tx.fetch(_PARKED, tx.city, consumer, *key, *after, limit)
    return [Envelope.read(bytes(row["event"])) for row in found]


@dataclass(frozen=True, kw_only=True)
class Dead:
    """An event that cannot be applied, and why; of an unreadable one little is known."""

    consumer: str
    kind: str
    agg_id: UUID | None = None
    epoch: int | None = None
    version: int | None = None
    event: bytes
    reason: str


async def bury(tx: Transaction, letter: UUID, dead: Dead) -> None:
    """Write a dead letter; the event is no longer parked, and blocks what comes behind it."""
    where = (tx.city, dead.consumer, dead.kind, dead.agg_id, dead.epoch, dead.version)
    await tx.execute(_BURY, letter, *where, dead.event, dead.reason)
    await tx.execute(_UNPARK_ONE, *where)


async def unbury(tx: Transaction, consumer: str, letter: UUID) -> tuple[bytes, bool]:
    """Take a dead letter away; return its event, and whether it names an aggregate."""
    gone = await tx.fetch(_UNBURY, tx.city, consumer, letter)
    if not gone:
        raise NoLetter(str(letter))
    return bytes(gone[0]["event"]), gone[0]["agg_id"] is not None
