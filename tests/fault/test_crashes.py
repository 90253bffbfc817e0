"""Processes are killed at the worst moment; what was acknowledged is there, once, in order.

Every test ends with the same final reads (tests.fault.checker) over all that was ever written.
"""

import asyncio
import os
import shutil
import signal
from uuid import UUID

import orjson
import pytest

from chassis.config import PARTS
from tests.e2e.house import eventually
from tests.e2e.sent import HANGZHOU, LIUZHOU, WUHAN
from tests.fault.checker import check, clean
from tests.fault.hurting import back, before_commit, killed, still, waiting
from tests.fault.writing import Ledger


async def of_the_stream(house, referral):
    """Return the events of one referral in JetStream."""
    events = [orjson.loads(message.data) for message in await house.stream("casework")]
    return [event for event in events if event["subject"] == f"referral/{referral}"]


async def test_an_api_killed_after_its_201_has_promised_nothing_it_cannot_keep(house, guest):
    """Casework dies between commit and publish: NATS was held still, so nothing was published."""
    ledger = Ledger(guest, WUHAN)
    await ledger.ready()
    casework = house.pids["casework"]
    with still(house.pids["NATS"]):
        wish = await ledger.refer()
        async with house.rows("casework") as one:
            waits = await one.fetchval(
                "SELECT count(*) FROM outbox WHERE agg_id = $1", UUID(wish.receipt["id"])
            )
        assert waits == 1
        await killed(casework)

    await back(house, "casework", casework)
    await ledger.repeat(wish)
    await ledger.accept(wish)
    clean(await check(house, ledger, "casework killed after a 201, unpublished"), acknowledged=1)
    told = await of_the_stream(house, wish.receipt["id"])
    assert [event["aggversion"] for event in told] == [1, 2]


async def test_a_relay_killed_between_publish_and_delete_says_it_again_and_nobody_minds(
    house, guest
):
    """The delete notes how far the stream has come: who holds that row holds the delete."""
    ledger = Ledger(guest, WUHAN)
    await ledger.ready()
    casework = house.pids["casework"]
    async with house.rows("casework") as one:
        held = one.transaction()
        await held.start()
        await one.execute("SELECT * FROM stream_seen WHERE stream = 'CASEWORK' FOR UPDATE")
        wish = await ledger.refer()
        referral = wish.receipt["id"]
        assert await eventually(lambda: of_the_stream(house, referral))
        deleting = await waiting(one, "transactionid")
        with still(house.process.pid):
            await killed(casework)
            # Else it would delete after all: a backend that waits does not look at its client.
            await one.execute("SELECT pg_terminate_backend($1)", deleting)
            await held.rollback()
            left = await one.fetchval(
                "SELECT count(*) FROM outbox WHERE agg_id = $1", UUID(referral)
            )
            assert left == 1

    await back(house, "casework", casework)
    await ledger.accept(wish)
    clean(await check(house, ledger, "relay killed between publish and delete"), acknowledged=1)
    assert [e["aggversion"] for e in await of_the_stream(house, referral)] == [1, 2]


async def test_a_consumer_killed_between_commit_and_acknowledgement_does_nothing_twice(
    house, guest
):
    """Its commit is latched, it is held still, the commit goes through, and it is killed."""
    ledger = Ledger(guest, LIUZHOU)
    await ledger.ready()
    evaluation, before = house.pids["evaluation"], len(house.lines("evaluation"))
    async with house.broker() as js, before_commit(house, "evaluation", "fact") as one:
        durable = await js.consumer_info("CASEWORK", "evaluation_casework")
        # So that what was not acknowledged comes again soon; the next start puts it right again.
        await js.add_consumer("CASEWORK", durable.config.evolve(ack_wait=1))
        wish = await ledger.refer()
        referral = UUID(wish.receipt["id"])
        await waiting(one, "advisory")
        os.kill(evaluation, signal.SIGSTOP)
        await one.execute("SELECT pg_advisory_unlock_all()")

        async def committed():
            return await one.fetchval("SELECT count(*) FROM fact WHERE subject_id = $1", referral)

        assert await eventually(committed) == 1
        assert (await js.consumer_info("CASEWORK", "evaluation_casework")).num_ack_pending == 1
        await killed(evaluation)

    await back(house, "evaluation", evaluation)
    await ledger.accept(wish)
    clean(await check(house, ledger, "consumer killed between commit and ack"), acknowledged=1)
    async with house.broker() as js:

        async def acknowledged():
            info = await js.consumer_info("CASEWORK", "evaluation_casework")
            return info.num_ack_pending == 0 and info.config.ack_wait == 30

        assert await eventually(acknowledged, 40)
    assert any(
        "duplicate" in line.get("outcomes", ()) for line in house.lines("evaluation")[before:]
    )
    async with house.rows("evaluation") as one:
        assert await one.fetchval("SELECT count(*) FROM fact WHERE subject_id = $1", referral) == 2


async def test_a_broker_killed_under_load_costs_no_write_and_no_event(house, guest):
    ledger = Ledger(guest, HANGZHOU)
    await ledger.ready()
    broker = house.pids["NATS"]

    async def kill_it():
        await ledger.at(30)
        await killed(broker)

    async with asyncio.TaskGroup() as group:
        group.create_task(ledger.write(100, per_second=33))
        group.create_task(kill_it())

    # A broker that is away is no reason to refuse a referral; a machine that is too busy may say so.
    assert "/problems/dependency-down" not in ledger.refusals
    await back(house, "NATS", broker)
    clean(await check(house, ledger, "NATS killed, 50 writes/s"), acknowledged=100)


async def test_a_database_killed_under_load_loses_nothing_it_acknowledged(house, guest):
    ledger = Ledger(guest, WUHAN)
    await ledger.ready()
    server = house.pids["PostgreSQL"]

    async def kill_it():
        await ledger.at(30)
        await killed(server)

    async with asyncio.TaskGroup() as group:
        group.create_task(ledger.write(100, per_second=33))
        group.create_task(kill_it())

    await back(house, "PostgreSQL", server)
    assert sum(wish.tries for wish in ledger.wishes) > 150
    for wish in ledger.wishes[20:60]:
        await ledger.repeat(wish)
    clean(await check(house, ledger, "PostgreSQL killed, 50 writes/s"), acknowledged=100)


@pytest.mark.parametrize("part", ["gateway", "casework"])
async def test_a_part_killed_under_load_is_asked_again_and_answers_the_same(house, guest, part):
    ledger = Ledger(guest, HANGZHOU)
    await ledger.ready()
    before = house.pids[part]

    async def kill_it():
        await ledger.at(15)
        await killed(before)

    async with asyncio.TaskGroup() as group:
        group.create_task(ledger.write(40, per_second=33))
        group.create_task(kill_it())

    await back(house, part, before)
    for wish in ledger.wishes[10:30]:
        await ledger.repeat(wish)
    clean(await check(house, ledger, f"{part} killed, 50 writes/s"), acknowledged=40)


async def test_after_everything_died_at_once_nothing_acknowledged_is_missing(house, guest):
    """Supervisor, servers and parts in one instant, as a power cut would, but for the disk's cache."""
    ledger = Ledger(guest, WUHAN)
    await ledger.ready()

    async def kill_all():
        await ledger.at(30)
        with still(house.process.pid):
            await asyncio.gather(*(killed(pid) for pid in house.pids.values()))
            house.process.kill()
        await asyncio.to_thread(house.process.wait, 10)
        await house.up()

    async with asyncio.TaskGroup() as group:
        group.create_task(ledger.write(60, per_second=33))
        group.create_task(kill_all())

    for wish in ledger.wishes:
        await ledger.repeat(wish)
    clean(await check(house, ledger, "everything killed at once"), acknowledged=60)


async def test_a_broker_that_lost_everything_is_filled_again_by_itself(house, guest):
    ledger = Ledger(guest, LIUZHOU)
    await ledger.ready()
    for _ in range(3):
        await ledger.refer(accept=True)
    before = await house.count()
    broker = house.pids["NATS"]
    with still(house.process.pid):
        await killed(broker)
        await asyncio.to_thread(shutil.rmtree, house.data / "nats")
        for _ in range(3):
            await ledger.refer(accept=True)

    await back(house, "NATS", broker)
    clean(await check(house, ledger, "JetStream store deleted"), acknowledged=6)
    after = await house.count()
    assert after["evaluation", "fact"] - before["evaluation", "fact"] == 6

    async def refilled():
        for part in PARTS:
            if part == "gateway":
                continue
            async with house.rows(part) as one:
                wanted = await one.fetchval("SELECT count(*) FROM event_log")
            if wanted and len(await house.stream(part)) < wanted:
                return False
        return True

    assert await eventually(refilled)
