"""`shegong import`: reference data into the databases that read it, spreadsheets into registry's.

    shegong import divisions [FILE]           divisions into registry, casework and evaluation
    shegong import division-changes [FILE]    what became of counties and cities, into registry
    shegong import template|sheet KIND FILE   a city's stations, people and more (`deploy.sheets`)

Rows stream from the file to the database: the whole country takes no more memory than one city. A load is idempotent: what stands in a table already is left alone.
"""

import asyncio
import time
from pathlib import Path

import click

from chassis.config import setting
from chassis.divisions import Unreadable
from deploy.loading import CHANGES, READERS, SHIPPED, import_changes, import_divisions
from deploy.sheets import sheet, template
from deploy.trouble import Trouble


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
    try:
        loaded = asyncio.run(import_divisions(file, urls))
    except* Unreadable as troubles:
        what = troubles.exceptions[0]
        raise Trouble(f"{file} 不是区划清单（{what}）", "it is no list of divisions") from None
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
