"""`make bench-import`: a country's stations and people by spreadsheet, into a platform that goes on working.

41,352 stations, each in a township of its own, and 100,000 workers, each with a posting, are imported by
`shegong import sheet` into the embedded platform with its demo, on real disks: rows, sealed fields,
event log, outbox, audit. Meanwhile, and while their events leave, others read and refer people, a
few a second, and every answer is counted. Then the first file again, which changes nothing.

    python -m tests.perf.sheets --scale 0.05
"""

import argparse
import asyncio
import csv
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import asyncpg
import click
import orjson
import uvloop

from chassis.clock import system_clock
from chassis.config import surroundings
from chassis.divisions import Division, kind_of, load
from deploy.demo_data import CITIES
from deploy.embedded.run import SOURCE
from deploy.loading import READERS
from tests.e2e.house import House
from tests.perf import asked, machine
from tests.perf.client import Run, steady
from tests.perf.figures import Figures, commit, cores

CITY, NOWHERE = "420100", "82"
EDITION = date(2023, 9, 11)
STATIONS, WORKERS = 41_352, 100_000
READS, INTAKES = 10, 5
"""What others ask for, a second."""
SLICE_S = 5.0
FRESH_S = 300.0
"""A token is good for ten minutes."""
DRAIN_S = 150.0
"""How long events are waited for; what is left then is said."""
HEARD = """
SELECT $1 - count(DISTINCT agg_id) FROM applied
 WHERE agg_type IN ('registry.station', 'registry.worker')
"""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident(number: int) -> str:
    """Return the identity number of nobody, in the right form."""
    digits = (
        f"{420000 + number % 900:06}{1960 + number % 40}{1 + number % 12:02}{1 + number % 28:02}"
    )
    digits += f"{number // 1000 % 1000:03}"
    total = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def stations(codes: Sequence[str]) -> Iterator[Sequence[object]]:
    """Yield the rows of stations, one in each township."""
    yield "名称", "区划代码", "层级", "配备方式", "状态", "启用日期", "办公面积（平方米）"
    for each, code in enumerate(codes):
        yield f"第{each}社工站", code, "township", "procured", "open", "2022-01-01", 25


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


async def measure(folder: Path, scale: float, found: Figures) -> None:
    """Import both sheets, see their events leave, then the first sheet again."""
    house = House(folder / "data")
    found.add("cold start with demo", seconds=await house.up())
    try:
        async with house.rows("registry") as registry:
            codes = await _grounds(house, int(STATIONS * scale))
            sheets = {
                "stations": stations(codes),
                "workers": workers(int(WORKERS * scale), len(codes)),
            }
            paths = {kind: written(folder / f"{kind}.csv", rows) for kind, rows in sheets.items()}
            await _apart(house, found, "before", asyncio.sleep(2 * SLICE_S))
            await _apart(house, found, "during the import", _import(house, found, paths))
            await _apart(house, found, "during the drain", _drain(house, registry, found))
            await _imported(house, found, paths["stations"], "stations again")
    finally:
        await house.down()


# ---------------------------------------------------------------------- the import


async def _import(house: House, found: Figures, paths: dict[str, Path]) -> None:
    started = time.perf_counter()
    for kind, path in paths.items():
        await _imported(house, found, path, kind)
    found.add("both imported", seconds=time.perf_counter() - started)


async def _imported(house: House, found: Figures, path: Path, name: str) -> None:
    """Run the command as a person does; its progress bar is shown where there is a terminal."""
    words = [sys.executable, "-m", "deploy.cli", "import", "sheet", path.stem, str(path)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with machine.used({each: house.pids[each] for each in ("PostgreSQL",)}) as spent:
        process = await asyncio.create_subprocess_exec(
            *words,
            *("--city", CITY, "--mode", "valid"),
            env=surroundings() | {"SHEGONG_DATA": str(house.data)},
            cwd=SOURCE,
        )
        early, peak = await _grown(process)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        found.notes.append(f"{name}: the command ended with {process.returncode}")
    with path.open(encoding="utf-8-sig") as file:
        rows = sum(1 for _ in file) - 1
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found.add(
        f"import: {name}",
        rows=rows,
        seconds=seconds,
        rate=rows / seconds,
        **{
            "importer ms a row": own * 1000 / rows,
            "PostgreSQL ms a row": spent["PostgreSQL"] * 1000 / rows,
            "MB after 5 s": early,
            "MB at most": peak,
        },
    )


async def _grown(process: asyncio.subprocess.Process) -> tuple[float, float]:
    """Return the importer's memory after five seconds and at most, once it has ended."""
    seen = [0.0]
    ended = asyncio.create_task(process.wait())
    while not ended.done():
        seen += machine.memory(process.pid).values()
        await asyncio.wait([ended], timeout=1.0)
    return seen[min(5, len(seen) - 1)], max(seen)


async def _grounds(house: House, number: int) -> list[str]:
    """Give so many townships of nowhere to one city; return their codes."""
    codes = [f"{NOWHERE}{101 + each // 900:04}{1 + each % 900:03}" for each in range(number)]
    rows = [
        Division("nbs", EDITION, one, f"第{one}区", level, one[:above], kind_of(one))
        for level, above, some in ((3, 4, sorted({c[:6] for c in codes})), (4, 6, codes))
        for one in some
    ]
    for part in READERS:
        async with house.rows(part) as database:
            await load(database, rows)
    async with house.rows("registry") as registry:
        more = orjson.dumps([NOWHERE]).decode()
        await registry.execute(
            "UPDATE city_kept SET prefixes = prefixes || $2::jsonb WHERE code = $1", CITY, more
        )
    return codes


# ---------------------------------------------------------------------- their events


async def _drain(house: House, registry: asyncpg.Connection, found: Figures) -> None:
    """Wait until every event has left and is heard by all who keep copies, but not for ever."""
    async with house.rows("casework") as casework, house.rows("evaluation") as evaluation:
        told = await registry.fetchval(
            "SELECT count(DISTINCT agg_id) FROM event_log WHERE agg_type IN ('station', 'worker')"
        )
        await asyncio.gather(
            _gone(found, "events left the outbox", registry, "SELECT count(*) FROM outbox"),
            _gone(found, "events heard by casework", casework, HEARD, told),
            _gone(found, "events heard by evaluation", evaluation, HEARD, told),
        )


async def _gone(
    found: Figures, what: str, rows: asyncpg.Connection, left: str, *told: object
) -> None:
    started, had = time.perf_counter(), await rows.fetchval(left, *told)
    waits = had
    while waits > 0 and time.perf_counter() < started + DRAIN_S:
        await asyncio.sleep(0.5)
        waits = await rows.fetchval(left, *told)
    seconds = time.perf_counter() - started
    found.add(
        f"{what}, after the import",
        waited=had,
        seconds=seconds,
        rate=(had - waits) / seconds,
        left=waits,
    )


# ---------------------------------------------------------------------- others


async def _others(house: House) -> dict[str, tuple[int, float, Iterator[bytes]]]:
    """Return what others ask for meanwhile, with tokens of now: a station, and help for somebody."""
    port = int(house.url.rpartition(":")[2])
    who = await asked.partners(
        house.demo, house.url, {city.code: tuple(g for g, _ in city.grounds) for city in CITIES}
    )
    bearer = await asked.token(house.demo, house.url, f"{CITY}.city-bureau-1")
    heads = [c for c in house.demo["clients"] if c["role"] == "station_head" and c["city"] == CITY]
    paths = [f"/v1/{CITY}/stations/{head['station_id']}" for head in heads]
    return {
        "reads": (port, READS, asked.reads([(path, bearer) for path in paths])),
        "referrals": (port, INTAKES, asked.referrals(who)),
    }


async def _apart(house: House, found: Figures, when: str, work: Awaitable[None]) -> None:
    """Do something while others ask for what they need; say what all that took and gave."""
    others, made = await _others(house), time.perf_counter()
    runs = {name: Run() for name in others}
    task = asyncio.ensure_future(work)
    with machine.used(house.pids) as spent:
        while not task.done():
            if time.perf_counter() - made > FRESH_S:
                others, made = await _others(house), time.perf_counter()
            slices = (steady(port, rate, SLICE_S, asks) for port, rate, asks in others.values())
            for name, got in zip(others, await asyncio.gather(*slices), strict=True):
                runs[name].add(got)
        await task
    found.add(f"processor seconds {when}", **spent)
    for name, run in runs.items():
        found.run(f"{name} {when}", run)
        found.add(
            f"{name} {when}: answered", asked=sum(run.statuses.values()) + run.lost, good=run.good
        )


def main() -> None:
    """Measure, by default the whole country."""
    parser = argparse.ArgumentParser(prog="make bench-import ARGS=…", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    found = Figures(
        {
            "date": f"{system_clock():%Y-%m-%d-%H%M}",
            "commit": commit(),
            "machine": cores(),
            "scale": scale,
            "load before": round(machine.load(), 2),
        }
    )
    folder = Path(tempfile.mkdtemp(prefix="sg-sheets-", dir="/tmp"))
    folder.chmod(0o711)  # as root the database server is another user
    try:
        uvloop.run(measure(folder, scale, found))
    finally:
        found.about["load after"] = round(machine.load(), 2)
        click.echo(found.write({}, "-import"))
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
