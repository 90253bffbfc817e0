"""The embedded run: servers, databases, five parts, and everything gone again at the end.

async with running(Path(".shegong"), port=0, demo=False) as run:
    run.base_url, run.pids["casework"], run.kill("casework"), run.env
"""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from chassis.config import PARTS, setting, surroundings
from deploy import databases
from deploy.embedded import furnished
from deploy.embedded.folder import Folder, held
from deploy.embedded.nats import Nats
from deploy.embedded.ports import HOST, free_ports, require_free
from deploy.embedded.postgres import Postgres
from deploy.embedded.probe import get
from deploy.embedded.process import Command, finished, last_line
from deploy.embedded.ready import all_ready
from deploy.embedded.secrets import ensure
from deploy.embedded.supervisor import Child, Say, Supervisor
from deploy.revisions import pending
from deploy.trouble import Trouble

OK = 200
SOURCE = furnished.SOURCE

PARTS_GRACE, NATS_GRACE, POSTGRES_GRACE = 5.0, 1.5, 2.5
"""Together below the ten seconds that a stop may take."""

Program = Callable[[str], Sequence[str]]


def serve(part: str) -> Sequence[str]:
    """Return the command that is one part."""
    return [sys.executable, "-m", "deploy.cli", "serve", part]


@dataclass
class Running:
    """A platform that runs: where it is, who its processes are, and a hand on each of them."""

    data: Path
    base_url: str
    postgres: Postgres
    nats: Nats
    supervisor: Supervisor
    ports: dict[str, int]
    env: dict[str, str] = field(default_factory=dict)
    """Every setting of every part: for tests and the commands of operations."""

    @property
    def pids(self) -> dict[str, int]:
        """Processes by name: the parts, `PostgreSQL`, `NATS`."""
        return self.supervisor.pids

    def kill(self, part: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one process: a drill."""
        self.supervisor.kill(part, how)

    def settings(self, part: str) -> dict[str, str]:
        """Return what one part may know: its own doors and no other's."""
        name = part.upper()
        found = {
            f"SHEGONG_DATABASE_URL_{name}": self.postgres.url(part, f"{part}_runtime"),
            f"SHEGONG_RELAY_DATABASE_URL_{name}": self.postgres.url(part, f"{part}_relay"),
            f"SHEGONG_NATS_URL_{name}": self.nats.url(part),
            f"SHEGONG_LISTEN_{name}": f"{HOST}:{self.ports[part]}",
            "SHEGONG_JWKS": str(self.data / "jwks.json"),
            "SHEGONG_VAULT": str(self.data / "vault.json"),
            "SHEGONG_STATE": str(self.data / "state"),
            "SHEGONG_ISSUER": self.base_url,
        }
        if size := setting("SHEGONG_STREAM_BYTES", ""):
            found["SHEGONG_STREAM_BYTES"] = size
        if part == "gateway":
            found["SHEGONG_SIGNING_KEYS"] = str(self.data / "signing.json")
            found["SHEGONG_CLIENT_SECRETS"] = "1"
            for other, port in self.ports.items():
                found[f"SHEGONG_URL_{other.upper()}"] = f"http://{HOST}:{port}"
        return found

    def migrator(self, part: str) -> dict[str, str]:
        """Return what the migration of one part needs."""
        return {f"SHEGONG_MIGRATOR_DATABASE_URL_{part.upper()}": self.migrator_url(part)}

    def migrator_url(self, part: str) -> str:
        """Return where a part's migrator logs in."""
        return self.postgres.url(part, f"{part}_migrator")

    async def answers(self, part: str, path: str = "/health/ready") -> bool:
        """Say whether a part answers well at a path."""
        status, _ = await get(HOST, self.ports[part], path)
        return status == OK


@asynccontextmanager
async def running(
    data: Path,
    *,
    port: int = 0,
    demo: bool = True,
    parts: Sequence[str] = PARTS,
    say: Say = lambda _zh, _en: None,
    program: Program = serve,
) -> AsyncIterator[Running]:
    """Run the platform while the block lasts; afterwards no process of it is left."""
    if port:
        require_free(port)
    async with held(data) as folder:
        run = await _prepare(folder, port, parts, say)
        try:
            await _start(run, parts, program)
            if set(parts) == set(PARTS) and program is serve:
                # A part alone never hears the packs that would make it ready.
                await _furnished(run, demo, say)
            yield run
        finally:
            # Finished whatever else is asked meanwhile: this is what leaves no process behind.
            await asyncio.shield(_stop(run, parts))


async def _prepare(folder: Folder, port: int, parts: Sequence[str], say: Say) -> Running:
    data = folder.path
    (data / "run.json").unlink(missing_ok=True)
    await asyncio.to_thread(ensure, data)
    # Also of parts that are not run: to the gateway they are parts that are down.
    ports = dict(zip(PARTS, free_ports(len(PARTS)), strict=True))
    ports["gateway"] = port or ports["gateway"]
    run = Running(
        data=data,
        base_url=f"http://{HOST}:{ports['gateway']}",
        postgres=Postgres(data, keep=[folder.lock]),
        nats=Nats(data, keep=[folder.lock]),
        supervisor=Supervisor(say),
        ports=ports,
    )
    for part in parts:
        run.env |= run.settings(part) | run.migrator(part)
    run.env["SHEGONG_NATS_URL_ADMIN"] = run.nats.url()
    run.env["SHEGONG_ADMIN_DATABASE_URL"] = run.postgres.url()
    return run


async def _start(run: Running, parts: Sequence[str], program: Program) -> None:
    async with _together() as group:
        group.create_task(_databases(run, parts))
        group.create_task(_server(run, run.nats))
    async with _together() as group:
        for part in parts:
            group.create_task(_part(run, part, program))
    _note(run)
    run.supervisor.changed = lambda: _note(run)


async def _furnished(run: Running, demo: bool, say: Say) -> None:
    new = demo and not (run.data / "demo.json").exists()
    cities = None if new else await furnished.as_left(run.data, run.ports["gateway"])
    if cities is None:
        if new:
            say("正在载入演示数据", "loading the demo")
        cities = await furnished.furnish(run.data, demo=new)
    await all_ready(run.data, run.env, cities)


async def _server(run: Running, server: Postgres | Nats) -> None:
    await server.prepare()
    stuck = server.stuck if isinstance(server, Nats) else None
    await run.supervisor.start(Child(server.command(), server.ready, stuck=stuck))


async def _databases(run: Running, parts: Sequence[str]) -> None:
    await _server(run, run.postgres)
    async with _together() as group:
        for part in parts:
            group.create_task(databases.prepare(run.postgres.url(), part))
    behind = [part for part in parts if await pending(part, run.migrator_url(part))]
    if behind:
        await _migrate(run, behind)


async def _migrate(run: Running, parts: Sequence[str]) -> None:
    log = run.data / "logs" / "migrate.log"
    env = surroundings()
    for part in parts:
        env |= run.migrator(part)
    argv = [sys.executable, "-m", "deploy.cli", "migrate", *parts]
    if code := await finished(Command("migrate", argv, log, env, cwd=SOURCE)):
        raise Trouble(
            f"数据库升级失败（{code}）：{last_line(log)}；日志 {log}",
            f"the databases could not be migrated ({code}); see {log}",
        )


async def _part(run: Running, part: str, program: Program) -> None:
    command = Command(
        name=part,
        argv=program(part),
        log=run.data / "logs" / f"{part}.log",
        env=surroundings() | run.settings(part),
        cwd=SOURCE,
    )

    async def live() -> bool:
        return await run.answers(part, "/health/live")

    await run.supervisor.start(Child(command, live))


def _note(run: Running) -> None:
    """Write where everything is, for the commands of operations; readable by us alone."""
    note = {"pid": os.getpid(), "base_url": run.base_url, "pids": run.pids, "env": run.env}
    draft = run.data / f"run.{secrets.token_hex(4)}"
    made = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "wb") as file:
        file.write(orjson.dumps(note, option=orjson.OPT_INDENT_2))
    draft.replace(run.data / "run.json")


async def _stop(run: Running, parts: Sequence[str]) -> None:
    (run.data / "run.json").unlink(missing_ok=True)
    await run.supervisor.stop(*parts, grace=PARTS_GRACE)
    await run.supervisor.stop("NATS", grace=NATS_GRACE)
    await run.supervisor.stop("PostgreSQL", grace=POSTGRES_GRACE)
    run.postgres.clean()


@asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks side by side; the first trouble is raised as itself, the others are called off."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except* Trouble as troubles:
        raise _first(troubles) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
