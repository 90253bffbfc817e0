"""What the embedded servers acknowledge is on disk: asked of the servers as they run."""

import tempfile
from pathlib import Path

import asyncpg
import orjson

from deploy.embedded.ports import HOST
from deploy.embedded.postgres import postgres_server
from deploy.embedded.probe import get


async def test_the_database_answers_when_it_is_on_disk():
    names = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
    with tempfile.TemporaryDirectory(prefix="shegong-pg-") as folder:
        async with postgres_server(Path(folder)) as server:
            db = await asyncpg.connect(server.url())
            said = {name: await db.fetchval(f"SHOW {name}") for name in names}
            await db.close()

    assert said == dict.fromkeys(names, "on")


async def test_the_broker_answers_when_it_is_on_disk(nats):
    status, body = await get(HOST, nats.monitor, "/jsz?config=true")

    assert status == 200
    assert orjson.loads(body)["config"]["sync_always"] is True
