"""The event log puts right what the broker lost: a stream that is gone, a gap a consumer has.

Event ids stay the same and consumers know what they have applied, so putting a row back into the
outbox is always safe; at worst somebody hears it twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import orjson

from chassis import log
from chassis.metrics import relay_refilled_total

RESENT = "resent"
"""Marks a row of the outbox that was published before: the broker's memory of message ids, which
would swallow it while the stream still holds the first, is passed by with another message id."""

_INTO_OUTBOX = """
INSERT INTO outbox
  (city, part, agg_type, agg_id, epoch, version, event_id, type, body, traceparent, attempts, error)
SELECT city, ('x' || right(agg_id::text, 1))::bit(4)::int, agg_type, agg_id, epoch, version,
       event_id, type, body, traceparent, 0, 'resent'
  FROM event_log
"""
_WITHIN = """
 WHERE ($1::text IS NULL OR city = $1) AND ($2::text IS NULL OR agg_type = $2)
   AND ($3::uuid IS NULL OR agg_id = $3) AND (epoch, version) >= ($4::int, $5::bigint)
   AND ($6::timestamptz IS NULL OR at >= $6)
"""
_IN_ORDER = " ORDER BY at, epoch, version ON CONFLICT DO NOTHING"
# Below everything that waits, and below what a transaction still to be committed has drawn: a later
# version that was waiting when the stream was lost must not be told before its predecessors. The
# time of a version is the latest of its aggregate up to it, since clocks may disagree with versions.
_REFILL = """
INSERT INTO outbox
  (city, seq, part, agg_type, agg_id, epoch, version, event_id, type, body, traceparent, attempts)
OVERRIDING SYSTEM VALUE
SELECT city, least((SELECT min(seq) FROM outbox), 0) - row_number() OVER later,
       ('x' || right(agg_id::text, 1))::bit(4)::int, agg_type, agg_id, epoch, version,
       event_id, type, body, traceparent, 0
  FROM (SELECT *, max(at) OVER (
          PARTITION BY city, agg_type, agg_id ORDER BY epoch, version) AS told FROM event_log) e
WINDOW later AS (ORDER BY told DESC, epoch DESC, version DESC)
ON CONFLICT (city, agg_type, agg_id, epoch, version) DO NOTHING
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events are wanted again; what is not said does not narrow."""

    city: str | None = None
    aggregate: str | None = None
    id: UUID | None = None
    from_epoch: int = 0
    from_version: int = 0
    since: datetime | None = None

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a request for one aggregate's events; raises ValueError when it does not fit."""
        try:
            given = orjson.loads(body)
            return cls(
                city=str(given["city"]),
                aggregate=str(given["aggregate"]),
                id=UUID(given["id"]),
                from_epoch=int(given["from_epoch"]),
                from_version=int(given["from_version"]),
            )
        except (KeyError, TypeError, AttributeError) as wrong:
            raise ValueError(
                "city, aggregate, id, from_epoch and from_version are needed"
            ) from wrong

    def to_bytes(self) -> bytes:
        """Return the request as it travels."""
        return orjson.dumps(
            {
                "city": self.city,
                "aggregate": self.aggregate,
                "id": str(self.id),
                "from_epoch": self.from_epoch,
                "from_version": self.from_version,
            }
        )


async def resend(db: Any, wanted: Wanted) -> int:
    """Put events back into the outbox, as the relay's role; return how many."""
    done = await db.execute(
        _INTO_OUTBOX + _WITHIN + _IN_ORDER,
        wanted.city,
        wanted.aggregate,
        wanted.id,
        wanted.from_epoch,
        wanted.from_version,
        wanted.since,
    )
    count = _count(done)
    relay_refilled_total.labels("resend").inc(count)
    return count


class Outdated(Exception):
    """Another relay has met another stream since the broker was asked: ask again."""


@dataclass(frozen=True)
class Seen:
    """How far a stream was known to have come, and which one it was; none yet, if never met."""

    created: datetime | None
    last_seq: int


async def seen(db: Any, stream: str) -> Seen:
    """Return what is known of a stream now."""
    row = await db.fetchrow(
        "SELECT created_at, last_seq FROM stream_seen WHERE stream = $1", stream
    )
    return Seen(row["created_at"], row["last_seq"]) if row else Seen(None, 0)


async def compare(
    db: Any,
    stream: str,
    created: datetime,
    last_seq: int,
    *,
    before: Seen | None = None,
    lost: bool = False,
) -> int:
    """Refill the outbox if the stream is not the one that was left; return with how many events.

    Another creation time is another stream; a last sequence below ours is one that was rolled
    back. `before` is what was known before the broker was asked: what another relay has published
    and noted since, the broker's answer could not tell. `lost` says so for a third sign: an
    acknowledgement below what was acknowledged before.
    """
    async with db.transaction():
        await db.execute(
            "INSERT INTO stream_seen (stream, created_at, last_seq) VALUES ($1, $2, $3)"
            " ON CONFLICT DO NOTHING",
            *(stream, created, last_seq),
        )
        row = await db.fetchrow(
            "SELECT created_at, last_seq FROM stream_seen WHERE stream = $1 FOR UPDATE", stream
        )
        now = Seen(row["created_at"], row["last_seq"])
        known = before or now
        if now.created not in (known.created, created):
            raise Outdated
        shorter = known.created == created and known.last_seq > last_seq
        if now.created == created and not shorter and not lost:
            return 0
        done = await db.execute(_REFILL, timeout=600)
        await db.execute(
            "UPDATE stream_seen SET created_at = $2, last_seq = $3 WHERE stream = $1",
            *(stream, created, last_seq),
        )
    count = _count(done)
    relay_refilled_total.labels("stream-lost").inc(count)
    log.error("relay.refilled", stream=stream, events=count)
    return count


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])
