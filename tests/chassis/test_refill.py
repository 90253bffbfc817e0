"""A stream that was lost, rolled back or made anew is filled again, in order and once."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from asyncpg import connect as connect_as_owner
from nats import connect

from chassis import outbox, relay, repair
from chassis.events import Envelope, part_of
from chassis.lease import Lease
from chassis.relay import Relay
from chassis.tables import Outbox
from deploy.embedded.nats import Nats
from deploy.embedded.process import stop
from tests.chassis.hearing import rows, running, until
from tests.chassis.streams import (
    add,
    change,
    created,
    emptied,
    empty,
    published,
    started,
)
from tests.conftest import HANGZHOU, NOW, WUHAN


@pytest.mark.usefixtures("brisk")
async def test_a_deleted_stream_is_made_again_and_refilled(trial, js, made):
    things = [await add(trial), await add(trial, HANGZHOU)]
    await change(trial, things[0])
    async with running(made()):
        await until(empty(trial, WUHAN, HANGZHOU))
        before = {e.id for e in await published(js)}
        await js.delete_stream("TRIAL")

        async def refilled():
            return len(await published(js)) == 3

        await until(refilled)

    assert {e.id for e in await published(js)} == before
    assert [e.aggversion for e in await published(js) if e.agg_id == things[0]] == [1, 2]


@pytest.mark.usefixtures("js")
async def test_what_waited_when_the_stream_was_lost_is_told_after_its_predecessors(
    trial, made, relaying, postgres, trial_name
):
    thing, other = await add(trial), await add(trial, HANGZHOU)
    await change(trial, thing)
    async with running(made()):
        await until(empty(trial, WUHAN, HANGZHOU))
    owner = await connect_as_owner(postgres.url(trial_name))
    # As a clock that was set back would have it.
    await owner.execute("UPDATE event_log SET at = at - interval '1 h' WHERE version = 2")
    await owner.close()
    await change(trial, thing)
    await relaying.execute("UPDATE stream_seen SET last_seq = 99")

    assert await repair.compare(relaying, "TRIAL", NOW, 0) == 3
    waiting = await outbox.waiting(relaying, list(range(16)), 10)
    told = {
        key[2]: [Envelope.read(row["body"]).aggversion for row in rows]
        for key, rows in waiting.items()
    }
    assert told == {thing: [1, 2, 3], other: [1]}


@pytest.mark.usefixtures("brisk")
async def test_a_stream_that_was_rolled_back_is_refilled(trial, js, made, relaying):
    await add(trial)
    async with running(made()):
        await until(empty(trial))
    # As after a loss: we have seen more than the stream now has.
    await relaying.execute("UPDATE stream_seen SET last_seq = 5")

    assert await repair.compare(relaying, "TRIAL", await created(js), 1) == 1
    assert await repair.compare(relaying, "TRIAL", await created(js), 1) == 0


async def test_a_stream_of_another_birth_is_another_stream_however_long(trial, relaying):
    await add(trial)
    born = datetime(2026, 1, 1, tzinfo=UTC)
    assert await repair.compare(relaying, "TRIAL", born, 1) == 0
    await relaying.execute("DELETE FROM outbox")

    assert await repair.compare(relaying, "TRIAL", born + timedelta(days=1), 9) == 1


async def test_what_another_relay_publishes_while_the_broker_is_asked_is_no_loss(trial, relaying):
    """The broker said 3, then another relay published two more and noted 5."""
    await add(trial)
    await repair.compare(relaying, "TRIAL", NOW, 3)
    before = await repair.seen(relaying, "TRIAL")
    await relaying.execute("UPDATE stream_seen SET last_seq = 5")
    await relaying.execute("DELETE FROM outbox")

    assert await repair.compare(relaying, "TRIAL", NOW, 3, before=before) == 0
    assert await rows(trial, Outbox) == []


async def test_a_stream_another_relay_has_met_and_refilled_is_not_refilled_again(trial, relaying):
    await add(trial)
    await repair.compare(relaying, "TRIAL", NOW, 9)
    before, again = await repair.seen(relaying, "TRIAL"), NOW + timedelta(days=1)
    await repair.compare(relaying, "TRIAL", again, 0)
    await relaying.execute("DELETE FROM outbox")

    assert await repair.compare(relaying, "TRIAL", again, 0, before=before) == 0
    with pytest.raises(repair.Outdated):
        await repair.compare(relaying, "TRIAL", NOW, 9, before=before)


async def test_what_an_earlier_stream_acknowledged_is_not_deleted_once_another_is_met(
    trial, relaying
):
    """One relay is stopped after its acknowledgement; another meets the stream that came after."""
    await add(trial)
    await repair.compare(relaying, "TRIAL", NOW, 0)
    held = Lease()
    await held.renew(relaying)
    waiting = await outbox.waiting(relaying, held.parts, 10)
    found = [(r["part"], r["seq"]) for each in waiting.values() for r in each]
    again = NOW + timedelta(days=1)
    await repair.compare(relaying, "TRIAL", again, 0)

    assert await held.delete(relaying, found, "TRIAL", NOW, 7) == 0
    assert len(await rows(trial, Outbox)) == 1
    assert (await repair.seen(relaying, "TRIAL")).last_seq == 0
    assert await held.delete(relaying, found, "TRIAL", again, 1) == 1


async def test_an_acknowledgement_below_an_earlier_one_is_a_loss(trial, js, made, monkeypatch):
    monkeypatch.setattr(relay, "MEET_S", 3600)
    await add(trial)
    async with running(made()):
        await until(empty(trial))
        await js.delete_stream("TRIAL")
        await emptied(js)
        await add(trial)

        async def both():
            return len({e.agg_id for e in await published(js)}) == 2

        await until(both)


@pytest.mark.usefixtures("js")
async def test_how_far_the_stream_has_come_is_noted_with_the_delete(trial, made, relaying):
    await add(trial)
    await add(trial)
    async with running(made()):
        await until(empty(trial))

    assert await relaying.fetchval("SELECT last_seq FROM stream_seen WHERE stream = 'TRIAL'") == 2


async def test_a_gap_is_filled_on_request_though_the_broker_remembers_the_ids(
    trial, js, made, nats
):
    thing = await add(trial)
    await change(trial, thing)
    await change(trial, thing)
    worker = made()
    client = await connect(nats.url())
    async with running(worker):
        await until(empty(trial))
        wanted = repair.Wanted(
            city=WUHAN, aggregate="thing", id=thing, from_epoch=1, from_version=2
        )
        answer = await client.request("resend.trial", wanted.to_bytes(), 3)
        await until(empty(trial))
        refused = await client.request("resend.trial", b"{}", 3)
    await client.close()

    assert orjson.loads(answer.data) == {"events": 2}
    assert "error" in orjson.loads(refused.data)
    assert [e.aggversion for e in await published(js)] == [1, 2, 3, 2, 3]


async def test_resend_stays_within_what_was_asked(trial, relaying):
    await add(trial, WUHAN)
    await add(trial, HANGZHOU)
    await relaying.execute("DELETE FROM outbox")

    assert await repair.resend(relaying, repair.Wanted(city=WUHAN)) == 1
    assert await repair.resend(relaying, repair.Wanted()) == 1, (
        "the other city's; ours waits already"
    )
    assert [r.part for r in await rows(trial, Outbox)] == [
        part_of(r.agg_id) for r in await rows(trial, Outbox)
    ]


async def test_a_broker_whose_store_is_lost_is_refilled_from_the_event_log(
    trial, relay_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(relay, "LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(relay, "PUBLISH_S", 1.0)
    server = Nats(tmp_path / "nats", users=())
    server.data.mkdir()
    await server.prepare()
    process = await started(server)
    thing = await add(trial)
    try:
        async with running(Relay(relay_url, "trial", server.url())):
            await until(empty(trial))
            await stop(process, server.command().stop, grace=5)
            await asyncio.to_thread(shutil.rmtree, server.store)
            server.store.mkdir()
            await change(trial, thing)
            process = await started(server)
            await until(empty(trial))

            client = await connect(server.url())

            async def all_there():
                return [e.aggversion for e in await published(client.jetstream())] in (
                    [1, 2],
                    [2, 1],
                )

            await until(all_there)
            await client.close()
    finally:
        await stop(process, server.command().stop, grace=5)
