"""`python -m tests.perf.sheets`: the whole country's stations and people, by spreadsheet, on real disks.

41,352 stations and 100,000 workers, each with a posting, go into registry's database: rows, sealed
fields, event log, outbox, audit. Seconds, rows per second, the importer's peak memory, and the same
file again, which changes nothing.
"""

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import asyncpg
import click
import uvloop

from chassis.clock import system_clock
from chassis.db import Database, Who
from chassis.divisions import Division, kind_of, load
from chassis.shelf import Shelf
from chassis.tables import CityKept, PackKept
from chassis.vault import Vault
from deploy.databases import prepare
from deploy.embedded.postgres import Postgres, postgres_server
from deploy.migrate import migrate
from services.registry.routes.packs import SUBJECTS
from services.registry.sheets.importing import ground_of, import_file
from services.registry.sheets.kinds import KINDS
from tests.told import shipped

CITY, PREFIX = "420100", "42"
STATIONS, WORKERS = 41_352, 100_000
EDITION = date(2023, 9, 11)
WHO = Who(CITY, "operations:import", "import")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident(number: int) -> str:
    """Return the identity number of nobody, in the right form."""
    digits = (
        f"{420000 + number % 900:06}{1960 + number % 40}{1 + number % 12:02}{1 + number % 28:02}"
    )
    digits += f"{number // 1000 % 1000:03}"
    total = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def code(number: int) -> str:
    """Return a township's code."""
    return f"{420101 + number // 900:06}{1 + number % 900:03}"


def stations(number: int) -> Iterator[Sequence[object]]:
    """Yield the rows of so many stations."""
    yield "名称", "区划代码", "层级", "配备方式", "状态", "启用日期", "办公面积（平方米）"
    for each in range(number):
        yield f"第{each}社工站", code(each), "township", "procured", "open", "2022-01-01", 25


def workers(number: int, places: int) -> Iterator[Sequence[object]]:
    """Yield the rows of so many people, posted to stations in turn."""
    yield (
        *("姓名", "证件号码", "手机", "职业资格", "资格批准日期", "学历"),
        *("站点名称", "任职起", "是否专职", "是否驻站"),
    )
    for each in range(number):
        yield (
            *(f"社工{each}", resident(each), f"139{each:08}", "assistant", "2021-12-01"),
            *("bachelor", f"第{each % places}社工站", "2022-01-01", "是", "是"),
        )


def written(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write a sheet."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


async def measure(folder: Path, scale: float) -> None:
    """Import both sheets, then the first again."""
    places, people = int(STATIONS * scale), int(WORKERS * scale)
    async with postgres_server(folder / "pg") as server:
        database = await _registry(server, folder, places)
        try:
            for kind, rows in (
                ("stations", stations(places)),
                ("workers", workers(people, places)),
            ):
                path = written(folder / f"{kind}.csv", rows)
                await _timed(database, path, kind, "")
            await _timed(database, folder / "stations.csv", "stations", " again")
        finally:
            await database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"peak memory of the importer: {peak:.0f} MB")


async def _timed(database: Database, path: Path, kind: str, again: str) -> None:
    started = time.perf_counter()
    counts = await import_file(database, WHO, path, KINDS[kind], mode="valid")
    seconds = time.perf_counter() - started
    rows = sum(counts.values())
    told = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    click.echo(f"{kind}{again}: {told}; {seconds:.1f} s, {rows / seconds:.0f} rows/s")


async def _registry(server: Postgres, folder: Path, places: int) -> Database:
    await prepare(server.url(), "registry", database="registry")
    await migrate("registry", server.url("registry", "registry_migrator"))
    owner = await asyncpg.connect(server.url("registry", "registry_migrator"))
    await owner.execute("SET ROLE registry_owner")
    townships = [code(n) for n in range(places)]
    rows = [
        Division("nbs", EDITION, one, f"第{one}区", level, one[:above], kind_of(one))
        for level, above, codes in ((3, 4, {t[:6] for t in townships}), (4, 6, townships))
        for one in codes
    ]
    await load(owner, rows)
    await owner.close()
    vault = Vault.make(folder / "vault.json")
    url = server.url("registry", "registry_runtime")
    database = await Database.connect(url, part="registry", vault=vault)
    database.shelf = Shelf(SUBJECTS)
    name = {"zh": "全国", "en": "The country"}
    version, text = shipped(CITY)
    async with database.begin(Who("000000", "bench", "bench")) as tx:
        tx.keep(CityKept(code=CITY, kind="city", name=name, prefixes=[PREFIX]))
    async with database.begin(WHO) as tx:
        pack = PackKept(
            version=version, in_force=date(2021, 1, 1), heard_at=system_clock(), text=text
        )
        tx.keep(pack)
    await ground_of(database, WHO)
    return database


def main() -> None:
    """Measure, by default the whole country."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory(prefix="shegong-sheets-") as folder:
        uvloop.run(measure(Path(folder), scale))


if __name__ == "__main__":
    main()
