"""Casework's longer reads, each one statement."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from chassis.db import Transaction
from chassis.divisions import Division, in_other_system, township_of
from chassis.looks import CITY, Look, Reader, Values
from chassis.rows import CityRow, shape
from chassis.tables import PersonKey
from services.casework.decide import FULL
from services.casework.models import Person, StationKept
from services.casework.shapes import Load
from services.casework.transitions import OPEN

RowT = TypeVar("RowT", bound=CityRow)

_KEPT = shape(StationKept).every
# What is in hand is counted where there is a choice, and no further than it matters: a referral
# must not cost more with every one that came before it.
_CANDIDATES = f"""
SELECT {", ".join(f"s.{name}" for name in _KEPT)},
  (SELECT count(DISTINCT w.id) FROM posting_kept p JOIN worker_kept w
     ON w.city = p.city AND w.id = p.worker_id
   WHERE p.city = $1 AND p.station_id = s.id AND w.status = 'active' AND w.cert <> 'none'
     AND p.starts_on <= $4 AND (p.ends_on IS NULL OR p.ends_on >= $4)) AS certified,
  CASE WHEN count(*) OVER () > 1 THEN (SELECT count(*) FROM (
    SELECT FROM referral r
    WHERE r.city = $1 AND r.station_id = s.id AND r.status = ANY($5) LIMIT {FULL}) r) END AS load
FROM (
  SELECT * FROM station_kept
  WHERE city = $1 AND division_system = $2 AND status = 'open'
    AND serves = '[]' AND division = ANY($3::text[])
  UNION ALL
  SELECT * FROM station_kept
  WHERE city = $1 AND division_system = $2 AND status = 'open'
    AND serves <> '[]' AND serves ?| $3::text[]) s
"""  # noqa: S608 - column names of ours

LOAD = """
SELECT count(*) FILTER (WHERE status = 'routed') AS routed,
  count(*) FILTER (WHERE status = 'accepted') AS accepted,
  count(*) FILTER (WHERE status = 'started') AS started,
  count(*) FILTER (WHERE status = 'information_requested') AS information_requested,
  count(*) FILTER (WHERE status = 'routed' AND reply_by < $4) AS late
FROM referral WHERE city = $1 AND station_id = $2 AND status = ANY($3)
"""


_OTHER = {"nbs": "mca", "mca": "nbs"}


class Candidates(NamedTuple):
    """The open stations on a division's line: certified workers in post, and referrals in hand.

    Those in hand are counted up to `FULL`, and only where there is more than one station.
    """

    stations: list[StationKept]
    certified: dict[UUID, int]
    load: dict[UUID, int]


def candidates(system: str, division: str, today: date) -> Look[Candidates]:
    """Look for the stations that serve a division, or what it lies in: their own, unless they say."""
    line = [division[:length] for length in (12, 9, 6) if length <= len(division)]

    def made(tx: Reader, rows: list[Values]) -> Candidates:
        stations = [tx.met(StationKept, {name: row[name] for name in _KEPT}) for row in rows]
        return Candidates(
            stations,
            {row["id"]: row["certified"] for row in rows},
            {row["id"]: row["load"] or 0 for row in rows},
        )

    args = (CITY, system, line, today, list(OPEN))
    return Look(_CANDIDATES, args, (*_KEPT, "certified", "load"), made, StationKept)


async def candidates_elsewhere(tx: Transaction, ground: Division) -> tuple[str, Candidates]:
    """Return the stations of a place registered in the other code system, and its code there.

    The township is found there by its name.
    """
    township = await township_of(tx, ground.system, ground.code)
    there = township and await in_other_system(tx, township, _OTHER[ground.system])
    if there is None:
        return ground.code, Candidates([], {}, {})
    [found] = await tx.look(candidates(there.system, there.code, tx.today))
    return there.code, found


_IDS = "SELECT person_id FROM referral WHERE city = $1 AND id = ANY($2)"


def people_of(referral_ids: Sequence[UUID]) -> tuple[Look[list[Person]], Look[list[PersonKey]]]:
    """Look for the people of these referrals, and for the keys that open them."""
    return _of(Person, "id", referral_ids), _of(PersonKey, "person_id", referral_ids)


def _of(model: type[RowT], name: str, referral_ids: Sequence[UUID]) -> Look[list[RowT]]:
    about = shape(model)
    text = (
        f"SELECT {', '.join(about.every)} FROM {about.table} WHERE city = $1 AND {name} IN ({_IDS})"  # noqa: S608 - names of ours
    )
    return Look(
        text,
        (CITY, list(referral_ids)),
        about.every,
        lambda tx, rows: [tx.met(model, row) for row in rows],
        model,
    )


def load_of(station_id: UUID, now: datetime) -> Look[Load]:
    """Look for what a station has in hand."""
    names = tuple(n for n in Load.model_fields if n != "station_id")
    args = (CITY, station_id, list(OPEN), now)
    return Look(LOAD, args, names, lambda _, rows: Load(station_id=station_id, **rows[0]))
