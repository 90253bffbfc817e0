"""The relay: in order per aggregate, nothing lost, whatever dies or goes away."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from chassis import bus, relay
from chassis.bulk import bulk
from chassis.events import Envelope
from chassis.ids import uuid7
from chassis.lease import Lease
from chassis.tables import Outbox, OutboxBlocked
from tests.chassis.hearing import rows, running, told, until
from tests.chassis.streams import (
    add,
    change,
    empty,
    published,
    put,
    some,
)
from tests.chassis.trial import Thing, ThingDone
from tests.conftest import HANGZHOU, WUHAN, who


async def test_order_within_an_aggregate_holds_under_eight_writers(trial, js, made):
    things = [await add(trial) for _ in range(4)]

    async def write(n):
        for turn in range(25):
            await change(trial, things[(n + turn) % 4])

    worker = made()
    trial.on_commit.append(worker.wake)
    async with running(worker, made()):  # the second one would overtake, were it let
        await asyncio.gather(*(write(n) for n in range(8)))
        await until(empty(trial))

    found = await published(js)
    assert len(found) == 204
    for thing in things:
        versions = [e.aggversion for e in found if e.agg_id == thing]
        assert versions == list(range(1, len(versions) + 1))


async def test_every_citys_events_are_relayed_under_their_subject_and_id(trial, js, made):
    await add(trial, WUHAN)
    await add(trial, HANGZHOU)

    async with running(made()):
        await until(empty(trial, WUHAN, HANGZHOU))

    messages = [await js.get_msg("TRIAL", seq) for seq in (1, 2)]
    assert {m.subject for m in messages} == {
        f"trial.thing.done.v1.{city}" for city in (WUHAN, HANGZHOU)
    }
    for each in messages:
        assert each.headers["Nats-Msg-Id"] == str(Envelope.read(each.data).id)


async def test_a_crash_between_publish_and_delete_publishes_once(trial, js, made, monkeypatch):
    await add(trial)
    real, died = Lease.delete, asyncio.Event()

    async def dies(*args):
        if not died.is_set():
            died.set()
            raise ConnectionResetError
        return await real(*args)

    monkeypatch.setattr(Lease, "delete", dies)
    async with running(made()):
        await until(empty(trial))

    assert died.is_set()
    assert len(await published(js)) == 1


@pytest.mark.usefixtures("brisk")
async def test_a_connection_the_broker_closed_for_good_is_made_anew(trial, js, made, monkeypatch):
    clients, connect_unless = [], bus.connect_unless

    async def noted(*args, **more):
        clients.append(await connect_unless(*args, **more))
        return clients[-1]

    monkeypatch.setattr(bus, "connect_unless", noted)
    async with running(made()):
        await add(trial)
        await until(empty(trial))
        await clients[0].close()  # as after an error of the server's that is no reason to reconnect
        await add(trial)
        await until(empty(trial))

    assert len(await published(js)) == 2


@pytest.mark.usefixtures("brisk")
async def test_a_full_stream_makes_everybody_wait_and_then_goes_on(trial, js, made):
    await add(trial)
    worker = made(limits=bus.Limits(max_bytes=1500))
    async with running(worker):
        await until(empty(trial))
        for _ in range(5):
            await add(trial)

        async def full():
            return (await js.stream_info("TRIAL")).state.bytes > 500 and len(
                await rows(trial, Outbox)
            )

        await until(full)
        left = await rows(trial, Outbox)
        worker.limits = bus.Limits()  # somebody has made room
        await until(empty(trial))

    assert left
    assert len(await published(js)) == 6


@pytest.mark.usefixtures("brisk")
async def test_an_event_that_is_too_large_blocks_its_own_aggregate_only(trial, js, made):
    sick, well = uuid7(), await add(trial)
    for version, body in ((1, b"x" * 2_000_000), (2, told(sick, 2).to_bytes())):
        await put(trial, sick, version, body)

    async with running(made()):
        blocked = await until(lambda: rows(trial, OutboxBlocked))
        await change(trial, well)

        async def through():
            return well not in {r.agg_id for r in await rows(trial, Outbox)}

        await until(through)

    assert [(b.agg_id, b.reason) for b in blocked] == [(sick, "message-too-large")]
    assert [(e.agg_id, e.aggversion) for e in await published(js)] == [(well, 1), (well, 2)]
    left = sorted((r.version, r.attempts, r.agg_id) for r in await rows(trial, Outbox))
    assert left == [(1, 3, sick), (2, 0, sick)]


@pytest.mark.usefixtures("js")
async def test_many_that_rest_do_not_stand_in_the_others_way(trial, made, relaying):
    """Ids of one part: as many rest at its head as are read at once."""
    head = [UUID(int=n << 4 | 5) for n in range(1, relay.PER_PART + 3)]
    for thing in head[:-1]:
        await put(trial, thing, 1, b"x")
    await relaying.execute("UPDATE outbox SET attempts = 1, not_before = now() + interval '1 hour'")
    await put(trial, head[-1], 1, told(head[-1], 1).to_bytes())

    async def only_those_that_rest():
        return {r.agg_id for r in await rows(trial, Outbox)} == set(head[:-1])

    async with running(made()):
        await until(only_those_that_rest)


async def test_while_somebody_fills_the_database_little_leaves_and_all_of_it_afterwards(
    trial, js, made, monkeypatch
):
    monkeypatch.setattr(relay, "SLOWLY_S", 60)
    things = [UUID(int=n << 4 | 5) for n in range(1, 2 * relay.PER_PART)]
    for thing in things:
        await put(trial, thing, 1, told(thing, 1).to_bytes())

    async def a_few_went():
        return len(await rows(trial, Outbox)) == len(things) - relay.SLOWLY_PER_PART

    async def all_went():
        worker.wake()
        return not await rows(trial, Outbox)

    worker = made()
    async with running(worker):
        async with bulk(trial):
            await until(a_few_went)
        await until(all_went)
    assert len(await published(js)) == len(things)


async def test_a_lost_database_connection_is_looked_for_again(trial, js, made, relaying):
    async with running(made()):
        await add(trial)
        await until(empty(trial))
        await relaying.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'shegong-trial-relay' AND datname = current_database()"
        )
        await add(trial)
        await until(empty(trial))

    assert len(await published(js)) == 2


async def test_a_late_commit_with_a_lower_number_is_not_skipped(trial, js, made):
    async with running(made()):
        async with trial.begin(who()) as slow:
            slow.record(Thing(id=uuid7(), name="slow"), ThingDone(count=0))
            await slow.count(Thing)  # writes now, commits later: it has drawn its number
            await add(trial)
            await until(lambda: some(published(js)))
        await until(empty(trial))

    assert len(await published(js)) == 2


async def test_a_write_that_stays_open_somewhere_keeps_nobody_waiting(trial, js, made, postgres):
    """In this database or in another of the server: nothing is read by a horizon of transactions."""
    elsewhere = await asyncpg.connect(postgres.url())
    async with elsewhere.transaction(), trial.begin(who()) as slow:
        await elsewhere.execute("SELECT pg_current_xact_id()")
        await slow.execute("SELECT pg_current_xact_id()")
        async with running(made()):
            await add(trial)
            await until(empty(trial))
    await elsewhere.close()

    assert len(await published(js)) == 1
