"""Which migrations a part has, told from the names of their files: `0001_what.py`.

A start asks this every time, so it costs a listing of a folder, not an import of Alembic.
"""

from pathlib import Path

import asyncpg

ROOT = Path(__file__).parents[1]


def versions(part: str) -> Path:
    """Return the folder of a part's migrations."""
    room = ROOT / "gateway" if part == "gateway" else ROOT / "services" / part
    return room / "migrations" / "versions"


def newest(part: str) -> str | None:
    """Return the last migration a part has."""
    names = sorted(file.name for file in versions(part).glob("[0-9][0-9][0-9][0-9]_*.py"))
    return names[-1][:4] if names else None


async def pending(part: str, url: str) -> bool:
    """Say whether a database is not at its part's last migration."""
    connection = await asyncpg.connect(url)
    try:
        at = await connection.fetchval("SELECT version_num FROM alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return True
    finally:
        await connection.close()
    return bool(at != newest(part))
