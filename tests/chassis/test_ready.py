"""Ready and live: ready says what is missing, live only that the loop turns, neither asks the broker."""

import asyncpg
import pytest

from chassis import db
from chassis.service import Service
from tests.chassis.test_http import Away
from tests.http import actor, client

NEWEST = "0002"


@pytest.fixture
def service(tmp_path):
    """A part whose newest migration is the second."""
    (tmp_path / "versions").mkdir()
    for name in ("0001_first.py", f"{NEWEST}_second.py"):
        (tmp_path / "versions" / name).touch()
    return Service("trial", "Trial", [], migrations=tmp_path)


async def asked(service, database, **state):
    async with client(service, database, actor("city_bureau")) as one:
        for name, value in state.items():
            setattr(one._transport.app.state, name, value)
        assert (await one.get("/health/live")).status_code == 200
        answer = await one.get("/health/ready")
    return answer.status_code, answer.json()["missing"]


@pytest.fixture
async def stands(postgres, trial_name):
    """Say which migration the database stands at."""
    admin = await asyncpg.connect(postgres.url(trial_name))

    async def at(revision):
        await admin.execute("DELETE FROM alembic_version")
        await admin.execute("INSERT INTO alembic_version VALUES ($1)", revision)

    yield at
    await admin.close()


async def test_a_part_is_ready_without_any_broker(trial, service, stands):
    """There is none here: events wait in the outbox, and nobody must be turned away for it."""
    await stands(NEWEST)

    assert await asked(service, trial) == (200, [])


async def test_what_is_missing_is_named(trial, service, stands):
    await stands("0001")
    assert await asked(service, trial) == (503, ["migrations"])

    await stands(NEWEST)
    assert await asked(service, trial, draining=True) == (503, ["draining"])


async def test_a_part_without_its_database_is_alive_and_not_ready(service):
    assert await asked(service, db.Database(Away(), "trial")) == (503, ["database"])
