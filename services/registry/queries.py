"""Reads of more than one row that several routes share."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col

from chassis.db import Database, Transaction, Who
from chassis.divisions import Division
from chassis.identity import PLATFORM
from chassis.packs import Jurisdiction
from chassis.packs.subjects import fields_of
from chassis.problems import Invalid, NotFound, Problem
from chassis.tables import CityKept
from services.registry.facts import Words, strange_words
from services.registry.models import Link, Officer, PackVersion

NBS, MCA = "nbs", "mca"

# One scan for all cities; each edition that covers an area counts for itself.
_TOWNSHIPS = """
    SELECT area.city, d.system, d.vintage, count(DISTINCT d.code) AS number
    FROM unnest($1::text[], $2::text[]) AS area (city, prefix)
    JOIN division d ON d.level = 4 AND d.code >= area.prefix AND d.code < area.prefix || ':'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

_NEWEST = """
    SELECT max(d.vintage) AS vintage FROM unnest($2::text[]) AS area (prefix)
    JOIN division d ON d.system = $1 AND d.code >= area.prefix AND d.code < area.prefix || ':'
"""

_WITHIN = """
    SELECT d.* FROM division d
    WHERE d.system = $1 AND d.vintage = $2 AND d.code > $3
      AND EXISTS (SELECT FROM unnest($4::text[]) AS area (prefix)
                  WHERE d.code >= area.prefix AND d.code < area.prefix || ':')
      AND ($5::text IS NULL OR d.parent = $5) AND ($6::int IS NULL OR d.level = $6)
    ORDER BY d.code LIMIT $7
"""

# Whether the second end is reached from the first along links of a kind, on any day of a period.
_STANDS_OVER = """
    WITH RECURSIVE below (id, during) AS (
      SELECT to_id, period * daterange($5, $6, '[]') FROM link
      WHERE city = $1 AND kind = $2 AND from_id = $3 AND id <> $7
        AND period && daterange($5, $6, '[]')
      UNION
      SELECT l.to_id, l.period * b.during FROM below b JOIN link l ON l.from_id = b.id
      WHERE l.city = $1 AND l.kind = $2 AND l.id <> $7 AND l.period && b.during)
    SELECT EXISTS (SELECT FROM below WHERE id = $4) AS found
"""
_BELONGS_TO = """
    WITH RECURSIVE above (id) AS (
      SELECT parent_id FROM management_unit WHERE city = $1 AND id = $2
      UNION
      SELECT u.parent_id FROM above a JOIN management_unit u ON u.city = $1 AND u.id = a.id)
    SELECT EXISTS (SELECT FROM above WHERE id = $3) AS found
"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('network:' || $1, 0))"
_ONE_WAY = ("supervises", "controls")


async def alone_in_network(tx: Transaction) -> None:
    """Wait until nobody else changes who stands over whom in this city: two halves make a circle."""
    await tx.fetch(_ALONE, tx.city)


async def goes_round(tx: Transaction, link: Link) -> bool:
    """Whether a link's lower end stands over its upper one on a day it holds, through whatever lies between."""
    if link.kind not in _ONE_WAY:
        return False
    ends = (link.to_id, link.from_id)
    rows = await tx.fetch(
        _STANDS_OVER, tx.city, link.kind, *ends, link.starts_on, link.ends_on, link.id
    )
    return bool(rows[0]["found"])


async def belongs_to(tx: Transaction, unit: UUID, other: UUID) -> bool:
    """Whether a unit belongs to another, through whatever lies between."""
    rows = await tx.fetch(_BELONGS_TO, tx.city, unit, other)
    return bool(rows[0]["found"])


_VERSIONS = """
    SELECT epoch, version, type, body, client, purpose, at FROM event_log
    WHERE city = $1 AND agg_type = $2 AND agg_id = $3
      AND (epoch::bigint, version) < ($4::bigint, $5::bigint)
    ORDER BY epoch DESC, version DESC LIMIT $6
"""
# Of what was known then, the last version that speaks of the day: as evaluation reads its facts.
_STATE = """
    SELECT version, body, at FROM event_log
    WHERE city = $1 AND agg_type = $2 AND agg_id = $3 AND at <= $5
      AND (convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'as_of')::date <= $4
    ORDER BY epoch DESC, version DESC LIMIT 1
"""


async def versions_of(
    tx: Transaction, kind: str, record: UUID, epoch: int, version: int, limit: int
) -> list[Any]:
    """Return the versions of a record before one, newest first, with the events that told them."""
    return await tx.fetch(_VERSIONS, tx.city, kind, record, epoch, version, limit)


async def state_of(
    tx: Transaction, kind: str, record: UUID, day: date, known_at: datetime
) -> Any | None:
    """Return the version of a record that held on a day, as known at an instant."""
    rows = await tx.fetch(_STATE, tx.city, kind, record, day, known_at)
    return rows[0] if rows else None


async def served(database: Database) -> list[CityKept]:
    """Return the jurisdictions the platform serves: rows of its own tenant."""
    async with database.begin(_platform()) as tx:
        return await tx.find(CityKept, order_by=CityKept.code)


async def area_of(database: Database, city: str) -> CityKept:
    """Return one jurisdiction, with the division prefixes it governs; 404 when it is not served.

    It is a row of the platform's tenant, so it takes a transaction of its own.
    """
    async with database.begin(_platform()) as tx:
        found = await tx.peek(CityKept, city)
    if found is None:
        raise NotFound()
    return found


async def townships(
    database: Database, cities: Sequence[CityKept]
) -> dict[str, list[dict[str, Any]]]:
    """Return by city how many townships each edition of each code system has there."""
    pairs = [(city.code, prefix) for city in cities for prefix in city.prefixes]
    found: dict[str, list[dict[str, Any]]] = {city.code: [] for city in cities}
    async with database.begin(_platform()) as tx:
        rows = await tx.fetch(_TOWNSHIPS, [c for c, _ in pairs], [p for _, p in pairs])
    for row in rows:
        found[row["city"]].append(
            {
                "source": row["system"],
                "vintage": row["vintage"].isoformat(),
                "count": row["number"],
            }
        )
    return found


async def pack_in_force(tx: Transaction, day: date) -> PackVersion | None:
    """Return the version in force on a day: of those that have begun, the one activated last."""
    in_force, approved = col(PackVersion.in_force), col(PackVersion.approved_at)
    found = await tx.find(
        PackVersion,
        PackVersion.status == "active",
        in_force <= day,
        order_by=(in_force.desc(), approved.desc()),
        limit=1,
    )
    return found[0] if found else None


async def first_pack(tx: Transaction) -> PackVersion | None:
    """Return the version that came into force before all others."""
    active = PackVersion.status == "active"
    found = await tx.find(PackVersion, active, order_by=col(PackVersion.in_force), limit=1)
    return found[0] if found else None


async def pack_if_any(tx: Transaction) -> Jurisdiction | None:
    """Return the city's pack in force today, or None where none was activated yet."""
    try:
        return await tx.pack()
    except Problem as problem:
        if problem.slug != "policy-not-loaded":
            raise
        return None


async def officers_of(tx: Transaction, body_id: UUID) -> list[Officer]:
    """Return the people of a body, in the order they were entered."""
    here = col(Officer.body_id) == body_id
    return await tx.find(Officer, here, order_by=col(Officer.id))


async def words_of(tx: Transaction) -> Words | None:
    """Return the vocabulary of the city's pack; None where there is none to be held to."""
    pack = await pack_if_any(tx)
    return pack.vocabulary if pack else None


async def in_words(tx: Transaction, query: BaseModel) -> None:
    """Refuse a filter by a word the city does not have: nothing would ever be found."""
    said = query.model_dump(mode="json", exclude_none=True)
    if not any(fact.vocabulary and name in said for name, fact in fields_of(type(query)).items()):
        return
    words = await words_of(tx)
    if words is not None and (wrong := [*strange_words(type(query), said, words, "?")]):
        raise Invalid(wrong)


def system_of(pack: Jurisdiction | None) -> str:
    """Return the code system a city counts its townships in, which its codes are read in."""
    sources = [each.source for each in pack.denominators.get("townships", [])] if pack else []
    return next((source for source in sources if source in (NBS, MCA)), NBS)


async def newest_edition(tx: Transaction, system: str, prefixes: Sequence[str]) -> date | None:
    """Return the newest edition of a system that knows an area."""
    rows = await tx.fetch(_NEWEST, system, list(prefixes))
    vintage: date | None = rows[0]["vintage"]
    return vintage


async def editions_of(tx: Transaction, code: str) -> list[Division]:
    """Return what a code means in every edition of every system."""
    sql = "SELECT * FROM division WHERE code = $1 ORDER BY system, vintage"
    return [Division.of(row) for row in await tx.fetch(sql, code)]


async def divisions_within(
    tx: Transaction,
    system: str,
    vintage: date,
    prefixes: Sequence[str],
    *,
    parent: str | None,
    level: int | None,
    after: str,
    limit: int,
) -> list[Division]:
    """Return divisions inside an area, by code."""
    rows = await tx.fetch(_WITHIN, system, vintage, after, list(prefixes), parent, level, limit)
    return [Division.of(row) for row in rows]


def _platform() -> Who:
    return Who(PLATFORM, "service:registry", "serve")
