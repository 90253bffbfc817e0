"""The relay that holds the lease falls asleep; an event nobody can apply comes along."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from uuid import UUID

from chassis.config import surroundings
from deploy.embedded.ports import HOST, free_ports
from deploy.embedded.process import Command, spawn, stop
from deploy.embedded.run import SOURCE
from tests.e2e.house import eventually
from tests.fault.hurting import still
from tests.fault.outages.load import Load, good
from tests.fault.outages.signals import Signals, metric
from tests.fault.outages.told import GRANTED, Came, read
from tests.fault.writing import Ledger

TAKEN_OVER_S = 10.0
PARTS = 16


async def relay_asleep(house, guest, city, asked):
    """The worker with the lease is stopped between publish and acknowledgement, and wakes up later.

    Another takes over; what the sleeper still believes when it wakes must not be heard.
    """
    came = Came("relay asleep", max(asked.seconds, 1.0))
    ledger = Ledger(guest, city)
    async with _second(house) as (worker, url):
        # It comes to the lease when the first one sleeps: from here on it is the holder.
        with still(house.pids["casework"]):
            await eventually(lambda: _holds(url), 30)
        await eventually(lambda: _answers(guest, house), 30)
        signals = Signals(house, "casework")
        async with Load(ledger, asked.rate) as load:
            await asyncio.sleep(asked.before)
            with still(house.pids["NATS"]):
                # What it publishes now has no acknowledgement when it falls asleep.
                await asyncio.sleep(0.5)
                os.kill(worker.pid, signal.SIGSTOP)
            asleep = time.monotonic()
            try:
                await eventually(lambda: _holds(house.part("casework")), 60)
                took = time.monotonic() - asleep
                await asyncio.sleep(max(0.0, asked.seconds - took))
            finally:
                os.kill(worker.pid, signal.SIGCONT)
            awake = time.monotonic()
        during = load.between(asleep, awake)
        came.away_s, came.asked, came.granted = awake - asleep, len(during), good(during)
        await read(came, house, ledger)
        came.whole_s = time.monotonic() - awake
    came.also |= {
        "taken over after": f"{took:.1f} s",
        "refusals": len(signals.lines("relay.broker")),
    }
    came.must(took <= TAKEN_OVER_S, f"taken over after {took:.1f} s")
    came.must(came.granted >= GRANTED, f"{came.granted:.2%} granted")
    return came


async def _holds(url):
    return await metric(url, "relay_leases") == PARTS


async def _answers(guest, house):
    return (await guest.http.get(f"{house.part('casework')}/health/ready")).is_success


@asynccontextmanager
async def _second(house):
    """Start another worker of casework."""
    [port] = free_ports(1)
    url = f"{HOST}:{port}"
    told = {
        name: v for name, v in house.note["env"].items() if not name.startswith("SHEGONG_LISTEN")
    }
    command = Command(
        name="casework-2",
        argv=[sys.executable, "-m", "deploy.cli", "serve", "casework", "--role", "worker"],
        log=house.data / "logs" / "casework-2.log",
        env=surroundings() | told | {"SHEGONG_LISTEN_CASEWORK": url},
        cwd=SOURCE,
    )
    process = spawn(command)
    try:
        await eventually(lambda: _live(f"http://{url}"), 60)
        yield process, f"http://{url}"
    finally:
        await stop(process, signal.SIGTERM, grace=10)


async def _live(url):
    return await metric(url, "relay_leases_created") or await metric(url, "outbox_waiting") >= 0


async def poison(house, guest, city, asked):
    """Evaluation cannot apply one referral's event: that referral waits, the others do not.

    The fault is a trigger in its database: a bug that a new version mends. Then the dead letter is
    tried again, and what waited behind it follows.
    """
    came = Came("an event nobody can apply", asked.seconds)
    ledger = Ledger(guest, city)
    await ledger.ready()
    began = time.monotonic()
    async with house.rows("evaluation") as one:
        with still(house.pids["evaluation"]):
            sick = await ledger.refer()
            await one.execute(_BUG.replace("{id}", str(UUID(sick.receipt["id"]))))
        try:
            await ledger.accept(sick)

            async def dead():
                return await one.fetchval("SELECT count(*) FROM dead_letter") == 1

            await eventually(dead, 60)
            visible = time.monotonic() - began
            async with Load(ledger, asked.rate):
                await asyncio.sleep(asked.seconds)
            well = [w for w in ledger.wishes if w is not sick]

            async def others():
                found = await one.fetch(
                    "SELECT subject_id, max(version) AS last FROM fact"
                    " WHERE kind = 'referral' GROUP BY 1"
                )
                known = {row["subject_id"]: row["last"] for row in found}
                return all(known.get(UUID(w.receipt["id"])) == w.version for w in well)

            await eventually(others, 60)
            letters = await asyncio.to_thread(shegong, house, "dead-letters", "list")
            counted = Signals(house, "evaluation")

            async def told():
                return await counted.metric("dead_letters") == 1

            await eventually(told, 20)
            facts = await one.fetchval(
                "SELECT count(*) FROM fact WHERE subject_id = $1", UUID(sick.receipt["id"])
            )
        finally:
            await one.execute("DROP FUNCTION poisoned() CASCADE")
    came.must(facts == 0, "the sick one was applied all the same")
    came.must(sick.receipt["id"] in letters, "the list does not name it")
    healed = await asyncio.to_thread(
        shegong, house, "dead-letters", "replay", "evaluation", "--all"
    )
    came.must("applied" in healed, f"the replay said {healed!r}")
    came.asked, came.granted = len(well), 1.0
    await read(came, house, ledger)
    came.also |= {"visible after": f"{visible:.1f} s", "others applied": len(well)}
    return came


_BUG = """
CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.subject_id = '{id}' THEN RAISE EXCEPTION 'a bug'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER poisoned BEFORE INSERT ON fact FOR EACH ROW EXECUTE FUNCTION poisoned();
"""


def shegong(house, *words):
    """Run a command of operations beside the platform, as a person would."""
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.cli", *words],
        env=surroundings() | {"SHEGONG_DATA": str(house.data)},
        cwd=SOURCE, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return ran.stdout
