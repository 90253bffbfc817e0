"""`make power-cut`: the power goes while people write; what was acknowledged is still there.

    as shipped                     every cut: 0 acknowledged writes lost, 0 acknowledged events lost
    synchronous_commit=off         a control: writes must be lost, events must not
    NATS syncing every 2 minutes   a control: events must be lost, writes must not

A cut is the image of each disk as it stands in one instant, all processes held still (disk.py says
what such a copy is). The servers are then killed, their disks thrown away, and life goes on over
the copies: first the final reads, before any relay runs; then everybody who got no answer asks
again with the same key; then writing, then the next cut. So a later cut falls on what an earlier
one left behind, and everything promised since the first day is looked for each time.

The controls show that the harness sees a loss where there is one. A control that loses nothing is
tried again under more load; if it never loses, the harness has failed and says so. The event log
heals what a lazy broker forgot: the stream must be whole again afterwards, also in the control.
"""

# ruff: noqa: T201 - a command tells by printing

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import orjson

from chassis.clock import system_clock
from chassis.vault import Vault
from tests.fault.power_cut.disk import copied, in_a_world_of_our_own, missing, tidy_when_told_to_go
from tests.fault.power_cut.machine import machine, new_disks
from tests.fault.power_cut.reading import in_order, left, strays, whole
from tests.fault.power_cut.writing import Promised, casework, found
from tests.perf.figures import commit, cores

ROOM = 2 << 30
CUTS, SHORT_CUTS = 10, 2
TRIES = 3
"""How often a control is given the chance to lose something."""
RESULTS = Path(__file__).parents[1] / "results"
SHIPPED = "as shipped"
CONTROLS = {
    "synchronous_commit=off": ({"settings": {"synchronous_commit": "off"}}, "writes"),
    "NATS syncing every 2 minutes": ({"lazy": True}, "events"),
}
HEAD = (
    f"{'run':<30}{'cut':>4}{'writers':>8}{'acked':>7}{'unknown':>8}{'lost':>6}"
    f"{'published':>10}{'lost':>6}{'whole again':>13}"
)


class Drill:
    """One base that all runs begin with, and what they found."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.vault = folder, folder / "vault.json"
        self.dice = random.Random(seed)
        self.rows: list[dict[str, object]] = []
        self.wrong: list[str] = []
        self._number = 0
        self._base: list[Path] = []

    async def prepare(self):
        """Make the disks with a casework on them that nobody has used."""
        Vault.make(self.vault)
        folder = self._folder()
        disks = new_disks(folder / "new")
        async with machine(disks, folder) as one:
            await found(one, self.vault)
        self._base = disks

    async def run(self, name, cuts, *, writers=8, **how):
        """Write, cut, read, as often as asked; return how much was lost of each kind."""
        promised, lost = Promised(), {"writes": 0, "events": 0}
        folder = self._folder()
        images = [copied(image, folder / image.name) for image in self._base]
        for cut in range(cuts + 1):
            began, old = time.monotonic(), images
            async with machine(images, self._folder(), **how) as one:
                took = await left(one, promised)
                async with casework(one, self.vault, promised) as desk:
                    if cut:
                        await self._after(one, desk, promised, took)
                        took.seconds = time.monotonic() - began
                        lost["writes"] += len(took.lost_writes)
                        lost["events"] += len(took.lost_events)
                        self._enter(name, cut, writers, took)
                    if cut < cuts:
                        images = await self._until_dark(one, desk, writers)
            for image in old:
                image.unlink()
        return lost

    async def _after(self, one, desk, promised, took):
        """After a cut: those without an answer ask again, the relay heals what the broker lost."""
        gone = {line.partition(":")[0] for line in took.lost_writes}
        promised.wishes = [wish for wish in promised.wishes if wish.id not in gone]
        some = self.dice.sample(promised.kept, min(5, len(promised.kept)))
        for wish in [*promised.unknown, *some]:
            await desk.ask(wish)
        await whole(one)
        self.wrong += await in_order(one)
        if not gone:  # of those whose promise was lost, nobody knows what became
            self.wrong += [f"{stray}: nobody was told" for stray in await strays(one, promised)]

    async def _until_dark(self, one, desk, writers):
        """Write for a while, and return what is on the disks when the power goes."""
        writing = [asyncio.create_task(desk.write()) for _ in range(writers)]
        try:
            await desk.more(self.dice.randint(40, 200))
            await asyncio.sleep(self.dice.random() / 4)
            copies = await one.cut(self._folder() / "cut")
            # What was sent before the cut is an acknowledgement, though it is read after it.
            await asyncio.sleep(0.05)
            desk.dark = True
            # First: who waits for a server that stands still would wait out its time.
            await one.die()
        finally:
            for task in writing:
                task.cancel()
        for ended in await asyncio.gather(*writing, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        return copies

    def _enter(self, name, cut, writers, took):
        row = {
            "run": name,
            "cut": cut,
            "writers": writers,
            "acknowledged": took.acknowledged,
            "unknown": took.unknown,
            "lost_writes": len(took.lost_writes),
            "published": took.published,
            "lost_events": len(took.lost_events),
            "whole_again_s": round(took.seconds, 1),
        }
        self.rows.append(row)
        print(
            f"{name:<30}{cut:>4}{writers:>8}{took.acknowledged:>7}{took.unknown:>8}"
            f"{len(took.lost_writes):>6}{took.published:>10}{len(took.lost_events):>6}"
            f"{took.seconds:>11.1f} s",
            flush=True,
        )

    def _folder(self):
        self._number += 1
        folder = self.folder / str(self._number)
        folder.mkdir()
        return folder


async def drill(folder, cuts, seed):
    """Run everything; return the rows of the table and what is wrong."""
    began = time.monotonic()
    one = Drill(folder, seed)
    await one.prepare()
    print(f"seed {seed}; disks ready after {time.monotonic() - began:.0f} s\n{HEAD}", flush=True)
    lost = await one.run(SHIPPED, cuts)
    one.wrong += [f"{SHIPPED}: {n} acknowledged {kind} lost" for kind, n in lost.items() if n]
    for name, (how, kind) in CONTROLS.items():
        for attempt in range(TRIES):
            lost = await one.run(name, 1, writers=8 << attempt, **how)
            kept = "events" if kind == "writes" else "writes"
            if lost[kept]:
                one.wrong.append(f"{name}: {lost[kept]} acknowledged {kept} lost beside")
            if lost[kind]:
                print(f"  control: {lost[kind]} acknowledged {kind} lost, as it must be")
                break
        else:
            one.wrong.append(f"{name}: lost nothing {TRIES} times: the harness sees no loss")
    return one.rows, one.wrong


def main() -> int:
    """Run the drill; 0 when nothing was lost and the controls lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help=f"{SHORT_CUTS} cuts, nothing written")
    parser.add_argument("--cuts", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    if why := missing():
        print(f"skipped: no loop-mounted images here ({why})")
        return 0
    in_a_world_of_our_own("tests.fault.power_cut")
    cuts = asked.cuts or (SHORT_CUTS if asked.short else CUTS)
    tidy_when_told_to_go()
    began = time.monotonic()
    # A socket's path must stay short.
    with tempfile.TemporaryDirectory(prefix="sgcut-", dir=_room()) as folder:
        logging.basicConfig(filename=f"{folder}/log", level=logging.WARNING)
        rows, wrong = asyncio.run(drill(Path(folder), cuts, asked.seed))
    if not asked.short:
        _write(rows, asked.seed, time.monotonic() - began)
    for line in wrong[:40]:
        print(f"WRONG: {line}")
    print(f"{cuts} cuts and {len(CONTROLS)} controls in {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def _room():
    """Return where images are quick: in memory, since a disk is what is copied, wherever it is."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else Path("/tmp")


def _write(rows, seed, seconds):
    now = system_clock()
    head = {"at": f"{now:%FT%TZ}", "commit": commit(), "cores": cores(), "seed": seed}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"power-cut-{now:%F-%H%M}-{commit().rstrip('+')}.json"
    body = head | {"seconds": round(seconds), "rows": rows}
    path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(f"written: {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    sys.exit(main())
