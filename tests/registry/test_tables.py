"""What the database itself refuses, whatever the code above it does."""

import asyncpg
import pytest

from chassis.db import Taken, Who
from deploy.migrate import check
from services.registry.models import Posting, Worker
from tests.conftest import WUHAN, who
from tests.registry.conftest import a_station, added
from tests.registry.test_workers import a_posting, a_worker


async def test_models_and_migrations_agree(postgres, templates):
    name = await templates("registry")

    assert await check("registry", postgres.url(name, "registry_migrator")) == []


async def test_nobody_writes_to_people_without_saying_why(served, bureau):
    worker = await added(bureau, "workers", a_worker())

    for nameless in (Who(WUHAN, "420100.x", ""), Who(WUHAN, "", "test")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with served.begin(nameless) as tx:
                await tx.execute("UPDATE worker SET name = 'x' WHERE city = $1", WUHAN)

    assert (await bureau.get(f"/v1/{WUHAN}/workers/{worker}")).json()["name"] == "张小明"


async def test_overlapping_full_time_postings_are_refused_by_the_database(served, bureau):
    station = await added(bureau, "stations", a_station())
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(station)]))

    async with served.begin(who()) as tx:
        (there,) = await tx.find(Posting)
    same = {name: getattr(there, name) for name in a_posting(station)}
    with pytest.raises(Taken) as taken:
        async with served.begin(who()) as tx:
            tx.keep(Posting(worker_id=worker, ends_on=None, sw_years=None, **same))

    assert taken.value.constraint == "posting_full_time"


async def test_divisions_are_read_only_to_the_service(served):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with served.begin(who()) as tx:
            await tx.execute("UPDATE division SET name = 'x'")


async def test_another_citys_rows_are_not_there(served, bureau):
    await added(bureau, "workers", a_worker())

    async with served.begin(who("330100")) as tx:
        assert await tx.count(Worker) == 0
        assert await tx.fetch("SELECT FROM worker") == []
