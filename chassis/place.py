"""How far a consumer has come in a stream, by its own database's word.

The broker remembers a place too, and it may be further: a database that was restored from a backup
has forgotten what the broker knows it acknowledged. So the place is noted here every few seconds,
and whoever binds a durable that stands further begins again from the note. After a crash that is a
few seconds' worth of events heard twice; after a restore it is all that was missed.

Who goes on hearing while the database is put back sees it by the note, which falls back behind the
one it wrote itself, or by the connection that was lost: then it binds again, from the note.
"""

from datetime import datetime
from typing import Any

from chassis import repair

# Beside the streams themselves (chassis.repair), under the durable's name, which is no stream's.
_NOTE = """
INSERT INTO stream_seen AS s (stream, created_at, last_seq)
SELECT $1::text, $2::timestamptz, $3::bigint WHERE $4::bigint = 0 OR EXISTS (SELECT FROM stream_seen WHERE stream = $1)
ON CONFLICT (stream) DO UPDATE SET created_at = $2,
  last_seq = CASE WHEN s.created_at = $2 THEN greatest(s.last_seq, $3) ELSE $3 END
  WHERE $4 = 0 OR (s.created_at = $2 AND s.last_seq >= $4)
RETURNING true
"""


async def known(db: Any, durable: str, created: datetime | None) -> int:
    """Return the last place noted in the stream of this birth; 0 when there is none."""
    seen = await repair.seen(db, durable)
    return seen.last_seq if seen.created == created else 0


async def note(db: Any, durable: str, created: datetime, floor: int, known: int) -> bool:
    """Note a place up to which all is acknowledged, which means committed here.

    False, and nothing is noted, where what we knew to be noted is there no more: it was restored.
    """
    return bool(await db.fetchval(_NOTE, durable, created, floor, known))
