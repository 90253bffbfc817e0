"""What is on the disks after a cut, read before anybody may put it right, and after."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import nats
import orjson
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

BATCH = 1000


@dataclass
class Left:
    """What one cut left of what was promised. `lost_writes` and `lost_events` name each."""

    acknowledged: int
    unknown: int
    published: int
    lost_writes: list[str]
    lost_events: list[str]
    seconds: float = 0.0
    """From power on until every event of the log was in the stream again."""


async def left(machine, promised):
    """Compare the disks with what was promised."""
    async with _rows(machine) as rows:
        versions = {
            str(row["id"]): row["version"]
            for row in await rows.fetch("SELECT id, version FROM referral")
        }
        log = {}
        for row in await rows.fetch("SELECT agg_id, version, event_id FROM event_log"):
            log.setdefault(str(row["agg_id"]), {})[row["version"]] = row["event_id"]
        receipts = {bytes(row["body"]) for row in await rows.fetch("SELECT body FROM receipt")}
    lost = []
    for wish in promised.kept:
        version = versions.get(wish.id, 0)
        if version < wish.version:
            lost.append(f"{wish.id}: version {version} of {wish.version}")
        elif sorted(log.get(wish.id, ())) != list(range(1, version + 1)):
            lost.append(f"{wish.id}: the event log is not 1…{version}")
        elif wish.receipt not in receipts:
            lost.append(f"{wish.id}: no receipt")
    there = {str(id_) for id_, _ in await stream(machine)}
    return Left(
        len(promised.kept),
        len(promised.unknown),
        len(promised.published),
        lost,
        sorted(promised.published - there),
    )


async def whole(machine, within=60.0):
    """Wait until the stream holds the event log, each aggregate's versions in order."""
    until = time.monotonic() + within
    while True:
        async with _rows(machine) as rows:
            waiting = await rows.fetchval("SELECT count(*) FROM outbox")
            log = await rows.fetch("SELECT event_id FROM event_log")
        missing = {row["event_id"] for row in log}
        if not waiting:
            missing -= {id_ for id_, _ in await stream(machine)}
            if not missing:
                return
        if time.monotonic() > until:
            raise TimeoutError(f"{waiting} wait, {len(missing)} are not in the stream")
        await asyncio.sleep(0.1)


async def in_order(machine):
    """Return where the stream tells a version before the one before it."""
    heard: dict[str, int] = {}
    wrong = []
    for _, event in await stream(machine):
        last = heard.get(event["subject"], 0)
        if event["aggversion"] > last + 1:
            wrong.append(f"{event['subject']}: {event['aggversion']} after {last}")
        heard[event["subject"]] = max(last, event["aggversion"])
    return wrong


async def strays(machine, promised):
    """Return referrals that nobody was told of, once everybody has asked again."""
    async with _rows(machine) as rows:
        there = {str(row["id"]) for row in await rows.fetch("SELECT id FROM referral")}
    return sorted(there ^ {wish.id for wish in promised.kept})


async def stream(machine):
    """Return every event of the stream as the broker has it: its id and its content."""
    client = await nats.connect(machine.nats.url())
    try:
        js = client.jetstream(timeout=5)
        try:
            wanted = (await js.stream_info("CASEWORK")).state.messages
        except NotFoundError:
            return []
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
        reading = await js.pull_subscribe("casework.>", stream="CASEWORK", config=config)
        found = []
        while len(found) < wanted:
            messages = await reading.fetch(min(BATCH, wanted - len(found)), timeout=5)
            found += [orjson.loads(message.data) for message in messages]
        return [(UUID(event["id"]), event) for event in found]
    finally:
        await client.close()


class _rows:  # noqa: N801 - reads as a function
    """Look into casework's database, past every policy."""

    def __init__(self, machine):
        self._url = machine.postgres.url("casework")

    async def __aenter__(self):
        self._one = await asyncpg.connect(self._url)
        return self._one

    async def __aexit__(self, *_):
        await self._one.close()
