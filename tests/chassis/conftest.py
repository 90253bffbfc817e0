"""The trial part's database."""

import asyncio
from datetime import date

import asyncpg
import pytest
from nats import connect

from chassis import outbox, relay
from chassis.divisions import Division, read_extract
from chassis.relay import Relay
from deploy.databases import prepare
from deploy.imports import SHIPPED
from tests.chassis.trial import DDL
from tests.conftest import _as_admin, _numbers, opened

STAYS = "STAYS"
NBS, MCA = date(2023, 6, 30), date(2026, 9, 11)
"""The vintages of the shipped divisions."""


@pytest.fixture(scope="session")
async def trial_template(postgres):
    await prepare(postgres.url(), "trial", database="trial_template")
    migrator = await asyncpg.connect(postgres.url("trial_template", "trial_migrator"))
    await migrator.execute("SET ROLE trial_owner")
    for statement in DDL:
        await migrator.execute(statement)
    await migrator.close()
    return "trial_template"


@pytest.fixture
async def trial_name(postgres, trial_template):
    name = f"trial_{next(_numbers)}"
    await _as_admin(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{trial_template}"')
    yield name
    await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def trial(postgres, trial_name, vault):
    async with opened(postgres, trial_name, "trial", vault) as database:
        yield database


@pytest.fixture
def relay_url(postgres, trial_name):
    """Return the address of the trial's database as its relay role."""
    return postgres.url(trial_name, "trial_relay")


@pytest.fixture
async def js(nats):
    """JetStream as the administrator, without any stream but one that nobody uses.

    The server removes a stream's files after it answers, and with the last stream the folder they
    stood in, while the next one is made there: the one that stays keeps the folder.
    """
    client = await connect(nats.url())
    found = client.jetstream(timeout=5)
    await found.add_stream(name=STAYS, subjects=[STAYS])
    for stream in await found.streams_info():
        if stream.config.name != STAYS:
            await found.delete_stream(stream.config.name)
    while [p for p in nats.store.glob("jetstream/*/streams/*") if p.name != STAYS]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield found
    await client.close()


@pytest.fixture
async def relaying(relay_url):
    """Connect as the relay's role."""
    db = await asyncpg.connect(relay_url)
    yield db
    await db.close()


@pytest.fixture
def brisk(monkeypatch):
    """Look after the stream every tenth of a second, and never rest for long."""
    monkeypatch.setattr(relay, "MEET_S", 0.1)
    monkeypatch.setattr(relay, "LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(outbox, "FIRST_REST_S", 0.01)


@pytest.fixture
def made(relay_url, nats):
    def make(**more):
        return Relay(relay_url, "trial", nats.url(), **more)

    return make


@pytest.fixture(scope="session")
def shipped() -> list[Division]:
    return list(read_extract(SHIPPED))
