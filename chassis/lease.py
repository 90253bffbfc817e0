"""Who relays which part of the outbox: a lease that expires by the database's clock.

A session lock would stay with a holder that hangs. A lease does not: it is renewed each second and
free after five. Its token rises with every new holder, and what a holder deletes is deleted only
under its own token, so a process that wakes up after a long sleep changes nothing.
"""

import time
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

LEASE_S = 5
RENEW_S = 1.0

_TAKE = """
WITH free AS (
  SELECT part FROM relay_lease
   WHERE holder = $1 OR holder IS NULL OR expires_at < clock_timestamp()
   ORDER BY part FOR UPDATE SKIP LOCKED)
UPDATE relay_lease l
   SET holder = $1, token = l.token + (l.holder IS DISTINCT FROM $1)::int,
       expires_at = clock_timestamp() + make_interval(secs => $2)
  FROM free WHERE l.part = free.part RETURNING l.part, l.token
"""

_RELEASE = """
UPDATE relay_lease SET expires_at = '-infinity' WHERE holder = $1
"""

# The stream first: whoever has met another one since holds that row, and has refilled the outbox.
_DELETE = """
WITH seen AS (
  UPDATE stream_seen SET last_seq = greatest(last_seq, $5)
   WHERE stream = $4 AND created_at = $6 RETURNING 1),
gone AS (
  DELETE FROM outbox o
   USING relay_lease l, seen,
         unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS done(part, token, seq)
   WHERE l.part = done.part AND l.token = done.token AND l.expires_at > clock_timestamp()
     AND o.part = done.part AND o.seq = done.seq
  RETURNING 1)
SELECT count(*) FROM gone
"""


class Lease:
    """One relay's hold on parts of the outbox. A new process is a new holder."""

    def __init__(self, holder: UUID | None = None) -> None:
        self.holder = holder or uuid4()
        self.tokens: dict[int, int] = {}
        self._renewed = float("-inf")

    @property
    def parts(self) -> list[int]:
        """The parts that are surely ours now; none when the last renewal is too long ago."""
        fresh = time.monotonic() - self._renewed < LEASE_S - RENEW_S
        return sorted(self.tokens) if fresh else []

    async def renew(self, db: Any) -> None:
        """Keep what is ours and take what is free."""
        asked = time.monotonic()
        held = await db.fetch(_TAKE, self.holder, LEASE_S)
        self.tokens = {row["part"]: row["token"] for row in held}
        self._renewed = asked

    async def release(self, db: Any) -> None:
        """Leave everything to the next, at once."""
        self.tokens = {}
        await db.execute(_RELEASE, self.holder)

    async def delete(
        self,
        db: Any,
        published: list[tuple[int, int]],
        stream: str,
        created: datetime,
        last_seq: int,
    ) -> int:
        """Delete rows of the outbox (part, seq) that are published, as far as they are still ours.

        And as far as the stream they were published to is still the stream: what an earlier one
        acknowledged is gone with it.
        How far the stream has come is noted in the same statement: a row that is gone from here
        proves, should the stream ever stand lower, that the broker has lost something.
        """
        parts = [part for part, _ in published if part in self.tokens]
        tokens = [self.tokens[part] for part in parts]
        seqs = [seq for part, seq in published if part in self.tokens]
        return int(await db.fetchval(_DELETE, parts, tokens, seqs, stream, last_seq, created))
