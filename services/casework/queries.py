"""Casework's longer reads, each one statement."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.db import Transaction
from chassis.divisions import Division, in_other_system, township_of
from services.casework.models import StationKept
from services.casework.shapes import Load
from services.casework.transitions import OPEN

STAFF_AND_LOAD = """
SELECT s.id,
  (SELECT count(DISTINCT w.id) FROM posting_kept p JOIN worker_kept w
     ON w.city = p.city AND w.id = p.worker_id
   WHERE p.city = $1 AND p.station_id = s.id AND w.status = 'active' AND w.cert <> 'none'
     AND p.starts_on <= $3 AND (p.ends_on IS NULL OR p.ends_on >= $3)) AS certified,
  (SELECT count(*) FROM referral r
   WHERE r.city = $1 AND r.station_id = s.id AND r.status = ANY($4)) AS load
FROM unnest($2::uuid[]) AS s(id)
"""
# Most divisions have one station. A list of unknown length is planned anew each time, one id is not.
STAFF_AND_LOAD_OF_ONE = STAFF_AND_LOAD.replace("unnest($2::uuid[])", "(VALUES ($2::uuid))")

LOAD = """
SELECT count(*) FILTER (WHERE status = 'routed') AS routed,
  count(*) FILTER (WHERE status = 'accepted') AS accepted,
  count(*) FILTER (WHERE status = 'started') AS started,
  count(*) FILTER (WHERE status = 'information_requested') AS information_requested,
  count(*) FILTER (WHERE status = 'routed' AND reply_by < $4) AS late
FROM referral WHERE city = $1 AND station_id = $2 AND status = ANY($3)
"""


_OTHER = {"nbs": "mca", "mca": "nbs"}


async def stations_on(tx: Transaction, ground: Division) -> tuple[str, list[StationKept]]:
    """Return the open stations on a division's line, and the code they know the division by.

    Its own stations, and those of what it lies in. Where they are registered in the other code
    system, the township is found there by its name.
    """
    found = await _on_line(tx, ground.system, ground.code)
    if not found and (township := await township_of(tx, ground.system, ground.code)):
        there = await in_other_system(tx, township, _OTHER[ground.system])
        if there is not None:
            return there.code, await _on_line(tx, there.system, there.code)
    return ground.code, found


async def _on_line(tx: Transaction, system: str, division: str) -> list[StationKept]:
    line = [division[:length] for length in (12, 9, 6) if length <= len(division)]
    return await tx.find(
        StationKept,
        division=line,
        division_system=system,
        status="open",
    )


async def staff_and_load(
    tx: Transaction, stations: Sequence[StationKept], today: date
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Return certified workers in post, and referrals in hand, by station."""
    if not stations:
        return {}, {}
    ids = [s.id for s in stations]
    text, asked = (STAFF_AND_LOAD_OF_ONE, ids[0]) if len(ids) == 1 else (STAFF_AND_LOAD, ids)
    rows = await tx.fetch(text, tx.city, asked, today, list(OPEN))
    return {r["id"]: r["certified"] for r in rows}, {r["id"]: r["load"] for r in rows}


async def load_of(tx: Transaction, station_id: UUID) -> Load:
    """Return what a station has in hand."""
    rows = await tx.fetch(LOAD, tx.city, station_id, list(OPEN), tx.now)
    return Load(station_id=station_id, **dict(rows[0]))
