"""`make bench`: the platform in a temporary folder, its floor beside it, every figure in one run.

    first     cold start, memory at rest, warm starts, as `shegong up` has them
    alone     pgbench, intake, reads and the plain baseline in turn; no relay and no consumer runs
    backlog   one relay, then one consumer, over what has waited
    whole     everything on: intake, overview, commit to read model, twice the capacity
    verdicts  a country of verdicts judged again, one fact changed, another day listed

`--quick` takes a minute and proves the harness, not the platform.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import click
import orjson
import uvloop

from chassis.clock import system_clock
from chassis.config import PARTS, surroundings
from deploy.embedded.ports import free_ports
from deploy.embedded.probe import get
from deploy.embedded.process import Command, spawn, stop, until_ready
from deploy.embedded.run import SOURCE, Running, running
from tests.e2e.house import House, eventually
from tests.perf import asked, country, machine, moves, verdicts
from tests.perf.client import HOST, Run, closed, quantile, steady
from tests.perf.figures import Figures, commit, cores
from tests.perf.floor import FLOOR, casework_again, floor

BASELINE = "baseline"
STEPS = ("first", "alone", "backlog", "whole", "verdicts")
CONNECTIONS = (1, 8, 32)
MADE = 1_000
"""Referrals made beforehand for a second of load: more than one part has ever taken."""
RATIOS = {
    f"intake alone at {c} / pgbench at {c}": (f"intake alone at {c}", f"pgbench at {c}")
    for c in CONNECTIONS
} | {
    "intake alone at 8 / plain baseline at 8": ("intake alone at 8", "baseline at 8"),
    "intake with relay and consumers at 8 / pgbench at 8": (
        "intake with relay and consumers at 8",
        "pgbench at 8",
    ),
    "read by id at 8 / pgbench at 8": ("read by id at 8", "pgbench at 8"),
    "list of 50 at 8 / pgbench at 8": ("list of 50 at 8", "pgbench at 8"),
}


@dataclass(frozen=True)
class Size:
    """How long everything takes."""

    rounds: int = 3
    seconds: float = 5.0
    backlog: int = 20_000
    steady: int = 50
    events: int = 500
    open_seconds: float = 10.0
    overload_seconds: float = 30.0
    starts: int = 3
    judged: country.Size = country.WHOLE


QUICK = Size(
    rounds=1,
    seconds=1.0,
    backlog=1_000,
    open_seconds=2.0,
    overload_seconds=3.0,
    starts=1,
    judged=country.Size(1_000, 2_418, 3),
)


class Bench:
    """One run over one data folder."""

    def __init__(self, folder: Path, size: Size, found: Figures) -> None:
        self.data, self.size, self.found = folder / "data", size, found
        self.grounds: dict[str, tuple[str, ...]] = {}

    @property
    def demo(self) -> dict:
        return orjson.loads((self.data / "demo.json").read_bytes())

    # ------------------------------------------------------------------ first

    async def first(self) -> None:
        """Start as a newcomer does, rest, and start again."""
        house = House(self.data)
        try:
            self.found.add("cold start with demo", seconds=await house.up())
            await asyncio.sleep(5)
            parts = machine.memory(house.process.pid)
            self.found.add("memory at rest (PSS, MB)", all=sum(parts.values()), **parts)
            env = house.note["env"]
            await _track(env["SHEGONG_ADMIN_DATABASE_URL"])
            casework = env["SHEGONG_DATABASE_URL_CASEWORK"]
            self.grounds = await asked.furnish(self.demo, house.url, casework)
            await asyncio.sleep(2)
            await house.down()
            for _ in range(self.size.starts):
                self.found.add("warm start", seconds=await house.up())
                await house.down()
        finally:
            if house.process is not None and house.process.poll() is None:
                await house.down()

    # ------------------------------------------------------------------ alone

    async def alone(self) -> None:
        """Intake and reads with no relay and no consumer, pgbench and the baseline in turn."""
        async with self._up("api") as run, self._baseline(run) as beside:
            for clients in CONNECTIONS:  # plans, pools and caches as they are in service
                await floor(run.postgres, clients, 1)
            await self._intake(run, 8, 2.0)
            await self._intake(run, 8, 2.0, port=beside)
            for _ in range(self.size.rounds):
                await self._round(run, beside)
            await self._count(run)
            await self._grown(run)

    async def _round(self, run: Running, beside: int) -> None:
        seconds, found = self.size.seconds, self.found
        await _checkpoint(run)
        for clients in CONNECTIONS:
            before = os.times()
            with machine.used(_of(run, "PostgreSQL")) as spent:
                rate, mean = await floor(run.postgres, clients, max(int(seconds), 1))
            after, done = os.times(), rate * max(int(seconds), 1)
            pgbench = sum(after[2:4]) - sum(before[2:4])  # children that have ended
            found.add(
                f"pgbench at {clients}",
                rate=rate,
                **{
                    "mean ms": mean,
                    "pgbench µs": pgbench * 1e6 / done,
                    "PostgreSQL µs": spent["PostgreSQL"] * 1e6 / done,
                },
            )
            await self._intake(run, clients, seconds, f"intake alone at {clients}")
        for clients in (8, 32):
            await self._intake(run, clients, seconds, f"baseline at {clients}", port=beside)
        for name, paths in (await self._reading(run)).items():
            with machine.used(_of(run, "gateway", "casework", "PostgreSQL")) as spent:
                got = await closed(run.ports["gateway"], 8, seconds, asked.reads(paths))
            found.run(f"{name} at 8", got, spent)

    async def _intake(
        self, run: Running, clients: int, seconds: float, name: str = "", port: int = 0
    ) -> Run:
        who = await asked.partners(self.demo, run.base_url, self.grounds)
        with machine.used(_of(run, "gateway", "casework", "PostgreSQL")) as spent:
            got = await closed(
                *(port or run.ports["gateway"], clients, seconds, asked.referrals(who)),
                made=int(seconds * MADE),
            )
        if name:
            self.found.run(name, got, None if port else spent)
        elif got.good != sum(got.statuses.values()):
            self.found.run("warming up", got)
        return got

    async def _reading(self, run: Running) -> dict[str, list[tuple[str, str]]]:
        """Return paths and tokens for reads: one referral's worker, and the city's list."""
        ids: list[tuple[str, str]] = []
        lists: list[tuple[str, str]] = []
        async with _rows(run, "casework") as rows:
            for client in self.demo["clients"]:
                if client["role"] != "worker":
                    continue
                bearer = await asked.token(self.demo, run.base_url, client["client_id"])
                station = UUID(client["station_id"])
                some = await rows.fetch(
                    "SELECT id FROM referral WHERE station_id = $1 LIMIT 20", station
                )
                base = f"/v1/{client['city']}/referrals"
                ids += [(f"{base}/{row['id']}", bearer) for row in some]
                lists.append((base, bearer))
        return {"read by id": ids, "list of 50": lists}

    async def _count(self, run: Running) -> None:
        """Compare what was answered with what is there: as many rows in every table."""
        async with _rows(run, "casework") as rows:
            counts = [
                await rows.fetchval(f"SELECT count(*) FROM {table}{where}")
                for table, where in (
                    ("referral", ""),
                    ("feed", ""),
                    ("event_log", ""),
                    ("receipt", ""),
                    ("audit", " WHERE action = 'casework.referral.received'"),
                )
            ]
        if len(set(counts)) != 1:
            self.found.notes.append(f"rows disagree: {counts}")
        self.found.add("rows after the rounds, alike in five tables", rows=counts[0])

    async def _grown(self, run: Running) -> None:
        """Note what the processes have grown to under load."""
        parts = {name: sum(machine.memory(pid).values()) for name, pid in run.pids.items()}
        self.found.add("memory after load (PSS, MB)", all=sum(parts.values()), **parts)

    async def _fill(self, run: Running) -> None:
        """Have a backlog of at least so many events wait."""
        async with _rows(run, "casework") as rows:
            while await rows.fetchval("SELECT count(*) FROM outbox") < self.size.backlog:
                await self._intake(run, 8, 3.0)

    # ------------------------------------------------------------------ backlog

    async def backlog(self) -> None:
        """Start one relay, wait until nothing waits; then one consumer, until all is applied."""
        async with self._up("api") as run, _rows(run, "casework") as rows:
            await self._fill(run)
            waiting = await rows.fetchval("SELECT count(*) FROM outbox")
            async with self._worker(run, "casework"):
                took = await _drained(rows, "SELECT count(*) FROM outbox", waiting)
            self.found.add("relay catch-up", rate=waiting / took, events=waiting)
        async with self._up("api") as run, _rows(run, "evaluation") as rows:
            kinds = "SELECT count(*) FROM applied WHERE agg_type = 'casework.referral'"
            had = await rows.fetchval(kinds)
            left = f"SELECT {had + waiting} - ({kinds})"
            async with self._worker(run, "evaluation"):
                took = await _drained(rows, left, waiting)
            self.found.add("consumer catch-up", rate=waiting / took, events=waiting)

    # ------------------------------------------------------------------ whole

    async def whole(self) -> None:
        """Everything on."""
        size = self.size
        async with self._up("all") as run, _rows(run, "casework") as rows:

            async def settled() -> None:
                waiting = await rows.fetchval("SELECT count(*) FROM outbox")
                if waiting:
                    await _drained(rows, "SELECT count(*) FROM outbox", waiting)
                await asyncio.sleep(1)

            await self._intake(run, 8, 2.0)
            best = 0.0
            for _ in range(size.rounds):
                await settled()
                rate, mean = await floor(run.postgres, 8, max(int(size.seconds), 1))
                self.found.add("pgbench at 8, everything on", rate=rate, **{"mean ms": mean})
                for clients in (8, 32):
                    name = f"intake with relay and consumers at {clients}"
                    best = max(best, (await self._intake(run, clients, size.seconds, name)).rate)
                    await settled()
            await self._delay(run, size.steady)
            await settled()
            await self._moves(run, size.events)
            await settled()
            await self._overview(run)
            await self._overload(run, 2 * (self.found.median(name) or best))
            await settled()

    # ------------------------------------------------------------------ verdicts

    async def verdicts(self) -> None:
        """A country's verdicts, in this process over a server of its own."""
        await verdicts.measure(self.found, self.size.judged)

    async def _delay(self, run: Running, rate: int) -> None:
        """From an intake's commit to the read model, at a rate the intake takes easily."""
        who = await asked.partners(self.demo, run.base_url, self.grounds)
        since = system_clock()
        got = await steady(run.ports["gateway"], rate, self.size.open_seconds, asked.referrals(who))
        self.found.run(f"intake at a steady {rate}/s", got)
        await self._heard(run, f"commit to read model at {rate}/s", since, got.good)

    async def _moves(self, run: Running, rate: int) -> None:
        """The same at a rate of events no intake makes: several to a transaction."""
        ahead = rate // moves.TOGETHER  # for a second: who was idle looks seldom
        batches = await moves.to_take_on(run, int(rate * (self.size.open_seconds + 1)))
        async with moves.writing(run) as take_on:
            await take_on(batches[:ahead], rate)
            since, began = system_clock(), time.perf_counter()
            with machine.used(_of(run, "casework", "evaluation", "NATS", "PostgreSQL")) as spent:
                done = await take_on(batches[ahead:], rate)
                took = time.perf_counter() - began
                await self._heard(run, f"commit to read model at {rate} events/s", since, done)
        self.found.add(
            f"events at a steady {rate}/s",
            rate=done / took if took else 0.0,
            **{f"{part} µs": seconds * 1e6 / max(done, 1) for part, seconds in spent.items()},
        )

    async def _heard(self, run: Running, name: str, since: datetime, good: int) -> None:
        """Compare the databases' own commit times of what was told since, and of what was heard."""
        query = (
            "SELECT {0}, pg_xact_commit_timestamp(xmin) AS at FROM {1}"
            " WHERE pg_xact_commit_timestamp(xmin) > $1"
        )
        async with _rows(run, "evaluation") as there, _rows(run, "casework") as here:
            told = {
                r["agg_id"]: r["at"]
                for r in await here.fetch(query.format("agg_id", "event_log"), since)
            }
            for _ in range(200):
                heard = await there.fetch(
                    query.format("agg_id", "applied") + " AND agg_type = 'casework.referral'", since
                )
                if len({r["agg_id"] for r in heard} & told.keys()) == len(told):
                    break
                await asyncio.sleep(0.1)
        late = [(r["at"] - told[r["agg_id"]]).total_seconds() for r in heard if r["agg_id"] in told]
        if len(late) != good:
            self.found.notes.append(f"{name}: {good} taken, {len(late)} applied")
        self.found.add(
            name, **{f"p{q} ms": quantile(late, q / 100) for q in (50, 99)}, events=len(late)
        )

    async def _overview(self, run: Running) -> None:
        paths = []
        for client in self.demo["clients"]:
            if client["role"] == "station_head":
                bureau = f"{client['city']}.city-bureau-1"
                bearer = await asked.token(self.demo, run.base_url, bureau)
                at = f"/v1/{client['city']}/stations/{client['station_id']}/overview"
                paths.append((at, bearer))
        got = await closed(run.ports["gateway"], 8, self.size.seconds, asked.reads(paths))
        self.found.run("overview at 8", got)
        for rate in (100, 200, 300):
            with machine.used(run.pids) as spent:
                got = await steady(
                    run.ports["gateway"], rate, self.size.open_seconds, asked.reads(paths)
                )
            self.found.run(f"overview at a steady {rate}/s", got, spent)

    async def _overload(self, run: Running, rate: float) -> None:
        who = await asked.partners(self.demo, run.base_url, self.grounds)
        with machine.used(_of(run, "gateway", "casework", "PostgreSQL")) as spent:
            got = await steady(
                *(run.ports["gateway"], rate, self.size.overload_seconds, asked.referrals(who)),
                lines=512,
            )
        self.found.add(
            "twice the capacity",
            asked=rate,
            rate=got.rate,
            **{"p50 ms": got.at(0.5), "p99 ms": got.at(0.99)},
            refused=len(got.refused),
            hinted=got.hinted,
            lost=got.lost,
            **{f"refusal p{q} ms": got.refused_at(q / 100) for q in (50, 99)},
            **{"seconds of the client": got.own, "of the gateway": spent["gateway"]},
            **{"of casework": spent["casework"], "of PostgreSQL": spent["PostgreSQL"]},
        )
        began = time.perf_counter()
        while True:
            again = await self._intake(run, 8, 0.5)
            if again.good and again.at(0.99) < 250 and not again.lost:
                break
            if time.perf_counter() - began > 30:
                self.found.notes.append("not normal 30 s after the overload")
                break
        self.found.add("normal after the overload", seconds=time.perf_counter() - began)

    # ------------------------------------------------------------------ processes

    @contextlib.asynccontextmanager
    async def _up(self, role: str):
        def program(part: str) -> Sequence[str]:
            return [sys.executable, "-m", "deploy.cli", "serve", part, "--role", role]

        async with running(self.data, demo=False, program=program) as run:
            for part in PARTS:
                await eventually(partial(run.answers, part), 60)
            yield run

    @contextlib.asynccontextmanager
    async def _worker(self, run: Running, part: str):
        """Run one part's relay and consumers beside its API."""
        [port] = free_ports(1)
        name = f"SHEGONG_LISTEN_{part.upper()}"
        env = surroundings() | run.settings(part) | {name: f"{HOST}:{port}"}
        words = [sys.executable, "-m", "deploy.cli", "serve", part, "--role", "worker"]
        async with _beside(run, f"{part}-worker", words, env, port, "/health/live"):
            yield

    @contextlib.asynccontextmanager
    async def _baseline(self, run: Running):
        """Make the databases of floor and baseline, and run the baseline's two processes."""
        await casework_again(run.postgres, FLOOR)
        await casework_again(run.postgres, BASELINE)
        await _copied(run, BASELINE)
        inner, outer = free_ports(2)
        url = run.postgres.url(BASELINE, "casework_runtime")
        env = surroundings() | run.settings("casework") | run.settings("gateway")
        env |= {
            "BASELINE_DATABASE": url.replace("postgresql:", "postgresql+asyncpg:"),
            "BASELINE_SERVICE": f"http://{HOST}:{inner}",
        }
        words = [sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "warning"]
        one = [*words, "--port", str(inner), "tests.perf.baseline.service:app"]
        two = [*words, "--port", str(outer), "tests.perf.baseline.proxy:app"]
        async with (
            _beside(run, "baseline-service", one, env, inner, "/openapi.json"),
            _beside(run, "baseline-proxy", two, env, outer, "/openapi.json"),
        ):
            yield outer


@contextlib.asynccontextmanager
async def _beside(run: Running, name: str, words: list[str], env: dict, port: int, path: str):
    command = Command(name, words, run.data / "logs" / f"{name}.log", env, cwd=SOURCE)

    async def ready() -> bool:
        return (await get(HOST, port, path))[0] == 200

    process = spawn(command)
    try:
        await until_ready(process, command, ready, within=60)
        yield
    finally:
        await stop(process, command.stop, grace=10)


@contextlib.asynccontextmanager
async def _rows(run: Running, part: str):
    connection = await asyncpg.connect(run.postgres.url(part))
    try:
        yield connection
    finally:
        await connection.close()


def _of(run: Running, *names: str) -> dict[str, int]:
    return {name: run.pids[name] for name in names}


async def _track(admin: str) -> None:
    """Have the server keep commit times, from its next start on."""
    connection = await asyncpg.connect(admin)
    await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await connection.close()


async def _checkpoint(run: Running) -> None:
    async with _rows(run, "postgres") as rows:
        await rows.execute("CHECKPOINT")


async def _drained(rows: asyncpg.Connection, left: str, waiting: int, within: float = 120) -> float:
    """Return the seconds from the first that went to the last that waited."""
    began = None
    async with asyncio.timeout(within):
        while (now := await rows.fetchval(left)) > 0:
            if began is None and now < waiting:
                began = time.perf_counter()
            await asyncio.sleep(0.02)
    return time.perf_counter() - (began or time.perf_counter() - 0.02)


async def _copied(run: Running, name: str) -> None:
    """Give another database what casework has heard of stations, partners, packs and divisions."""
    dump = run.postgres.programs / "pg_dump"
    kept = ("station_kept", "partner_kept", "worker_kept", "posting_kept", "pack_kept", "division")
    words = [str(dump), "--data-only", *(word for t in kept for word in ("-t", t))]
    where = ("-h", str(run.postgres.sockets), "-U", "postgres")
    process = await asyncio.create_subprocess_exec(
        *words, *where, "casework", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    psql = await asyncio.create_subprocess_exec(
        str(run.postgres.programs / "psql"),
        *("-q", "-v", "ON_ERROR_STOP=1", *where, name),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await psql.communicate(said)
    assert process.returncode == 0
    assert psql.returncode == 0


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sg-bench-", dir="/tmp"))
    folder.chmod(0o711)  # as root the database server is another user
    return folder


async def bench(size: Size, steps: Sequence[str], quiet: float) -> None:
    found = Figures()
    busy = await machine.quiet(quiet, 600, asyncio.sleep) if quiet else machine.load()
    found.about = {
        "date": f"{system_clock():%Y-%m-%d-%H%M}",
        "commit": commit(),
        "machine": cores(),
        "load before": round(busy, 2),
        "rounds": size.rounds,
        "seconds a run": size.seconds,
    }
    folder = await asyncio.to_thread(_folder)
    try:
        one = Bench(folder, size, found)
        for step in steps:
            click.echo(f"—— {step}  (load {machine.load():.2f})")
            await getattr(one, step)()
    finally:
        found.about["load after"] = round(machine.load(), 2)
        ratios = found.ratios(RATIOS)
        for name, value in ratios.items():
            click.echo(f"{name:<56} {value}")
        click.echo(found.write(ratios))
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Read the words and run."""
    words = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    words.add_argument("--quick", action="store_true", help="a minute, to prove the harness")
    words.add_argument("--until", choices=STEPS, default=STEPS[-1], help="stop after this step")
    words.add_argument("--quiet", type=float, default=0.0, help="wait for a load average below")
    asked_for = words.parse_args()
    steps = STEPS[: STEPS.index(asked_for.until) + 1]
    size = QUICK if asked_for.quick else Size()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bench(size, steps, asked_for.quiet))


if __name__ == "__main__":
    main()
