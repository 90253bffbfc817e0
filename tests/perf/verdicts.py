"""Verdicts of a whole country, measured: everybody judged again, one fact changed, another day listed.

    python -m tests.perf.verdicts [--stations N]

A server of its own with durable settings, evaluation alone, in this process.
"""

import argparse
import asyncio
import gc
import os
import random
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from uuid import UUID

import asyncpg
import click
import orjson
import uvloop

from chassis.clock import system_clock
from chassis.db import Database, Who
from chassis.events import Envelope
from chassis.shelf import Shelf
from contracts.registry import StationChanged
from deploy.databases import prepare
from deploy.embedded.postgres import Postgres, postgres_server
from deploy.migrate import migrate
from services.evaluation import judging, queries
from services.evaluation.app import service
from services.evaluation.decide.verdicts import judge
from services.evaluation.gather import families, together
from services.evaluation.judging import Judge, catch_up
from services.evaluation.queries import ALL_KNOWN, When
from services.evaluation.reactions import reactions
from services.evaluation.rules import SHEETS
from tests.http import actor, client
from tests.perf import country, machine
from tests.perf.country import City, Size
from tests.perf.figures import Figures

CHANGES, APART_S = 300, 0.05
LISTS = 20
SAMPLE = 2_000


async def measure(found: Figures, size: Size) -> None:
    """Measure all of it."""
    async with _country(size) as (server, database, cities):
        started = time.perf_counter()
        for city in cities:
            async with database.begin(Who(city.code, "bench", "bench")) as tx:
                await tx.pack()
        found.add("packs compiled", seconds=time.perf_counter() - started, packs=len(cities))
        gc.collect()
        gc.freeze()
        gc.set_threshold(5_000, 20, 50)  # as a service does once it has started
        verdicts = await _everybody(found, server, database, cities)
        alone = await _alone(found, database, cities)
        whole = found.median("a country's verdicts, every row new", "µs/verdict")
        again = found.median("a country's verdicts, nothing changed", "µs/verdict")
        found.add("µs/verdict over the judge alone", new=whole / alone, unchanged=again / alone)
        await _one_fact(found, database, cities[len(cities) // 2])
        await _another_day(found, database, cities[len(cities) // 2])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found.add("memory of the judging process (MB)", peak=peak, verdicts=verdicts)


@asynccontextmanager
async def _country(size: Size) -> AsyncIterator[tuple[Postgres, Database, list[City]]]:
    with tempfile.TemporaryDirectory(prefix="sg-v-", dir="/tmp") as folder:
        # As root the database server is another user.
        await asyncio.to_thread(Path(folder).chmod, 0o711)
        async with postgres_server(Path(folder) / "pg") as server:
            await prepare(server.url(), "evaluation")
            await migrate("evaluation", server.url("evaluation", "evaluation_migrator"))
            admin = await asyncpg.connect(server.url("evaluation"))
            cities = await country.fill(admin, size)
            await admin.close()
            database = await Database.connect(
                server.url("evaluation", "evaluation_runtime"), part="evaluation"
            )
            database.shelf = Shelf(SHEETS)
            try:
                yield server, database, cities
            finally:
                await database.close()


def _pid(server: Postgres) -> int:
    return int((server.files / "postmaster.pid").read_text().split()[0])


async def _everybody(
    found: Figures, server: Postgres, database: Database, cities: list[City]
) -> int:
    """Judge everybody, all rows new; again, nothing changed; again, under a stricter document."""
    admin = await asyncpg.connect(server.url("evaluation"))
    total = 0
    for name in ("every row new", "nothing changed"):
        await admin.execute("UPDATE sweep SET pack = ''")
        before, began, since = os.times(), time.perf_counter(), system_clock()
        with machine.used({"PostgreSQL": _pid(server)}) as spent:
            for city in cities:
                await catch_up(database, city.code)
        took, after = time.perf_counter() - began, os.times()
        counted = await admin.fetchrow(
            "SELECT count(*) AS rows, sum(cardinality(verdicts))::int AS verdicts,"
            " count(*) FILTER (WHERE changed_at >= $1) AS written FROM sheet",
            since,
        )
        total = counted["verdicts"]
        own = after.user + after.system - before.user - before.system
        found.add(
            f"a country's verdicts, {name}",
            seconds=took,
            **{
                "own core s": own,
                "PostgreSQL core s": spent["PostgreSQL"],
                "verdicts": total,
                "rows": counted["rows"],
                "written": counted["written"],
                "µs/verdict": own * 1e6 / total,
            },
        )
    await admin.close()
    return total


async def _alone(found: Figures, database: Database, cities: list[City]) -> float:
    """Judge gathered subjects, nothing read or written."""
    spent, done = 0.0, 0
    for city in cities:
        if done >= SAMPLE:
            break
        async with database.begin(Who(city.code, "bench", "bench")) as tx:
            j, when = await tx.pack(), When(country.DAY, ALL_KNOWN)
            stations = await queries.every(tx, "station", when)
            cases = together(await families(tx, stations, when)).cases
        before = time.process_time()
        number = sum(len(judge(j, case, when.day, {}, {})) for case in cases)
        spent += time.process_time() - before
        done += number
    found.add("the judge alone", **{"µs/verdict": spent * 1e6 / done})
    return spent * 1e6 / done


async def _one_fact(found: Figures, database: Database, city: City) -> None:
    """Tell of one station at a time; from the commit of the fact to its verdict for another reader."""
    who, draw = Who(city.code, "bench", "bench"), random.Random(7)
    async with database.begin(who) as tx:
        told = await queries.every(tx, "station", When(country.DAY, ALL_KNOWN))
    known = [(each.subject_id, each.state) for each in told]
    versions: dict[UUID, int] = {}
    judge_task = Judge(database)
    running = asyncio.create_task(judge_task.run())
    waited = []
    try:
        for about, state in country.changes(draw, known):
            versions[about] = versions.get(about, 1) + 1
            event = StationChanged.model_validate_json(orjson.dumps(state))
            envelope = Envelope.wrap(
                event,
                city=city.code,
                aggregate_id=about,
                version=versions[about],
                time=system_clock(),
            )
            async with database.begin(who) as tx:  # the watermark of facts that were not heard
                await tx.execute(_HEARD, city.code, about, versions[about] - 1)
            await reactions.deliver([envelope], database)
            committed = time.perf_counter()
            word = "broken" if state["facts"]["office_m2"] < 20 else "met"
            await _until(database, who, about, f"office:{word}:must")
            waited.append((time.perf_counter() - committed) * 1e3)
            if len(waited) == CHANGES:
                break
            await asyncio.sleep(APART_S)
    finally:
        judge_task.stop()
        await running
    _shown(found, "one fact changed, until its verdict shows (ms)", waited)


_HEARD = """
INSERT INTO applied (city, consumer, agg_type, agg_id, epoch, version, event_id)
VALUES ($1, 'evaluation', 'registry.station', $2, 1, $3, $2)
ON CONFLICT (city, consumer, agg_type, agg_id) DO NOTHING
"""


async def _until(database: Database, who: Who, about: UUID, text: str) -> None:
    async with asyncio.timeout(10):
        while True:
            async with database.begin(who) as tx:
                rows = await tx.fetch(
                    "SELECT 1 FROM sheet WHERE city = $1 AND kind = 'station'"
                    " AND subject_id = $2 AND $3 = ANY(verdicts)",
                    *(who.city, str(about), text),
                )
            if rows:
                return
            await asyncio.sleep(0.001)


async def _another_day(found: Figures, database: Database, city: City) -> None:
    """List a city's verdicts of another day, and of today."""
    reader = actor("city_bureau", city.code)
    async with client(service, database, reader) as http:
        for name, asked in (
            ("a city's list of another day (ms)", {"as_of": "2026-06-30"}),
            ("a city's list of today (ms)", {}),
        ):
            waited, spent = [], time.process_time()
            for _ in range(LISTS):
                began = time.perf_counter()
                answer = await http.get(
                    f"/v1/{city.code}/verdicts", params={"verdict": "broken", **asked}
                )
                waited.append((time.perf_counter() - began) * 1e3)
                assert answer.status_code == 200, answer.text
            own = (time.process_time() - spent) * 1e3 / LISTS
            _shown(found, name, waited, stations=city.stations, **{"own core": own})


def _shown(found: Figures, name: str, waited: list[float], **more: float) -> None:
    cut = quantiles(waited, n=100)
    found.add(name, p50=cut[49], p99=cut[98], most=max(waited), **more)


def main() -> None:
    """Read the words and run."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--stations", type=int, default=Size.stations)
    asked = words.parse_args()
    share = asked.stations / Size.stations
    size = Size(asked.stations, round(Size.workers * share), max(round(Size.cities * share), 3))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        click.echo(f"load {machine.load():.2f}; a sweep takes {judging.STATIONS} stations a step")
        runner.run(measure(Figures(), size))


if __name__ == "__main__":
    main()
