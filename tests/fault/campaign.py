"""`make faults`: many clients write, everything is killed and stopped, and then all of it is read.

    plan      what is hurt, how and when, from a seed          campaign_plan
    world     the platform, a second casework worker, hands     campaign_world
    lives     who writes what, with keys, until enough          campaign_lives, campaign_ledger
    reads     when all is quiet: is everything there, once?     campaign_rows, campaign_reads
    told      the table                                         campaign_table

It ends with exit code 1 if anything acknowledged is lost, done twice or out of order, if a copy
differs from its original, or if there were fewer faults or writes than promised.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import orjson
import uvloop

from tests.fault.campaign_ledger import GIVES_UP_S, Ledger
from tests.fault.campaign_lives import Cast, Lives
from tests.fault.campaign_plan import FULL, SECOND, SHORT, Size, plan
from tests.fault.campaign_reads import reads
from tests.fault.campaign_rows import Waiting, logs, rows, streams, waiting
from tests.fault.campaign_table import Told
from tests.fault.campaign_world import SERVICES, World, world

CONVERGES_S = 120.0
LOOK_S = 0.25


async def campaign(seed: int, size: Size, *, keep: bool = False) -> Told:
    """Run one campaign in a folder of its own, and return what came of it."""
    # A socket's path must stay short.
    folder = Path(tempfile.mkdtemp(prefix="sg-faults-", dir="/tmp"))
    try:
        async with world(folder / "data") as here:
            told = await _campaign(here, seed, size)
    except BaseException:
        click.echo(f"what the processes wrote: {folder / 'data' / 'logs'}")
        raise
    if told.clean and not keep:
        await asyncio.to_thread(shutil.rmtree, folder)
    else:
        click.echo(f"what the processes wrote: {folder / 'data' / 'logs'}")
    return told


async def _campaign(here: World, seed: int, size: Size) -> Told:
    await here.watched()
    cast = Cast(orjson.loads((here.run.data / "demo.json").read_bytes()))
    held, faults = await here.lease(), plan(seed, size)
    began = time.monotonic()
    say(f"seed {seed}: {len(faults)} faults over {size.writes} writes")
    async with Ledger(here.run.base_url) as ledger:
        async with asyncio.TaskGroup() as group:
            hurting = group.create_task(here.strike(faults, ledger))
            group.create_task(_closing(ledger, size.writes))
            await Lives(ledger, cast, size, seed).all()
            quiet = time.monotonic()
            say(f"all written: {ledger.acknowledged} writes in {quiet - began:.0f} s")
            await hurting
        await here.whole()
        left, converged = await _converged(here, quiet)
        looking = time.monotonic()
        say(f"quiet after {converged:.1f} s; now everything is read")
        ledger.closing = 0.0
        log = await logs(here)
        wrong = await rows(here, log)
        wrong.add(await reads(ledger, cast))
        found = await streams(here, log)
        return Told(
            seed=seed,
            size=size,
            hurt=here.hurt,
            wiped_at=here.wiped_at,
            seconds=quiet - began,
            reading=time.monotonic() - looking,
            attempts=ledger.attempts,
            acknowledged=ledger.acknowledged,
            unanswered=ledger.unanswered,
            unknown=len(ledger.unknown),
            strange=ledger.strange,
            again=ledger.again,
            wrong=wrong,
            left=left,
            converged=converged,
            streams=found,
            events=sum(map(len, log.ids.values())),
            leases=await here.lease() - held,
            outcomes=outcomes(here.run.data / "logs"),
            refills=lines(here.run.data / "logs", b'"relay.refilled"'),
        )


async def _closing(ledger: Ledger, writes: int) -> None:
    """When enough is written, let nobody wait for an answer for ever."""
    await ledger.at(writes)
    ledger.closing = time.monotonic() + GIVES_UP_S


async def _converged(here: World, since: float) -> tuple[Waiting, float]:
    """Wait until nothing is on its way any more; return what is left, and after how many seconds."""
    while True:
        left = await waiting(here)
        now = time.monotonic()
        if left.nothing or now - since > CONVERGES_S:
            return left, now - since
        await asyncio.sleep(LOOK_S)


def say(words: str) -> None:
    """Say how far it is, with the time."""
    click.echo(f"{time.strftime('%H:%M:%S')} {words}")


def outcomes(folder: Path) -> Counter[str]:
    """Count what consumers met with: repeats, events that came too early, the rest."""
    found: Counter[str] = Counter()
    for line in lines(folder, b'"outcomes"'):
        found.update(line["outcomes"])
    return found


def lines(folder: Path, with_: bytes) -> list[dict[str, Any]]:
    """Return the services' log lines that have something in them; one cut short by a kill has not."""
    found = []
    for part in (*SERVICES, SECOND):
        for line in (folder / f"{part}.log").read_bytes().splitlines():
            if with_ in line:
                with suppress(orjson.JSONDecodeError):
                    found.append(orjson.loads(line))
    return found


def main() -> None:
    """Read the arguments, run, tell."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--short", action="store_true", help="as CI runs it")
    asked.add_argument("--keep", action="store_true", help="leave folder and logs behind")
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = asked.parse_args()
    size = SHORT if given.short else FULL
    told = uvloop.run(campaign(given.seed, size, keep=given.keep))
    click.echo(told.table())
    if not given.short:
        click.echo(told.write())
    sys.exit(0 if told.clean else 1)


if __name__ == "__main__":
    main()
