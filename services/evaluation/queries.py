"""Reads of the fact history: of each subject the last version that spoke of a day, as then known."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction

State = dict[str, Any]


@dataclass(frozen=True)
class When:
    """The two times of a question: of which day, and as known at which instant."""

    day: date
    known_at: datetime


_ONE = """
SELECT state FROM fact
 WHERE city = $1 AND valid_from <= $2 AND known_from <= $3 AND kind = $4 AND subject_id = $5
 ORDER BY epoch DESC, version DESC LIMIT 1
"""
_EVERY = """
SELECT DISTINCT ON (subject_id) state FROM fact
 WHERE city = $1 AND valid_from <= $2 AND known_from <= $3 AND kind = $4
 ORDER BY subject_id, epoch DESC, version DESC
"""
_AT_STATION = """
SELECT DISTINCT ON (f.kind, f.subject_id) f.kind, f.subject_id, f.state
  FROM related r JOIN fact f USING (city, kind, subject_id)
 WHERE r.city = $1 AND r.station_id = $4 AND r.kind = ANY($5)
   AND f.valid_from <= $2 AND f.known_from <= $3
 ORDER BY f.kind, f.subject_id, f.epoch DESC, f.version DESC
"""
_COMMUNITIES = """
SELECT count(*) AS number FROM division
 WHERE system = $1 AND vintage = $2 AND level = 5
   AND EXISTS (SELECT FROM unnest($3::text[]) AS prefix
                WHERE code >= prefix AND code < prefix || ':')
"""


async def one(tx: Transaction, kind: str, subject_id: UUID, when: When) -> State | None:
    """Return a subject's state, or None where nothing was known of that day."""
    rows = await tx.fetch(_ONE, tx.city, when.day, when.known_at, kind, subject_id)
    return rows[0]["state"] if rows else None


async def every(tx: Transaction, kind: str, when: When) -> list[State]:
    """Return the state of every subject of a kind."""
    rows = await tx.fetch(_EVERY, tx.city, when.day, when.known_at, kind)
    return [row["state"] for row in rows]


async def at_station(
    tx: Transaction, station_id: UUID, when: When, *kinds: str
) -> dict[str, list[State]]:
    """Return the states of those whose facts have ever spoken of a station, by kind."""
    found: dict[str, list[State]] = {kind: [] for kind in kinds}
    rows = await tx.fetch(_AT_STATION, tx.city, when.day, when.known_at, station_id, list(kinds))
    for row in rows:
        found[row["kind"]].append(row["state"])
    return found


async def communities(
    tx: Transaction, system: str, vintage: date, prefixes: list[str]
) -> int | None:
    """Return how many communities an edition has in an area; None where it lists none."""
    rows = await tx.fetch(_COMMUNITIES, system, vintage, prefixes)
    return int(rows[0]["number"]) or None
