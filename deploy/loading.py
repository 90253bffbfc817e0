"""Reference data into the databases that read it, as their owner. Light: every start looks at it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from chassis.divisions import Loaded, load, read_extract
from services.registry.division_changes import load_changes, read_changes

READERS = ("registry", "casework", "evaluation")
"""The parts that keep the table of divisions."""

DATA = Path(__file__).parent / "data" / "divisions"
SHIPPED = DATA / "five.csv.gz"
CHANGES = DATA / "changes.csv.gz"


async def import_divisions(file: Path, urls: Mapping[str, str]) -> dict[str, Loaded]:
    """Load an extract into the databases of several parts, given each part's migrator URL."""

    async def into(part: str, url: str) -> Loaded:
        connection = await asyncpg.connect(url)
        try:
            # The migrator inherits nothing: it becomes the owner to write a reference table.
            await connection.execute(f'SET ROLE "{part}_owner"')
            return await load(connection, read_extract(file))
        finally:
            await connection.close()

    async with asyncio.TaskGroup() as all_parts:
        loads = {part: all_parts.create_task(into(part, url)) for part, url in urls.items()}
    return {part: loading.result() for part, loading in loads.items()}


async def import_changes(file: Path, url: str) -> int:
    """Load a list of changes into registry's database; return how many are new."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute('SET ROLE "registry_owner"')
        return await load_changes(connection, read_changes(file))
    finally:
        await connection.close()
