"""Where two walls stand, each holds alone: the other is taken away, and nothing comes through."""

import asyncpg
import pytest

from chassis.db import Database, Stale
from chassis.ids import uuid7
from chassis.looks import by_id, first, some
from chassis.tables import EventLog
from chassis.writing import snapshot
from tests.chassis.test_db import add
from tests.chassis.trial import Entry, Mirror, Thing, ThingDone
from tests.conftest import HANGZHOU, WUHAN, opened, who


@pytest.fixture
async def unwalled(postgres, trial_name, vault):
    """The trial's database as the superuser: no policy binds it, only what the queries say."""
    database = await Database.connect(postgres.url(trial_name), part="trial", vault=vault)
    yield database
    await database.close()


@pytest.fixture
async def master(postgres, trial_name):
    db = await asyncpg.connect(postgres.url(trial_name))
    yield db
    await db.close()


async def change(tx, thing):
    row = await tx.get(Thing, thing)
    row.count += 1
    tx.record(row, ThingDone(count=row.count))


async def test_an_old_version_is_refused_by_the_row_alone(trial, master):
    thing = (await add(trial)).id
    await master.execute("ALTER TABLE event_log DROP CONSTRAINT event_log_pkey")
    await master.execute(
        "ALTER TABLE outbox DROP CONSTRAINT outbox_city_agg_type_agg_id_epoch_version_key"
    )

    with pytest.raises(Stale):
        async with trial.begin(who()) as slow:
            await change(slow, thing)
            async with trial.begin(who()) as fast:
                await change(fast, thing)

    async with trial.begin(who()) as tx:
        assert ((await tx.get(Thing, thing)).version, await tx.count(EventLog)) == (2, 2)


async def test_a_version_is_told_once_by_the_event_log_alone(trial, master):
    thing = (await add(trial)).id
    async with trial.begin(who()) as tx:
        await change(tx, thing)
    # As after a restore of this table alone: the row says a version that was told already.
    await master.execute("UPDATE thing SET version = 1")
    await master.execute("DELETE FROM outbox")

    with pytest.raises(Stale):
        async with trial.begin(who()) as tx:
            await change(tx, thing)

    assert await master.fetchval("SELECT count(*) FROM event_log WHERE version = 2") == 1


async def test_every_read_names_its_city_though_the_policy_would_do(trial, unwalled):
    mine, theirs = await add(trial), await add(trial, "a", HANGZHOU)
    assert await _everything(unwalled) == 2

    async with unwalled.begin(who()) as tx:
        assert (await tx.get(Thing, mine.id)).city == WUHAN
        assert await tx.peek(Thing, theirs.id) is None
        looks = by_id(Thing, theirs.id), some(Thing, name="a"), first(Thing, id=theirs.id)
        nobody, named, none = await tx.look(*looks)
        assert (nobody, [t.id for t in named], none) == (None, [mine.id], None)
        assert await tx.one(Thing, Thing.id == theirs.id) is None
    async with unwalled.begin(who()) as tx:
        await tx.count(Entry)
        assert await tx.peek(Thing, theirs.id) is None
        assert await tx.peek(Thing, theirs.id, lock=True) is None
        assert [t.id for t in await tx.find(Thing, name="a")] == [mine.id]
        assert [t.id for t in await tx.find(Thing, name=["a"])] == [mine.id]
        assert [t.id for t in await tx.find(Thing, Thing.name == "a")] == [mine.id]
        assert [t.id for t in (await tx.page(Thing)).items] == [mine.id]
        assert await tx.count(Thing) == 1


async def test_every_change_names_its_city_though_the_policy_would_do(trial, unwalled):
    theirs = await add(trial, "a", HANGZHOU)
    mirror = Mirror(id=uuid7(), name="old")
    async with trial.begin(who(HANGZHOU)) as tx:
        tx.keep(mirror)

    with pytest.raises(Stale):
        async with unwalled.begin(who()) as tx:
            row = _as_if_read(tx, Thing(**theirs.model_dump()))
            row.count = 9
            tx.record(row, ThingDone(count=9))
    async with unwalled.begin(who()) as tx:
        row = _as_if_read(tx, Mirror(**mirror.model_dump()))
        row.name = "new"
        tx.keep(row)
    async with unwalled.begin(who()) as tx:
        tx.drop(_as_if_read(tx, Mirror(**mirror.model_dump())))

    async with trial.begin(who(HANGZHOU)) as tx:
        assert (await tx.get(Thing, theirs.id)).version == 1
        assert (await tx.get(Mirror, mirror.id)).name == "old"


async def test_an_owner_without_a_policy_of_its_own_sees_no_row(trial, master):
    await add(trial)
    await master.execute("DROP POLICY upkeep ON thing")
    await master.execute("SET ROLE trial_owner")

    assert await master.fetchval("SELECT count(*) FROM thing") == 0
    assert await master.execute("UPDATE thing SET count = 1") == "UPDATE 0"


async def test_one_connection_serves_two_cities_and_an_error_between(postgres, trial_name, vault):
    async with opened(postgres, trial_name, "trial", vault, pool=1) as one:
        mine, theirs = await add(one), await add(one, "a", HANGZHOU)
        for city, sees, not_there in ((WUHAN, mine, theirs), (HANGZHOU, theirs, mine)) * 2:
            async with one.begin(who(city)) as tx:
                assert [t.id for t in await tx.find(Thing, Thing.name == "a")] == [sees.id]
                # Several statements: a block, which is not undone and whose key still must end.
                assert (await tx.fetch("SELECT count(*) FROM thing"))[0][0] == 1
            with pytest.raises(ZeroDivisionError):
                async with one.begin(who(city)) as tx:
                    assert await tx.peek(Thing, not_there.id) is None
                    1 / 0  # noqa: B018
            async with one.pool.acquire() as connection:
                assert await connection.fetchval("SELECT count(*) FROM thing") == 0


async def test_no_connection_loosens_what_the_server_promises(trial):
    """The tests' server itself is in a hurry: what counts is who said so."""
    async with trial.begin(who()) as tx:
        said = await tx.fetch(
            "SELECT name, source FROM pg_settings WHERE name IN"
            " ('synchronous_commit', 'session_replication_role', 'row_security')"
        )
    assert {row["name"]: row["source"] for row in said} == {
        "synchronous_commit": "command line",
        "session_replication_role": "default",
        "row_security": "default",
    }


def _as_if_read(tx, row):
    """Put a row among those a transaction has read, as a bug somewhere might."""
    tx._read[id(row)] = (row, snapshot(row))
    tx._note(row)
    return row


async def _everything(database):
    async with database.begin(who()) as tx:
        return (await tx.fetch("SELECT count(*) FROM thing"))[0][0]
