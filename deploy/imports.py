"""`shegong import`: reference data into the databases that read it, spreadsheets into registry's.

    shegong import divisions [FILE]           divisions into registry, casework and evaluation
    shegong import division-changes [FILE]    what became of counties and cities, into registry
    shegong import template|sheet KIND FILE   a city's stations, people and more (`deploy.sheets`)

Rows stream from the file to the database: the whole country takes no more memory than one city. A load is idempotent: what stands in a table already is left alone.
"""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import click

from chassis.config import setting
from chassis.divisions import Loaded, load, read_extract
from deploy.sheets import sheet, template
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


@click.group(name="import")
def imports() -> None:
    """Put reference data and spreadsheets into the databases."""


@imports.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=SHIPPED
)
@click.option("--part", "parts", multiple=True, type=click.Choice(READERS), default=READERS)
def divisions(file: Path, parts: tuple[str, ...]) -> None:
    """Load divisions from FILE (the shipped extract, unless another is named)."""
    urls = {part: setting(f"SHEGONG_MIGRATOR_DATABASE_URL_{part.upper()}") for part in parts}
    started = time.perf_counter()
    loaded = asyncio.run(import_divisions(file, urls))
    for part, done in loaded.items():
        click.echo(f"{part}: {done.read} read, {done.new} new, {done.differing} differing")
    click.echo(f"{time.perf_counter() - started:.2f} s")
    if any(done.differing for done in loaded.values()):
        raise click.ClickException(
            "rows that differ from those of the same edition were not written"
        )


@imports.command(name="division-changes")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=CHANGES
)
def division_changes(file: Path) -> None:
    """Load what became of counties and cities from FILE (the shipped list, unless another is named)."""
    new = asyncio.run(import_changes(file, setting("SHEGONG_MIGRATOR_DATABASE_URL_REGISTRY")))
    click.echo(f"registry: {new} new")


imports.add_command(sheet)
imports.add_command(template)
