"""The database is away, or comes back as it was yesterday."""

import asyncio
import subprocess
import time
from uuid import UUID

import httpx

from chassis.config import PARTS
from deploy import databases
from deploy.embedded.postgres import _programs
from tests.e2e.house import eventually
from tests.fault.hurting import back, killed, still
from tests.fault.outages.events import shegong
from tests.fault.outages.load import LATER, Load, good, p99
from tests.fault.outages.told import Came, read
from tests.fault.writing import Ledger

OK, CROWDED = 200, 429


async def database_away(house, guest, city, asked):
    """PostgreSQL is killed and not started again for a while: 503 and when to come again."""
    came = Came("PostgreSQL", asked.database_seconds)
    ledger = Ledger(guest, city)
    async with Load(ledger, asked.rate) as load:
        began = time.monotonic()
        await asyncio.sleep(asked.before)
        server = house.pids["PostgreSQL"]
        with still(house.process.pid):
            await killed(server)
            away = time.monotonic()
            await asyncio.sleep(asked.database_seconds)
            gone = time.monotonic()
            unready = [
                (await guest.http.get(f"{house.part(part)}/health/ready")).status_code
                for part in PARTS
            ]
        returned = time.monotonic()
        await back(house, "PostgreSQL", server)

        async def whole():
            try:
                found = [await guest.http.get(f"{house.part(part)}/health/ready") for part in PARTS]
            except httpx.TransportError:
                return False
            return all(one.status_code == OK for one in found)

        await eventually(whole, 60)
        healthy = time.monotonic() - returned
    # What was under way when it died may still have been granted.
    during = load.between(away + 0.5, gone)
    came.asked, came.granted, came.p99_before_ms = (
        len(during),
        good(during),
        p99(load.between(began, away)),
    )
    other = sorted({one.status for one in during} - {*LATER})
    came.must(not other, f"answers other than to come again: {other}")
    silent = sum(one.status in LATER and not one.retry_after for one in load.notes)
    came.must(not silent, f"{silent} refusals without Retry-After")
    crowded = sum(one.status == CROWDED for one in during)
    came.must(crowded < len(during) / 2, f"429 to {crowded} of {len(during)}: not what is wrong")
    came.must(set(unready) == {503}, f"readiness said {unready}")
    refused = sorted(one.seconds for one in during)
    await read(came, house, ledger)
    slowest = f"{refused[-1] * 1000:.0f} ms" if refused else "-"
    came.also |= {"healthy after": f"{healthy:.1f} s", "slowest refusal": slowest, "429": crowded}
    return came


async def consumer_restored(house, guest, city, asked):
    """Evaluation's database is yesterday's: it hears again what it has forgotten."""
    came = Came("evaluation's database restored", asked.seconds)
    ledger = Ledger(guest, city)
    dump = await _dumped(house, "evaluation")
    async with Load(ledger, asked.rate):
        await asyncio.sleep(asked.seconds)
    await read(came, house, ledger)
    known = await _facts(house)
    await _restored(house, "evaluation", dump)
    forgotten = known - await _facts(house)
    async with Load(ledger, asked.rate):
        await asyncio.sleep(min(asked.seconds, 2.0))
    came.asked = len(ledger.wishes)
    await read(came, house, ledger)
    came.also["facts forgotten and heard again"] = forgotten
    came.must(forgotten > 0, "the backup had forgotten nothing")
    return came


async def producer_restored(house, guest, city, asked):
    """Casework's database is yesterday's: it goes on in a higher epoch, and nobody diverges.

    What was referred since is lost in casework (an archive of its log is what helps), and known
    elsewhere. Whatever it says from now on, its consumers follow.
    """
    came = Came("casework's database restored", asked.seconds)
    ledger = Ledger(guest, city)
    await ledger.ready()
    old = [await ledger.refer() for _ in range(6)]
    came.must(all(w.receipt for w in old), "no referrals to begin with")
    dump = await _dumped(house, "casework")
    for wish in old[:3]:
        await ledger.accept(wish)  # said, and then forgotten
    forgotten = [await ledger.refer(accept=True) for _ in range(4)]
    later = Ledger(guest, city)
    await _settled(house, old + forgotten)
    await _restored(house, "casework", dump)
    listed = (await asyncio.to_thread(shegong, house, "forgotten", "casework")).splitlines()
    said = {(f"referral/{wish.receipt['id']}", v) for wish in forgotten for v in ("1.1", "1.2")}
    said |= {(f"referral/{wish.receipt['id']}", "1.2") for wish in old[:3]}
    told = {(words[2], words[3]) for words in (line.split("\t") for line in listed)}
    came.must(told == said, f"the list of what was forgotten differs in {told ^ said}")
    began = time.monotonic()
    for wish in old:
        wish.key += "-again"  # the receipt of the first try is forgotten for three of them
        await ledger.accept(wish)
    async with Load(later, asked.rate):
        await asyncio.sleep(min(asked.seconds, 5.0))
    await _settled(house, old + later.acknowledged)
    came.whole_s, came.asked = time.monotonic() - began, len(later.wishes)
    async with house.rows("casework") as casework, house.rows("evaluation") as evaluation:
        epochs = await casework.fetch("SELECT DISTINCT epoch FROM event_log ORDER BY 1")
        said = await casework.fetch(
            "SELECT DISTINCT ON (agg_id) agg_id, epoch, version, event_id FROM event_log"
            " WHERE agg_type = 'referral' ORDER BY agg_id, epoch DESC, version DESC"
        )
        heard = {
            row["agg_id"]: (row["epoch"], row["version"], row["event_id"])
            for row in await evaluation.fetch(
                "SELECT agg_id, epoch, version, event_id FROM applied"
                " WHERE consumer = 'evaluation' AND agg_type = 'casework.referral'"
            )
        }
        dead = await evaluation.fetchval("SELECT count(*) FROM dead_letter")
        parked = await evaluation.fetchval("SELECT count(*) FROM parked")
    wanted = {row["agg_id"]: (row["epoch"], row["version"], row["event_id"]) for row in said}
    apart = [str(key) for key, what in wanted.items() if heard.get(key) != what]
    only_there = len(heard.keys() - wanted.keys())
    came.must([row["epoch"] for row in epochs] == [1, 2], f"epochs are {epochs}")
    came.must(not apart, f"evaluation stands elsewhere with {apart[:3]}")
    came.must(only_there == len(forgotten), f"{only_there} known elsewhere only")
    came.must((dead, parked) == (0, 0), f"{dead} dead letters, {parked} parked")
    came.lost = len(apart)
    came.also |= {"known elsewhere only": only_there, "listed": len(listed), "epoch": 2}
    return came


async def _settled(house, wishes, within=90.0):
    """Wait until evaluation knows these at the version their partners know."""
    ids = {UUID(wish.receipt["id"]) for wish in wishes}

    async def same():
        async with house.rows("casework") as casework, house.rows("evaluation") as evaluation:
            if await casework.fetchval("SELECT count(*) FROM outbox"):
                return False
            told = await casework.fetch(
                "SELECT agg_id, max((epoch, version)) AS at FROM event_log"
                " WHERE agg_type = 'referral' GROUP BY 1"
            )
            applied = await evaluation.fetch(
                "SELECT agg_id, (epoch, version) AS at FROM applied"
                " WHERE consumer = 'evaluation' AND agg_type = 'casework.referral'"
            )
        known = {row["agg_id"]: tuple(row["at"]) for row in applied}
        last = {row["agg_id"]: tuple(row["at"]) for row in told}
        return all(known.get(one) == last.get(one) for one in ids & last.keys())

    await eventually(same, within)


async def _facts(house):
    async with house.rows("evaluation") as one:
        return await one.fetchval("SELECT count(*) FROM fact")


async def _dumped(house, part):
    """Take a backup as operations does."""
    dump = house.data.parent / f"{part}.dump"
    await _ran("pg_dump", "-Fc", "-f", str(dump), house.database(part))
    return dump


async def _restored(house, part, dump):
    """Put a backup back as docs/operations.md says: part stopped, epoch raised, part started."""
    before = house.pids[part]
    with still(house.process.pid):
        await killed(before)
        admin = house.note["env"]["SHEGONG_ADMIN_DATABASE_URL"]
        await _ran("pg_restore", "--clean", "--if-exists", "-d", house.database(part), str(dump))
        await databases.prepare(admin, part)
        epoch = house.data / "state" / f"epoch-{part}"
        now = int(epoch.read_text()) if epoch.exists() else 1
        epoch.write_text(str(now + 1))
    await back(house, part, before)


async def _ran(program, *words):
    command = [str(_programs() / program), *words]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr[-800:]}")
