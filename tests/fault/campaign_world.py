"""The platform a campaign hurts: the embedded run with a second casework worker, and hands on all.

The product's own supervisor brings back what is killed. Witnesses in the databases note what no
later look could see: an effect that came before the one it follows.
"""

import asyncio
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from chassis.config import surroundings
from deploy.embedded.ports import HOST, free_ports
from deploy.embedded.probe import get
from deploy.embedded.process import Command
from deploy.embedded.run import SOURCE, Running, running, serve
from deploy.embedded.supervisor import Child
from tests.deploy.waiting import alive, until
from tests.e2e.house import eventually, family
from tests.fault.campaign_ledger import Ledger
from tests.fault.campaign_plan import KINDS, SECOND, STOP, WIPE, Fault

SERVICES = ("registry", "casework", "procurement", "evaluation")
WITNESS = """
CREATE SCHEMA witness;
CREATE TABLE witness.seen (what text);
CREATE FUNCTION witness.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN INSERT INTO witness.seen VALUES (TG_TABLE_NAME || ' ' || NEW::text); RETURN NULL; END $$;
CREATE TRIGGER back AFTER UPDATE ON applied FOR EACH ROW
  WHEN ((NEW.epoch, NEW.version) < (OLD.epoch, OLD.version)) EXECUTE FUNCTION witness.note();
"""
WITNESS_OF_FACTS = """
CREATE FUNCTION witness.follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
  IF NOT EXISTS (SELECT FROM public.fact f WHERE f.city = NEW.city AND f.kind = NEW.kind
      AND f.subject_id = NEW.subject_id AND f.epoch = NEW.epoch AND f.version = NEW.version - 1)
  THEN INSERT INTO witness.seen VALUES ('fact ' || NEW.subject_id || ' ' || NEW.version); END IF;
  RETURN NULL; END $$;
CREATE TRIGGER follows AFTER INSERT ON fact FOR EACH ROW
  WHEN (NEW.version > 1) EXECUTE FUNCTION witness.follows();
"""


class World:
    """The running platform, and what was done to it."""

    def __init__(self, run: Running) -> None:
        self.run = run
        self.hurt: Counter[tuple[str, str]] = Counter()
        """How often, by kind of process and by how."""
        self.wiped_at = 0
        """How many writes were acknowledged when the broker lost everything."""
        self._stopped: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def rows(self, part: str) -> AsyncIterator[asyncpg.Connection]:
        """Look into a part's database, past every policy."""
        admin = urlsplit(self.run.env["SHEGONG_ADMIN_DATABASE_URL"])
        one = await asyncpg.connect(admin._replace(path=f"/{part}").geturl(), timeout=10)
        try:
            yield one
        finally:
            await one.close()

    async def watched(self) -> None:
        """Put the witnesses into the databases."""
        for part in SERVICES:
            async with self.rows(part) as one:
                await one.execute(WITNESS + (WITNESS_OF_FACTS if part == "evaluation" else ""))

    async def lease(self) -> int:
        """Return how often the relay's lease on casework's outbox has found another holder."""
        async with self.rows("casework") as one:
            return int(await one.fetchval("SELECT max(token) FROM relay_lease"))

    # ------------------------------------------------------------------ hurting

    async def strike(self, plan: list[Fault], ledger: Ledger) -> None:
        """Hurt everybody in turn, and return when the last one goes on again."""
        for fault in plan:
            await ledger.at(fault.at)
            await self._strike(fault, ledger)
        await asyncio.gather(*self._stopped.values())

    async def _strike(self, fault: Fault, ledger: Ledger) -> None:
        if fault.how == STOP and fault.kind in self._stopped:
            await self._stopped[fault.kind]
        await until(lambda: fault.kind in self.run.pids, within=90)
        pids = family(self.run.pids[fault.kind])
        self.hurt[fault.kind, fault.how] += 1
        if fault.how == STOP:
            self._stopped[fault.kind] = asyncio.create_task(_held(pids, fault.seconds))
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if fault.how == WIPE:
            # On our own loop and without a pause: the supervisor, on it too, must not be faster.
            while any(alive(pid) for pid in pids):
                time.sleep(0.001)  # noqa: ASYNC251
            shutil.rmtree(self.run.nats.store)
            self.wiped_at = ledger.acknowledged

    async def whole(self, within: float = 90.0) -> None:
        """Wait until every process runs and every part is ready."""

        async def ready() -> bool:
            if set(KINDS) - self.run.pids.keys():
                return False
            return all([await self.run.answers(part) for part in (*SERVICES, "gateway")])

        await eventually(ready, within)


async def _held(pids: list[int], seconds: float) -> None:
    """Stop processes for a while; who is killed meanwhile is left alone, and so is its number."""
    held = []
    for pid in pids:
        with suppress(ProcessLookupError):
            held.append(os.pidfd_open(pid))
            signal.pidfd_send_signal(held[-1], signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for one in held:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(one, signal.SIGCONT)
            os.close(one)


@asynccontextmanager
async def world(data: Path) -> AsyncIterator[World]:
    """Run everything of the platform, its demo loaded, and one casework worker more."""
    async with running(data) as run:
        [port] = free_ports(1)

        async def live() -> bool:
            status, _ = await get(HOST, port, "/health/live")
            return status == 200

        settings = run.settings("casework") | {"SHEGONG_LISTEN_CASEWORK": f"{HOST}:{port}"}
        command = Command(
            name=SECOND,
            argv=[*serve("casework"), "--role", "worker"],
            log=run.data / "logs" / f"{SECOND}.log",
            env=surroundings() | settings,
            cwd=SOURCE,
        )
        await run.supervisor.start(Child(command, live))
        try:
            yield World(run)
        finally:
            await run.supervisor.stop(SECOND, grace=5)
