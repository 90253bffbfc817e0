"""Casework at work on a machine whose power will be cut, and what it and its relay were promised.

The service is the real one in this process: every route, the real `Database`, the real `Relay`.
Only identity is left out. A promise of the first kind is a 201 (or the 200 of a worker who
accepts); one of the second kind is JetStream's acknowledgement to the relay.
"""

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from nats.js import JetStreamContext

from chassis import bus
from chassis.db import Database
from chassis.divisions import load, read_extract
from chassis.ids import uuid7
from chassis.relay import Relay
from chassis.shelf import Shelf
from chassis.vault import Vault
from contracts.registry import PartnerChanged
from deploy.databases import prepare
from deploy.embedded.run import SOURCE
from deploy.migrate import migrate
from services.casework.app import service
from services.casework.reactions import reactions
from tests import told
from tests.e2e.sent import WUHAN, referral
from tests.http import actor, client

STATION, COURT = UUID(int=1), UUID(int=2)
AGAIN_S = 0.1
STREAM_BYTES = 256 << 20
"""Less than in production, since the disk is smaller too."""


@dataclass
class Wish:
    """One referral: what was asked under which key, and what was answered."""

    body: dict[str, Any]
    key: str = field(default_factory=lambda: uuid4().hex)
    receipt: bytes | None = None
    id: str = ""
    version: int = 0


@dataclass
class Promised:
    """Everything acknowledged to anybody, from the first day of the machine."""

    wishes: list[Wish] = field(default_factory=list)
    published: set[str] = field(default_factory=set)
    """Ids of events whose publishing JetStream acknowledged."""

    @property
    def kept(self):
        return [wish for wish in self.wishes if wish.receipt is not None]

    @property
    def unknown(self):
        return [wish for wish in self.wishes if wish.receipt is None]


async def found(machine, vault):
    """Make casework's database with a city, a station and a court in it."""
    await prepare(machine.postgres.url(), "casework")
    await migrate("casework", machine.postgres.url("casework", "casework_migrator"))
    owner = await asyncpg.connect(machine.postgres.url("casework"))
    rows = await asyncio.to_thread(
        lambda: [
            row
            for row in read_extract(SOURCE / "deploy/data/divisions/five.csv.gz")
            if row.code == WUHAN[:2] or row.code.startswith(WUHAN[:4])
        ]
    )
    await load(owner, rows)
    await owner.close()
    court = PartnerChanged(
        partner_id=COURT, as_of=date(2026, 1, 1),
        name="court", kind="court", status="active", domains=[],
    )  # fmt: skip
    tell = told.Teller()
    async with _database(machine, vault) as database:
        heard = [
            tell(told.pack(WUHAN), uuid7(), WUHAN),
            tell(told.station(STATION), STATION, WUHAN),
            tell(court, COURT, WUHAN),
        ]
        await reactions.deliver(heard, database)


@asynccontextmanager
async def _database(machine, vault):
    url = machine.postgres.url("casework", "casework_runtime")
    database = await Database.connect(url, part="casework", vault=Vault.open(vault))
    database.shelf = Shelf(service.subjects)
    try:
        yield database
    finally:
        database.pool.terminate()  # whoever is at the other end may be gone without a word


@contextmanager
def _overheard(published):
    """Note what the relay is told by the broker."""
    really = JetStreamContext.publish

    async def publish(self, *args, headers, **more):
        ack = await really(self, *args, headers=headers, **more)
        published.add(headers["Nats-Msg-Id"].partition(":")[0])
        return ack

    JetStreamContext.publish = publish
    try:
        yield
    finally:
        JetStreamContext.publish = really


@asynccontextmanager
async def casework(machine, vault, promised):
    """Open casework over a machine, its relay running; yields who may ask."""
    async with _database(machine, vault) as database:
        relay = Relay(
            machine.postgres.url("casework", "casework_relay"),
            "casework",
            machine.nats.url("casework"),
            limits=bus.Limits(max_bytes=STREAM_BYTES),
        )
        database.on_commit.append(relay.wake)
        with _overheard(promised.published):
            relaying = asyncio.create_task(relay.run())
            try:
                court, worker = (
                    actor("partner", WUHAN, partner_id=COURT),
                    actor("worker", WUHAN, station_id=STATION),
                )
                async with (
                    client(service, database, court) as partner,
                    client(service, database, worker) as station,
                ):
                    yield Desk(partner, station, promised)
            finally:
                relay.stop()  # or it tries again: a failure beside a cancellation hides it
                relaying.cancel()
                with suppress(asyncio.CancelledError):
                    await relaying


class Desk:
    """Partners who refer and workers who accept, until they are told to stop."""

    def __init__(self, partner, station, promised: Promised) -> None:
        self._partner, self._station, self._promised = partner, station, promised
        self._grown = asyncio.Event()
        self.dark = False
        """Set when nobody is to begin anything: a driver may swallow a cancellation."""

    async def ask(self, wish):
        """Refer, or refer again; a no that is not the moment's is a fault."""
        answer = await self._partner.post(
            f"/v1/{WUHAN}/referrals", json=wish.body, headers={"idempotency-key": wish.key}
        )
        if answer.status_code == 503:
            await asyncio.sleep(AGAIN_S)
            return
        assert answer.status_code == 201, answer.text
        assert wish.receipt in (None, answer.content), "the same key, another answer"
        if wish.receipt is None:
            wish.receipt, wish.id = answer.content, answer.json()["id"]
            wish.version = max(wish.version, 1)
            self._grown.set()

    async def accept(self, wish):
        """Let the worker take it on."""
        answer = await self._station.post(
            f"/v1/{WUHAN}/referrals/{wish.id}/accept",
            json={},
            headers={"idempotency-key": wish.key},
        )
        if answer.status_code == 200:
            wish.version = answer.json()["version"]

    async def write(self):
        """Refer people until it is dark; every other one is accepted as well."""
        while not self.dark:
            wish = Wish(referral(WUHAN))
            self._promised.wishes.append(wish)
            await self.ask(wish)
            if wish.receipt and len(self._promised.wishes) % 2:
                await self.accept(wish)

    async def more(self, count, within=60.0):
        """Wait until so many more were acknowledged."""
        wanted = len(self._promised.kept) + count
        async with asyncio.timeout(within):
            while len(self._promised.kept) < wanted:
                self._grown.clear()
                await self._grown.wait()
