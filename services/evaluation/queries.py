"""Reads of the fact history: of each subject the last version that spoke of a day, as then known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from chassis.clock import day_of
from chassis.db import Transaction
from chassis.reading import among
from services.evaluation.decide.attest import Statements, standing
from services.evaluation.decide.cases import Case, Key
from services.evaluation.decide.stages import as_counted, staged
from services.evaluation.decide.waivers import Waivers, held
from services.evaluation.models import Attestation, Told, Waiver

State = dict[str, Any]

ALL_KNOWN = datetime(9999, 1, 1, tzinfo=UTC)
"""`known_at` of the present: also what a producer whose clock is ahead has told."""


@dataclass(frozen=True)
class When:
    """The two times of a question: of which day, and as known at which instant."""

    day: date
    known_at: datetime
    now: datetime | None = None
    """The present, where `known_at` lies beyond it."""

    @property
    def over(self) -> date:
        """The last day that is over, of those up to the day asked of: today is not."""
        present = min(self.known_at, self.now or self.known_at)
        return min(self.day, day_of(present) - timedelta(days=1))

    @property
    def past(self) -> bool:
        """Whether the day asked of is over."""
        return self.over == self.day


_TOLD = "f.kind, f.subject_id, f.state, f.epoch, f.version, f.known_from, f.event_id, f.type"
_SOME = f"""
SELECT DISTINCT ON (f.subject_id) {_TOLD} FROM fact f
 WHERE f.city = $1 AND f.valid_from <= $2 AND f.known_from <= $3 AND f.kind = $4
   AND f.subject_id = ANY($5)
 ORDER BY f.subject_id, f.epoch DESC, f.version DESC
"""  # noqa: S608 - constants
_EVERY = f"""
SELECT DISTINCT ON (f.subject_id) {_TOLD} FROM fact f
 WHERE f.city = $1 AND f.valid_from <= $2 AND f.known_from <= $3 AND f.kind = $4
 ORDER BY f.subject_id, f.epoch DESC, f.version DESC
"""  # noqa: S608
_AROUND = f"""
SELECT DISTINCT ON (r.about_id, f.kind, f.subject_id) r.about_id, {_TOLD}
  FROM related r JOIN fact f USING (city, kind, subject_id)
 WHERE r.city = $1 AND r.about_id = ANY($4) AND r.kind = ANY($5)
   AND f.valid_from <= $2 AND f.known_from <= $3
 ORDER BY r.about_id, f.kind, f.subject_id, f.epoch DESC, f.version DESC
"""  # noqa: S608
_OF_AGENCIES = f"""
SELECT DISTINCT ON (f.subject_id) {_TOLD} FROM fact f
 WHERE f.city = $1 AND f.valid_from <= $2 AND f.known_from <= $3
   AND f.kind = 'contract' AND f.state->>'agency_id' = ANY($4)
 ORDER BY f.subject_id, f.epoch DESC, f.version DESC
"""  # noqa: S608
_SPOKEN_OF = """
SELECT DISTINCT about_id FROM related
 WHERE city = $1 AND kind = $2 AND subject_id = ANY($3)
"""
_SPEAKING = """
SELECT DISTINCT subject_id FROM related
 WHERE city = $1 AND kind = $2 AND about_id = ANY($3)
"""
_BELOW = """
SELECT DISTINCT (f.state->>'to_id')::uuid AS station_id FROM fact f
 WHERE f.city = $1 AND f.kind = 'link' AND f.state->>'kind' = 'supervises'
   AND f.state->>'from_id' = ANY($2)
"""
_ONE_GRANTS = """
SELECT pg_advisory_xact_lock(hashtextextended('waiver:' || $1 || ':' || $2 || ':' || $3, 0))
"""
_NEXT = """
SELECT DISTINCT subject_id FROM fact f
 WHERE city = $1 AND kind = $2 AND ($3::uuid IS NULL OR subject_id > $3)
 ORDER BY subject_id LIMIT $4
"""
_NEXT_LOOSE = """
SELECT DISTINCT subject_id FROM fact f
 WHERE city = $1 AND kind = $2 AND ($3::uuid IS NULL OR subject_id > $3)
   AND NOT EXISTS (SELECT FROM related r
                    WHERE r.city = $1 AND r.kind = $2 AND r.subject_id = f.subject_id)
 ORDER BY subject_id LIMIT $4
"""
_HISTORY = """
SELECT f.subject_id, f.valid_from::text AS valid_from, f.state->>'status' AS status,
       f.state->>'tier' AS tier, f.state->>'district' AS district, f.state->>'cert' AS cert,
       f.state->>'cert_on' AS cert_on, f.state->>'open_on' AS open_on, f.state->'stages' AS stages,
       (SELECT min(p->>'starts_on') FROM jsonb_array_elements(f.state->'postings') p) AS began,
       (f.known_from AT TIME ZONE 'Asia/Shanghai')::date::text AS told
  FROM fact f WHERE f.city = $1 AND f.valid_from <= $2 AND f.known_from <= $3 AND f.kind = $4
 ORDER BY f.subject_id, f.epoch DESC, f.version DESC
"""
_COMMUNITIES = """
SELECT count(*) AS number FROM division
 WHERE system = $1 AND vintage = $2 AND level = 5
   AND EXISTS (SELECT FROM unnest($3::text[]) AS prefix
                WHERE code >= prefix AND code < prefix || ':')
"""


async def one(tx: Transaction, kind: str, subject_id: UUID, when: When) -> Told | None:
    """Return what was told of a subject, or None where nothing was known of that day."""
    return (await some(tx, kind, [subject_id], when)).get(subject_id)


async def some(tx: Transaction, kind: str, ids: Iterable[UUID], when: When) -> dict[UUID, Told]:
    """Return what was told of several subjects of a kind."""
    rows = await tx.fetch(_SOME, tx.city, when.day, when.known_at, kind, list(ids))
    return {row["subject_id"]: _told(row, when.day) for row in rows}


async def every(tx: Transaction, kind: str, when: When) -> list[Told]:
    """Return what was told of every subject of a kind."""
    rows = await tx.fetch(_EVERY, tx.city, when.day, when.known_at, kind)
    return [_told(row, when.day) for row in rows]


def _told(row: Any, day: date) -> Told:
    told = Told._make(row)
    return told._replace(state=staged(told.state, day)) if told.kind == "station" else told


async def stations(tx: Transaction, when: When) -> list[Told]:
    """Return the stations of a day as areas count them: by their stages, whenever they were entered."""
    latest = await every(tx, "station", When(date.max, when.known_at) if when.past else when)
    if not when.past:
        return latest
    then = {each.subject_id: each.state for each in await every(tx, "station", when)}
    counted = [
        (each, as_counted(each.state, then.get(each.subject_id), when.day)) for each in latest
    ]
    return [each._replace(state=dict(state)) for each, state in counted if state is not None]


async def around(
    tx: Transaction, about: Iterable[UUID], when: When, *kinds: str
) -> dict[tuple[UUID, str], list[Told]]:
    """Return those whose facts have ever spoken of a station or a worker, by whom and kind."""
    found: dict[tuple[UUID, str], list[Told]] = {}
    rows = await tx.fetch(_AROUND, tx.city, when.day, when.known_at, list(about), list(kinds))
    once: dict[tuple[str, UUID], Told] = {}
    for about_id, *told in rows:
        each = once.setdefault((told[0], told[1]), Told._make(told))
        found.setdefault((about_id, each.kind), []).append(each)
    return found


async def history(tx: Transaction, kind: str, when: When) -> dict[UUID, list[State]]:
    """Return every version told of a kind's subjects, the latest word first: what years are counted by."""
    found: dict[UUID, list[State]] = {}
    for row in await tx.fetch(_HISTORY, tx.city, when.day, when.known_at, kind):
        found.setdefault(row["subject_id"], []).append(dict(row))
    return found


async def contracts_of(
    tx: Transaction, agencies: Iterable[UUID], when: When
) -> dict[UUID, list[Told]]:
    """Return the contracts of agencies."""
    given = [str(each) for each in agencies]
    found: dict[UUID, list[Told]] = {}
    for row in await tx.fetch(_OF_AGENCIES, tx.city, when.day, when.known_at, given):
        told = Told._make(row)
        found.setdefault(UUID(told.state["agency_id"]), []).append(told)
    return found


async def spoken_of(tx: Transaction, kind: str, ids: Iterable[UUID]) -> set[UUID]:
    """Return the stations and workers that facts of these subjects have ever spoken of."""
    return {row["about_id"] for row in await tx.fetch(_SPOKEN_OF, tx.city, kind, list(ids))}


async def speaking(tx: Transaction, kind: str, about: Iterable[UUID]) -> set[UUID]:
    """Return the subjects of a kind whose facts have ever spoken of these."""
    return {row["subject_id"] for row in await tx.fetch(_SPEAKING, tx.city, kind, list(about))}


async def below(tx: Transaction, stations: Iterable[UUID]) -> set[UUID]:
    """Return the stations that any of these has ever supervised."""
    rows = await tx.fetch(_BELOW, tx.city, [str(each) for each in stations])
    return {row["station_id"] for row in rows}


async def registers(tx: Transaction, when: When) -> dict[str, str]:
    """Return from which day each register is whole, as known."""
    told = await every(tx, "register", When(date.max, when.known_at))
    return {each.state["name"]: each.state["complete_from"] for each in told}


async def following(
    tx: Transaction, kind: str, after: UUID | None, number: int, *, loose: bool = False
) -> list[UUID]:
    """Return the next subjects of a kind by id; `loose` ones have never spoken of a station."""
    text = _NEXT_LOOSE if loose else _NEXT
    return [row["subject_id"] for row in await tx.fetch(text, tx.city, kind, after, number)]


async def one_grants(tx: Transaction, about: Key) -> None:
    """Wait until nobody else grants a waiver of this subject: two at once would not see each other."""
    await tx.fetch(_ONE_GRANTS, tx.city, *about)


async def waived(tx: Transaction, when: When, cases: Iterable[Case]) -> Waivers:
    """Return what is waived that day of these subjects, and of the stations they are at."""
    row = cast("Any", Waiver)
    whose = {each for case in cases for each in (case.id, case.station_id) if each}
    rows = await tx.find(
        Waiver, among(row.subject_id, whose), row.starts_on <= when.day, row.until >= when.day
    )
    return held(rows, when.known_at)


async def stated(tx: Transaction, when: When, subjects: Iterable[Key] | None = None) -> Statements:
    """Return what was stated of subjects, or of all."""
    row = cast("Any", Attestation)
    where = [row.holds_from <= when.day]
    if subjects is not None:
        where.append(among(row.subject_id, {identity for _, identity in subjects}))
    return standing(await tx.find(Attestation, *where), when.day, when.known_at)


async def communities(
    tx: Transaction, system: str, vintage: date, prefixes: list[str]
) -> int | None:
    """Return how many communities an edition has in an area; None where it lists none."""
    rows = await tx.fetch(_COMMUNITIES, system, vintage, prefixes)
    return int(rows[0]["number"]) or None
