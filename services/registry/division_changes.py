"""What became of a division: renamed, merged, abolished, given another code.

Reference data beside `chassis.divisions`, for counties and wider: the code books of 1980 to 2020, and
the decrees since. A code may be given away (`reassigned`): what bore it is then found under another.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chassis.divisions import Fetches

COLUMNS = ("year", "kind", "old_code", "old_name", "new_code", "new_name", "document", "said")


class DivisionChange(NamedTuple):
    """One change; its fields are the columns of the table. An empty text: there is none."""

    year: int
    kind: str
    """renamed, recoded, reassigned, established, abolished, converted, merged, adjusted,
    transferred or seat_moved"""
    old_code: str
    old_name: str
    new_code: str
    new_name: str
    document: str
    """Number of the decree."""
    said: str
    """What the source calls it: 撤县设区, 更名 …"""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "DivisionChange":
        """Read a row of the table."""
        return cls(**{field: row[field] for field in cls._fields})


def division_change_table(runtime_role: str) -> list[str]:
    """Return the statements that make the table, for the migration of a service that reads it."""
    return [
        """
        CREATE TABLE division_change (
            year smallint NOT NULL,
            kind text NOT NULL,
            old_code text COLLATE "C" NOT NULL,
            old_name text NOT NULL,
            new_code text COLLATE "C" NOT NULL,
            new_name text NOT NULL,
            document text NOT NULL,
            said text NOT NULL,
            PRIMARY KEY (year, old_code, new_code, kind, old_name, new_name, document)
        )
        """,
        "CREATE INDEX division_change_old ON division_change (old_code, year)",
        "CREATE INDEX division_change_new ON division_change (new_code, year)",
        f'GRANT SELECT ON division_change TO "{runtime_role}"',
    ]


def read_changes(path: Path) -> Iterator[DivisionChange]:
    """Read a gzipped list of changes."""
    with gzip.open(path) as packed, io.TextIOWrapper(packed, "utf-8", newline="") as text:
        for row in csv.DictReader(text):
            yield DivisionChange.of(row | {"year": int(row["year"])})


async def load_changes(connection: Any, rows: Iterable[DivisionChange]) -> int:
    """Copy changes into the table, as its owner; return how many are new. What is there stays."""
    async with connection.transaction():
        await connection.execute(
            "CREATE TEMPORARY TABLE told (LIKE division_change) ON COMMIT DROP"
        )
        await connection.copy_records_to_table("told", records=rows)
        new = await connection.execute(
            "INSERT INTO division_change SELECT * FROM told ON CONFLICT DO NOTHING"
        )
    return int(new.rsplit(" ", 1)[-1])


_OF = """
    SELECT * FROM division_change WHERE old_code = $1 OR new_code = $1
    ORDER BY year, old_code, new_code, kind
"""

# What a code named before it was given away is not what it names since: a step goes forward in time.
_SINCE = """
    WITH RECURSIVE became (code, name, year) AS (
      SELECT new_code, new_name, year FROM division_change
      WHERE old_code = $1 AND ($2::text IS NULL OR old_name = $2) AND new_code <> ''
        AND (new_code, new_name) <> (old_code, old_name)
      UNION
      SELECT c.new_code, c.new_name, c.year
      FROM became b JOIN division_change c
        ON c.old_code = b.code AND c.old_name = b.name AND c.year >= b.year
      WHERE c.new_code <> '' AND (c.new_code, c.new_name) <> (c.old_code, c.old_name))
    SELECT code, name, max(year) AS year FROM became GROUP BY code, name ORDER BY 3, 1, 2
"""


async def changes_of(tx: Fetches, code: str) -> list[DivisionChange]:
    """Return every change in which a code stands, before or after."""
    return [DivisionChange.of(row) for row in await tx.fetch(_OF, code)]


async def successors_of(
    tx: Fetches, code: str, name: str | None = None
) -> list[tuple[str, str, int]]:
    """Return code, name and year of whatever a division has become, step by step.

    `name` says which of the places that bore the code is meant.
    """
    rows = await tx.fetch(_SINCE, code, name)
    return [(row["code"], row["name"], row["year"]) for row in rows]
