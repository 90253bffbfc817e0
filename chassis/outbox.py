"""The outbox as its relay sees it, over the cities: what waits, what rests, what is blocked."""

from typing import Any
from uuid import UUID

from chassis.events import PARTS
from chassis.metrics import outbox_blocked, outbox_oldest_seconds, outbox_waiting

_WAITING = """
SELECT o.* FROM unnest($1::smallint[]) AS p(part) CROSS JOIN LATERAL (
  SELECT o.part, o.seq, o.city, o.agg_type, o.agg_id, o.event_id, o.type, o.body,
         o.attempts, o.error
    FROM outbox o
   WHERE o.part = p.part AND NOT EXISTS (
     SELECT FROM outbox_blocked b
      WHERE b.city = o.city AND b.agg_type = o.agg_type AND b.agg_id = o.agg_id)
     AND NOT EXISTS (
     SELECT FROM outbox r
      WHERE r.city = o.city AND r.agg_type = o.agg_type AND r.agg_id = o.agg_id
        AND r.not_before > clock_timestamp())
   ORDER BY o.seq LIMIT $2) o
"""
_REST = """
UPDATE outbox SET attempts = attempts + 1, error = $3,
       not_before = clock_timestamp() + make_interval(secs => $4)
 WHERE part = $1 AND seq = $2
"""
_BLOCK = """
INSERT INTO outbox_blocked (city, agg_type, agg_id, reason, at)
VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT DO NOTHING
"""
_SURVEY = """
SELECT (SELECT count(*) FROM outbox) AS waiting, (SELECT count(*) FROM outbox_blocked) AS blocked,
       (SELECT extract(epoch FROM clock_timestamp() - min(e.at))::float8
          FROM generate_series(0, $1 - 1) AS p(part)
         CROSS JOIN LATERAL (
           SELECT * FROM outbox o WHERE o.part = p.part ORDER BY o.seq LIMIT 1) o
          JOIN event_log e USING (city, agg_type, agg_id, epoch, version)) AS oldest
"""
FIRST_REST_S, LONGEST_REST_S = 0.5, 30.0
TRIES = 3


async def waiting(db: Any, parts: list[int], per_part: int) -> dict[Any, list[Any]]:
    """Return what waits in these parts, by aggregate, in order; the blocked are left out.

    An aggregate whose next event rests after a failure is left out as a whole, and takes nobody's
    place among those that are read.
    """
    found: dict[Any, list[Any]] = {}
    for row in await db.fetch(_WAITING, parts, per_part):
        found.setdefault((row["city"], row["agg_type"], row["agg_id"]), []).append(row)
    return found


async def refused(db: Any, row: Any, reason: str, *, final: bool) -> bool:
    """Note that the broker refuses a row; at the third final refusal its aggregate is blocked."""
    seconds = min(FIRST_REST_S * 2 ** row["attempts"], LONGEST_REST_S)
    await db.execute(_REST, row["part"], row["seq"], reason, seconds)
    if not final or row["attempts"] + 1 < TRIES:
        return False
    await db.execute(_BLOCK, row["city"], row["agg_type"], row["agg_id"], reason)
    return True


async def unblock(db: Any, city: str, agg_id: UUID) -> bool:
    """Let a blocked aggregate's events be tried again; whether there was one."""
    async with db.transaction():
        gone = await db.execute(
            "DELETE FROM outbox_blocked WHERE city = $1 AND agg_id = $2", city, agg_id
        )
        await db.execute(
            "UPDATE outbox SET attempts = 0, not_before = NULL WHERE city = $1 AND agg_id = $2",
            *(city, agg_id),
        )
    return bool(gone != "DELETE 0")


async def survey(db: Any) -> None:
    """Count what waits, and how long the oldest has."""
    found = await db.fetchrow(_SURVEY, PARTS)
    outbox_waiting.set(found["waiting"])
    outbox_blocked.set(found["blocked"])
    outbox_oldest_seconds.set(found["oldest"] or 0)
