"""The stored sheets: read, compared, written where they changed; and what is due to be judged."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis import problems
from chassis.db import Transaction
from chassis.identity import Actor
from chassis.packs.verdict import SEVERITY
from chassis.reading import cursor, uncursor
from services.evaluation.decide.cases import Key
from services.evaluation.decide.verdicts import RANKS, Kept
from services.evaluation.models import Due
from services.evaluation.reach import AT_STATION, area_of

AREAS = ("city", "district")
NOBODY = UUID(int=0)
_COLUMNS = "kind, subject_id, name, division, station_id, agency_id, verdicts, pack"
_STORED = f"""
SELECT {_COLUMNS} FROM sheet
 WHERE city = $1 AND (kind, subject_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""  # noqa: S608 - constants
_WRITE = """
INSERT INTO sheet (city, kind, subject_id, name, division, station_id, agency_id, verdicts,
                   pack, day, changed_at)
SELECT $1, r.kind, r.subject_id, r.name, r.division, r.station_id, r.agency_id,
       string_to_array(r.verdicts, ' '), r.pack, $10, $11
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[],
              $9::text[])
    AS r(kind, subject_id, name, division, station_id, agency_id, verdicts, pack)
ON CONFLICT (city, kind, subject_id) DO UPDATE SET
  name = excluded.name, division = excluded.division, station_id = excluded.station_id,
  agency_id = excluded.agency_id, verdicts = excluded.verdicts, pack = excluded.pack,
  day = excluded.day, changed_at = excluded.changed_at
"""
_DROP = """
DELETE FROM sheet
 WHERE city = $1 AND (kind, subject_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('judge:' || $1, 0))"
_TAKE = """
DELETE FROM due WHERE city = $1 AND seq = ANY(ARRAY(
  SELECT seq FROM due WHERE city = $1 ORDER BY seq LIMIT $2)) RETURNING kind, subject_id
"""
_WAITING = "SELECT count(*) AS number FROM (SELECT FROM due WHERE city = $1 LIMIT 1000) AS d"

_RANK = "CASE {} ELSE '{}' END".format(
    " ".join(
        f"WHEN v.text LIKE '%:broken:{modality}' THEN '{RANKS[severe]}'"
        for modality, severe in SEVERITY.items()
    )
    + f" WHEN v.text LIKE '%:undecided:%' THEN '{RANKS['undecided']}'",
    RANKS["else"],
)
"""As `verdicts.rank`."""
_SORTS = {
    "subject": ("s.kind", "s.subject_id", "v.text"),
    "division": ("s.division", "s.kind", "s.subject_id", "v.text"),
    "rule": ("v.text", "s.kind", "s.subject_id"),
    "severity": (_RANK, "s.kind", "s.subject_id", "v.text"),
}


def judge_again(tx: Transaction, kind: str, identity: str) -> None:
    """Have a subject judged soon after this commit, by this process or another."""
    about = NOBODY if kind in AREAS else UUID(identity)
    tx.keep(Due(kind=kind, subject_id=about))
    tx.follows_up = True


async def alone(tx: Transaction) -> None:
    """Wait until nobody else judges in this city: who read first must not write last."""
    await tx.fetch(_ALONE, tx.city)


async def take(tx: Transaction, number: int) -> set[tuple[str, UUID]]:
    """Take those longest due; they are due again if this transaction fails."""
    rows = await tx.fetch(_TAKE, tx.city, number)
    return {(row["kind"], row["subject_id"]) for row in rows}


async def waiting(tx: Transaction) -> int:
    """Return how many are due, a thousand at most."""
    return int((await tx.fetch(_WAITING, tx.city))[0]["number"])


async def write(tx: Transaction, kept: Sequence[Kept], gone: Iterable[Key]) -> int:
    """Write the sheets that are not as they were, and drop those of nobody; returns how many."""
    keys = [(each.kind, each.id) for each in kept]
    there = {(was.kind, was.id): was for was in await _stored(tx, keys)}
    new = [each for each in kept if there.get((each.kind, each.id)) != each]
    if new:
        columns = (
            [each.kind for each in new],
            [each.id for each in new],
            [each.name for each in new],
            [each.division for each in new],
            [each.station_id for each in new],
            [each.agency_id for each in new],
            [" ".join(each.verdicts) for each in new],
            [each.pack for each in new],
        )
        await tx.execute(_WRITE, tx.city, *columns, tx.today, tx.now)
    dropped = sorted(set(gone) - set(keys))
    if dropped:
        await tx.execute(_DROP, tx.city, *map(list, zip(*dropped, strict=True)))
    return len(new)


async def _stored(tx: Transaction, keys: Sequence[Key]) -> list[Kept]:
    if not keys:
        return []
    rows = await tx.fetch(_STORED, tx.city, [kind for kind, _ in keys], [each for _, each in keys])
    return [kept_of(row) for row in rows]


def kept_of(row: Mapping[str, Any]) -> Kept:
    """Read a stored sheet."""
    station, agency = row["station_id"], row["agency_id"]
    return Kept(
        row["kind"],
        row["subject_id"],
        row["name"],
        row["division"],
        str(station) if station else None,
        str(agency) if agency else None,
        tuple(row["verdicts"]),
        row["pack"],
    )


# ---------------------------------------------------------------------- lists


async def page(
    tx: Transaction,
    actor: Actor,
    texts: list[str] | None,
    *,
    kind: str | None,
    district: str | None,
    sort: str,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[tuple[Kept, str]]:
    """Return one page of stored verdicts within the caller's reach, and one more if there is."""
    args: list[Any] = [tx.city]

    def given(value: Any) -> str:
        args.append(value)
        return f"${len(args)}"

    where = ["s.city = $1", *_reached(actor, given)]
    if kind is not None:
        where.append(f"s.kind = {given(kind)}")
    if district is not None:
        where.append(f"starts_with(s.division, {given(district)})")
    if texts is not None:
        some = f"{given(texts)}::varchar[]"
        where += [f"s.verdicts && {some}", f"v.text = ANY({some})"]
    columns, down = _SORTS[sort.removeprefix("-")], sort.startswith("-")
    if after is not None:
        edge = ", ".join(given(each) for each in after)
        where.append(f"({', '.join(columns)}) {'<' if down else '>'} ({edge})")
    order = ", ".join(f"{column} {'DESC' if down else 'ASC'}" for column in columns)
    rows = await tx.fetch(
        f"SELECT {_COLUMNS}, v.text FROM sheet s CROSS JOIN LATERAL unnest(s.verdicts) AS v(text)"  # noqa: S608 - constants and places
        f" WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {limit + 1:d}",
        *args,
    )
    return [(kept_of(row), row["text"]) for row in rows]


def _reached(actor: Actor, given: Any) -> list[str]:
    area = area_of(actor)
    if area is not None:
        return [f"starts_with(s.division, {given(area)})"] if area else []
    if actor.role in AT_STATION and actor.station_id:
        return [f"s.station_id = {given(actor.station_id)}"]
    if actor.role == "agency" and actor.agency_id:
        return [f"s.agency_id = {given(actor.agency_id)}"]
    return ["false"]


def edge(after: str | None, sort: str) -> tuple[Any, ...] | None:
    """Read a list's cursor back."""
    if after is None:
        return None
    values = uncursor(after, len(_SORTS[sort.removeprefix("-")]))
    if not all(isinstance(each, str) for each in values):
        raise problems.Problem("malformed", {"zh": "游标 after 无效", "en": "`after` is no cursor"})
    return tuple(values)


def edge_of(values: Sequence[str]) -> str:
    """Return the cursor after which the next page begins."""
    return cursor(values)
