"""Spreadsheets of registry on the command line: a template, an import with its report, an export.

    shegong import template stations --city 420100 stations.xlsx
    shegong import sheet stations stations.xlsx --city 420100 --mode look
    shegong export stations --city 420100 out.xlsx

They go into registry's database as its runtime role, under the city's tenant, beside the running
service; what they record leaves by the relay in its turn.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import uvloop

from chassis.config import Settings
from chassis.db import Database, Who
from chassis.problems import Problem
from chassis.service import open_database
from deploy.trouble import Trouble
from services.registry.app import service
from services.registry.sheets import exporting, files
from services.registry.sheets.importing import Mode, ground_of, import_file
from services.registry.sheets.kinds import KINDS
from services.registry.sheets.lines import SAY, Line, Outcome

KIND = click.Choice(tuple(KINDS))
CITY = click.option("--city", required=True, help="Code of the jurisdiction, six digits.")
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("kind", type=KIND)
@click.argument("file", type=EXISTING)
@CITY
@click.option(
    "--mode",
    type=click.Choice(("look", "whole", "valid")),
    default="whole",
    show_default=True,
    help="Only look; write if every row is right; write the rows that are right.",
)
@click.option("--report", type=NEW, help="Where the report goes (beside the file, unless said).")
def sheet(kind: str, file: Path, city: str, mode: Mode, report: Path | None) -> None:
    """Import a sheet; every row and what became of it stands in the report."""
    report = report or file.with_name(f"{file.stem}-report{file.suffix}")
    started = time.perf_counter()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # what a row leaves behind is no cycle, and what is here stays
    counts, rows = uvloop.run(_import(kind, file, city, mode, report))
    seconds = time.perf_counter() - started
    for outcome in Outcome:
        if counts.get(outcome):
            click.echo(f"{SAY[outcome]}: {counts[outcome]}")
    click.echo(f"{rows} 行 · rows, {seconds:.1f} s, {rows / seconds:.0f} / s → {report}")
    if counts.get(Outcome.WRONG):
        raise click.exceptions.Exit(1)


async def _import(
    kind: str, file: Path, city: str, mode: Mode, report: Path
) -> tuple[dict[Outcome, int], int]:
    async with _registry(city) as database:
        try:
            passes = 2 if mode == "whole" else 1
            with click.progressbar(length=passes * files.count(file), label=kind) as bar:
                counts = await import_file(
                    database,
                    _who(city),
                    file,
                    KINDS[kind],
                    mode=mode,
                    report=report,
                    told=bar.update,
                )
        except files.BadFile as bad:
            raise Trouble(bad.zh, bad.en) from None
    return dict(counts), sum(counts.values())


@click.command()
@click.argument("kind", type=KIND)
@click.argument("file", type=NEW)
@CITY
def template(kind: str, file: Path, city: str) -> None:
    """Write an empty sheet with the city's own words to choose from."""

    async def write() -> None:
        async with _registry(city) as database:
            ground = await ground_of(database, _who(city))
            files.template(file, KINDS[kind], ground.words)

    asyncio.run(write())
    click.echo(file)


@click.group()
def exports() -> None:
    """Write what registry has as spreadsheets; identity numbers stay behind their masks."""


def _export(kind: str) -> None:
    @exports.command(name=kind, help=f"Write {kind} as a sheet that could be imported again.")
    @click.argument("file", type=NEW)
    @CITY
    def export(file: Path, city: str) -> None:
        click.echo(f"{asyncio.run(_written(kind, file, city))} → {file}")


for _kind in exporting.EXPORTS:
    _export(_kind)


async def _written(kind: str, file: Path, city: str) -> int:
    number = 0
    async with _registry(city) as database:
        words = (await ground_of(database, _who(city))).words
        with files.report(file, KINDS[kind], outcomes=False) as out:
            async for texts in exporting.rows(database, _who(city), KINDS[kind], words):
                number += 1
                out.add(Line(number + 1, texts))
    return number


@asynccontextmanager
async def _registry(city: str) -> AsyncIterator[Database]:
    database = await open_database(service, Settings.of("registry"))
    try:
        yield database
    except Problem as problem:
        zh, en = (problem.body(language)["detail"] for language in ("zh", "en"))
        raise Trouble(f"{city}：{zh}", f"{city}: {en}") from None
    finally:
        await database.close()


def _who(city: str) -> Who:
    return Who(city, "operations:import", "import")
