"""`make outages`: what the platform needs goes away for a while, and comes back.

    NATS                            requests go on as if nothing had happened
    PostgreSQL                      503 with Retry-After; healthy again by itself
    relay asleep                    another holder of the lease takes over, in order
    casework's stream full          said in log and metrics; flows again when there is room
    an event nobody can apply       its referral waits, the others do not; replay heals
    evaluation's database restored  hears again what the backup has forgotten
    disk of the databases full      503 with Retry-After; well again when there is room
    disk of the broker full         requests go on; events flow again when there is room
    casework's database restored    a higher epoch; nobody diverges

Times are told and not judged, but for the ten seconds of a takeover. Judged are requests granted,
loss, doubles and order, by the final reads of tests.fault.checker after each outage, over all that
was written since the start. One platform for all of them, one after another.
"""

# ruff: noqa: T201 - a command tells by printing

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from chassis.clock import system_clock
from tests.e2e.house import House, at_the_door
from tests.e2e.sent import WUHAN
from tests.fault.outages.broker import broker_away, stream_full
from tests.fault.outages.databases import consumer_restored, database_away, producer_restored
from tests.fault.outages.disk import brokers_disk_full, databases_disk_full
from tests.fault.outages.events import poison, relay_asleep
from tests.fault.outages.told import HEAD
from tests.fault.power_cut.disk import (
    Disk,
    in_a_world_of_our_own,
    made,
    missing,
    tidy_when_told_to_go,
)
from tests.perf.figures import commit, cores

RESULTS = Path(__file__).parents[1] / "results"
DISKS = (("disk", 2 << 30, "d"), ("nats", 1 << 30, "d/data/nats"))
STREAM_BYTES = 32 << 20
OUTAGES = {
    "nats": broker_away,
    "relay": relay_asleep,
    "full": stream_full,
    "poison": poison,
    "postgres": database_away,
    "consumer": consumer_restored,
    "nats-disk": brokers_disk_full,
    "disk": databases_disk_full,
    "producer": producer_restored,
}
"""In this order: after the last one, casework has forgotten what it promised."""


@dataclass(frozen=True)
class Asked:
    """How long, and how much meanwhile."""

    seconds: float
    database_seconds: float
    rate: float
    before: float


def main() -> int:
    """Run the outages; 0 when nothing was lost and all came back."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--seconds", type=float, help="how long each is away (60; PostgreSQL 20)")
    parser.add_argument("--rate", type=float, help="referrals a second")
    parser.add_argument("--only", nargs="+", choices=OUTAGES, default=list(OUTAGES))
    given = parser.parse_args()
    seconds = given.seconds or (3 if given.short else 60)
    asked = Asked(
        seconds,
        database_seconds=given.seconds or (3 if given.short else 20),
        rate=given.rate or (8 if given.short else 10),
        before=1 if given.short else 10,
    )
    why = missing()
    if not why:
        in_a_world_of_our_own("tests.fault.outages")
    tidy_when_told_to_go()
    began = time.monotonic()
    # A socket's path must stay short.
    with tempfile.TemporaryDirectory(prefix="sgo-", dir="/tmp") as folder, ExitStack() as stack:
        at = Path(folder)
        if not why:
            for name, size, where in DISKS:
                disk = Disk(made(Path(folder) / name, size), Path(folder) / where)
                stack.enter_context(disk.mounted())
            at = Path(folder) / "d"
            (at / "data" / "lock").touch()  # or it is a folder of somebody else's
        rows = asyncio.run(_all(at / "data", asked, given.only, why))
    if not given.short and given.only == list(OUTAGES):
        _write(rows, asked, time.monotonic() - began)
    print("\n" + HEAD)
    for row in rows:
        print(row.row())
    wrong = [f"{row.name}: {line}" for row in rows for line in row.wrong]
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"{len(rows)} outages in {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


async def _all(data, asked, names, why):
    """Start a platform, and take one thing after another away from it."""
    house = House(data, SHEGONG_STREAM_BYTES=str(STREAM_BYTES))
    rows = []
    try:
        print(f"the platform was ready after {await house.up(within=240):.0f} s", flush=True)
        async with at_the_door(house) as guest:
            for name in names:
                if "disk" in name and why:
                    print(f"disk: skipped, no loop-mounted images here ({why})")
                    continue
                began = time.monotonic()
                rows.append(await OUTAGES[name](house, guest, WUHAN, asked))
                print(f"{rows[-1].row()} [{time.monotonic() - began:.0f} s]", flush=True)
    finally:
        if house.process is not None and house.process.poll() is None:
            await house.down()
        shutil.rmtree(data, ignore_errors=True)
    return rows


def _write(rows, asked, seconds):
    now = system_clock()
    head = {"at": f"{now:%FT%TZ}", "commit": commit(), "cores": cores(), "asked": asdict(asked)}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"outages-{now:%F-%H%M}-{commit().rstrip('+')}.json"
    body = head | {"seconds": round(seconds), "rows": [asdict(row) for row in rows]}
    path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(f"written: {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    sys.exit(main())
