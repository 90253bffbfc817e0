"""Administrative divisions: what a code means in one edition of one code system.

Two national systems, `nbs` (statistics) and `mca` (place names), give one code to different
townships. A place is therefore `(system, vintage, code, name)`, the two are never joined by code,
and a place is found again in the other system by its name within its county.

    42  4201  420102  420102007  420102007001    province, city, county, township, community

The table is reference data: no tenant, no row-level security, read-only to the runtime role.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from chassis.problems import At, Problem

LEVELS = {2: 1, 4: 2, 6: 3, 9: 4, 12: 5}
"""How many digits a code has, and the level that says: 1 province … 4 township, 5 community."""

TOWNSHIP, COMMUNITY = 4, 5

COLUMNS = ("system", "vintage", "code", "name", "level", "parent")
"""What a list of divisions says of each."""
_GZIP = b"\x1f\x8b"

_CITY_DIGITS, _COUNTY, _TOWNSHIP_DIGITS, _FULL = 4, 6, 9, 12
_NATIONAL_KINDS = {1: "province", 2: "city", 3: "county"}
_TOWNSHIP_KINDS = {
    "0": "street",
    "1": "town",
    "2": "township",
    "3": "township",
    "4": "quasi",
    "5": "quasi",
}
_COMMUNITY_KINDS = {
    "0": "residents",
    "1": "residents",
    "2": "villagers",
    "3": "villagers",
    "4": "quasi_residents",
    "5": "quasi_villagers",
}


class Division(NamedTuple):
    """One division in one edition; its fields are the columns of the table, in their order."""

    system: str
    vintage: date
    code: str
    name: str
    level: int
    parent: str
    kind: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Division":
        """Read a row of the table."""
        return cls(**{field: row[field] for field in cls._fields})


class Loaded(NamedTuple):
    """What a load did; `differing` rows stand in the table with another name or parent."""

    read: int
    new: int
    differing: int


class Fetches(Protocol):
    """A transaction or a connection: whatever can be asked."""

    async def fetch(self, query: str, /, *args: Any) -> Sequence[Mapping[str, Any]]:
        """Run a query and return its rows."""


def canonical(code: str) -> str:
    """Return a code without the zeros that only fill it up, or raise ValueError.

    `990102007000` is the township `990102007`; `990100` is the city `9901`.
    """
    if not re.fullmatch(r"[0-9]{2}(?:[0-9]{2}){0,2}(?:[0-9]{3}){0,2}", code) or (
        len(code) not in LEVELS
    ):
        raise ValueError("not a division code")
    full = code.ljust(_FULL, "0")
    for digits in sorted(LEVELS):
        if not int(full[digits:] or "0"):
            return full[:digits]
    raise AssertionError("unreachable: twelve digits always fit")


def kind_of(code: str) -> str:
    """Return what the code's own digits say it is; `other` for a segment nobody has assigned."""
    level = LEVELS[len(code)]
    if level == TOWNSHIP:
        return _TOWNSHIP_KINDS.get(code[6], "other")
    if level == COMMUNITY:
        return _COMMUNITY_KINDS.get(code[9], "other")
    return _NATIONAL_KINDS[level]


def township_code(code: str) -> str | None:
    """Return the township a township's or community's code lies in, None for a wider area."""
    code = canonical(code)
    return code[:_TOWNSHIP_DIGITS] if len(code) >= _TOWNSHIP_DIGITS else None


# -- names ---------------------------------------------------------------------------------------

_ASIDE = re.compile(r"\(.*?\)|（.*?）|\s")
_STREET = re.compile(r"(?<=.)(?:街道办事处|办事处街道|街街道|街道|办事处|街)$")
_NATIONALITY = re.compile(r"民族(?=[乡镇]$)")
_RESIDENTS = re.compile(r"(?<=.)(?:社区居民委员会|社区居委会|居民委员会|居委会|社区)$")
_VILLAGERS = re.compile(r"(?<=.)村?(?:村民委员会|村委会)$")


def name_key(name: str) -> str:
    """Return what a name is compared by, within one county or one township.

    Offices write 民族街街道 and 民族街道, 哈萨克民族乡 and 哈萨克族乡, 社区居委会 and 社区. What is
    in brackets is left out. The kind stays: a town and a street may share the rest.
    """
    plain = _ASIDE.sub("", name)
    for ending, short in ((_RESIDENTS, "社区"), (_VILLAGERS, "村"), (_STREET, "街道")):
        if ending.search(plain):
            return ending.sub(short, plain)
    return _NATIONALITY.sub("族", plain)


def names_agree(said: str, name: str, above: Iterable[str] = ()) -> bool:
    """Whether a name somebody wrote is that division's, with or without what lies `above` it.

    Never by ending: 二六工镇 ends like 六工镇 and lies beside it.
    """
    rest = _ASIDE.sub("", said)
    for wider in above:
        rest = rest.removeprefix(wider)
    return name_key(name) in (name_key(said), name_key(rest))


# -- the table -----------------------------------------------------------------------------------


def division_table(runtime_role: str) -> list[str]:
    """Return the statements that make the table, for the migration of a service that reads it."""
    return [
        """
        CREATE TABLE division (
            system text NOT NULL,
            vintage date NOT NULL,
            code text COLLATE "C" NOT NULL,
            name text NOT NULL,
            level smallint NOT NULL,
            parent text COLLATE "C" NOT NULL,
            kind text NOT NULL,
            PRIMARY KEY (system, vintage, code)
        )
        """,
        "CREATE INDEX division_parent ON division (parent, system, vintage)",
        f'GRANT SELECT ON division TO "{runtime_role}"',
    ]


class Unreadable(ValueError):
    """A file that is no list of divisions; says the line and what it lacks."""


def read_extract(path: Path) -> Iterator[Division]:
    """Read an extract, gzipped or plain: CSV with the columns of `COLUMNS`, vintage as YYYY-MM-DD."""
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    with gzip.open(path) if packed else path.open("rb") as data:
        lines = csv.DictReader(io.TextIOWrapper(data, "utf-8-sig", newline=""))
        try:
            if lacking := [name for name in COLUMNS if name not in (lines.fieldnames or ())]:
                raise Unreadable(f"line 1: no column {', '.join(lacking)}")
            for row in lines:
                yield _division(row, lines.line_num)
        except UnicodeDecodeError as error:
            raise Unreadable(f"after line {lines.line_num}: not UTF-8") from error


def _division(row: Mapping[str, str], line: int) -> Division:
    try:
        return Division(
            row["system"],
            date.fromisoformat(row["vintage"]),
            row["code"],
            row["name"],
            int(row["level"]),
            row["parent"],
            kind_of(row["code"]),
        )
    except (LookupError, TypeError, ValueError) as error:
        said = "vintage YYYY-MM-DD, code of 2, 4, 6, 9 or 12 digits, level 1 to 5"
        raise Unreadable(f"line {line}: {said}") from error


async def load(connection: Any, rows: Iterable[Division]) -> Loaded:
    """Copy divisions into the table, as its owner; what is there already stays.

    An edition is published once, so a row that differs from the one in the table is counted, not
    written: a correction is a new vintage. `connection` is asyncpg's.
    """
    async with connection.transaction():
        await connection.execute("CREATE TEMPORARY TABLE incoming (LIKE division) ON COMMIT DROP")
        read = await connection.copy_records_to_table("incoming", records=rows)
        new = await connection.execute(
            "INSERT INTO division SELECT * FROM incoming ON CONFLICT DO NOTHING"
        )
        differing = await connection.fetchval(
            "SELECT count(*) FROM incoming i JOIN division d USING (system, vintage, code)"
            " WHERE (i.name, i.level, i.parent) IS DISTINCT FROM (d.name, d.level, d.parent)"
        )
        await connection.execute("DROP TABLE incoming; ANALYZE division")
    return Loaded(_affected(read), _affected(new), differing)


def _affected(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[-1])


# -- questions -----------------------------------------------------------------------------------

# Prefixes are asked for as ranges (`:` follows the digits), which every plan can read from the key.
#
# The newest edition that knows the county: editions are loaded area by area, and one that has not
# reached this county must not make its townships vanish. A city without counties stands for one.
_EDITION = """
    vintage = coalesce($3, (
        SELECT max(vintage) FROM division
        WHERE system = $1
          AND code IN (left($2, 6), CASE substr($2, 5, 2) WHEN '00' THEN left($2, 4) END)
    ))
"""

FIND = f"SELECT * FROM division WHERE system = $1 AND code = $2 AND {_EDITION}"  # noqa: S608 - constants
"""system, code, vintage or null: one row or none."""

CHILDREN = (
    f"SELECT count(*) AS number FROM division WHERE system = $1 AND parent = $2 AND {_EDITION}"  # noqa: S608 - constants
)
"""system, code, vintage or null: how many divisions lie directly below."""

WITHIN = f"""
    SELECT * FROM division
    WHERE system = $1 AND code >= $2 AND code < $2 || ':' AND level = $4 AND {_EDITION}
    ORDER BY code
"""  # noqa: S608 - constants
"""system, prefix, vintage or null, level: the divisions of that level under a prefix."""

ABOVE = """
    SELECT name FROM division
    WHERE system = $1 AND vintage = $2 AND code <> $3
      AND code IN (left($3, 2), left($3, 4), left($3, 6), left($3, 9))
    ORDER BY code
"""
"""system, vintage, code: names of what contains it, widest first."""

EDITIONS = """
    SELECT system, vintage, count(DISTINCT code) AS number
    FROM unnest($1::text[]) AS prefix
    JOIN division ON level = 4 AND code >= prefix AND code < prefix || ':'
    GROUP BY system, vintage ORDER BY system, vintage
"""
"""prefixes: how many townships each edition has there."""


_PLACES = """
SELECT k.system AS asked_system, k.code AS asked, d.*,
  (SELECT count(*) FROM division c
    WHERE c.parent = d.code AND c.system = d.system AND c.vintage = d.vintage) AS below
FROM unnest($1::text[], $2::text[]) AS k(system, code)
JOIN division d ON d.system = k.system AND d.code = k.code AND d.vintage = (
  SELECT max(vintage) FROM division e
   WHERE e.system = k.system
     AND e.code IN (left(k.code, 6), CASE substr(k.code, 5, 2) WHEN '00' THEN left(k.code, 4) END))
"""


async def places(
    tx: Fetches, asked: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Division, int]]:
    """Return what several codes mean, by system and code, and how many lie directly below each."""
    wanted = sorted(set(asked))
    rows = await tx.fetch(
        _PLACES, [system for system, _ in wanted], [canonical(code) for _, code in wanted]
    )
    met = {(row["asked_system"], row["asked"]): (Division.of(row), row["below"]) for row in rows}
    return {each: met[key] for each in wanted if (key := (each[0], canonical(each[1]))) in met}


AROUND = """
SELECT EXISTS (SELECT FROM division
                WHERE system = $1 AND code >= $2 AND code < $2 || ':') AS loaded
"""
_UNKNOWN = ("该代码体系中没有此区划", "no such division in this code system")
_NOT_LOADED = (
    "该代码体系中尚无此市的区划：请核对代码，或先装入区划（shegong import divisions）",
    "none of that city is loaded in this code system: check the code, or shegong import divisions",
)


async def find(tx: Fetches, system: str, code: str, vintage: date | None = None) -> Division | None:
    """Return what a code means in a system's edition (the newest that knows its county)."""
    rows = await tx.fetch(FIND, system, canonical(code), vintage)
    return Division.of(rows[0]) if rows else None


async def township_of(
    tx: Fetches, system: str, code: str, vintage: date | None = None
) -> Division | None:
    """Return the township a code lies in, also where the system lists no communities."""
    township = township_code(code)
    return await find(tx, system, township, vintage) if township else None


async def children(tx: Fetches, system: str, code: str, vintage: date | None = None) -> int:
    """Return how many divisions lie directly below a code."""
    rows = await tx.fetch(CHILDREN, system, canonical(code), vintage)
    return int(rows[0]["number"])


async def townships(
    tx: Fetches, system: str, prefix: str, vintage: date | None = None
) -> list[Division]:
    """Return the townships under a prefix, by code."""
    rows = await tx.fetch(WITHIN, system, prefix, vintage, TOWNSHIP)
    return [Division.of(row) for row in rows]


async def editions(tx: Fetches, prefixes: Iterable[str]) -> list[tuple[str, date, int]]:
    """Return system, vintage and number of townships of every edition that covers an area."""
    rows = await tx.fetch(EDITIONS, list(prefixes))
    return [(row["system"], row["vintage"], row["number"]) for row in rows]


async def in_other_system(tx: Fetches, place: Division, system: str) -> Division | None:
    """Return the same township in another system: by its name within its county, never by code."""
    key = name_key(place.name)
    same = [
        there
        for there in await townships(tx, system, place.code[:_COUNTY])
        if name_key(there.name) == key
    ]
    return same[0] if len(same) == 1 else None


async def place(
    tx: Fetches, system: str, code: str, name: str | None = None, at: str = "/division"
) -> Division:
    """Return the division a body names, or raise `unknown-division`, `division-name-mismatch`.

    `at` is where the code stands in the body; the name stands beside it in `…_name`.
    """
    try:
        found = await find(tx, system, code)
    except ValueError:
        found = None
    if found is None and not (await tx.fetch(AROUND, system, code[:_CITY_DIGITS]))[0]["loaded"]:
        raise Problem("unknown-division", errors=[At(at, "unknown-division", *_NOT_LOADED)])
    return await named(tx, found, name, at)


async def named(
    tx: Fetches, found: Division | None, name: str | None, at: str = "/division"
) -> Division:
    """Return what was found for a body's code, if its name agrees; raise as `place` does."""
    if found is None:
        raise Problem("unknown-division", errors=[At(at, "unknown-division", *_UNKNOWN)])
    if name is not None and not await _named(tx, found, name):
        raise Problem(
            "division-name-mismatch",
            errors=[
                At(
                    f"{at}_name",
                    "division-name-mismatch",
                    "区划名称与代码不符，请确认所用的代码体系",
                    "name and code disagree; check which code system the code is from",
                )
            ],
        )
    return found


async def _named(tx: Fetches, found: Division, name: str) -> bool:
    if names_agree(name, found.name):
        return True
    above = await tx.fetch(ABOVE, found.system, found.vintage, found.code)
    return names_agree(name, found.name, [row["name"] for row in above])
