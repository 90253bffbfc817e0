"""The broker's configuration: made, compared, healed, or refused with one line."""

import asyncio
import signal
import time
from types import SimpleNamespace

import pytest
import uvloop
from nats.js.api import ConsumerConfig, ConsumerInfo, RetentionPolicy, SequenceInfo, StorageType
from nats.js.errors import NotFoundError

from chassis import bus
from chassis.pull import Gone, Pull
from deploy.embedded.nats import Nats
from deploy.embedded.process import spawn, stop, until_ready
from tests.chassis.hearing import until

KINDS = ["trial.thing"]


async def test_a_stream_is_made_as_it_must_be(js):
    await bus.ensure_stream(js, "trial")
    has = (await js.stream_info("TRIAL")).config

    assert has.subjects == ["trial.>"]
    assert (has.retention, has.storage, has.discard) == ("limits", "file", "new")
    assert (has.max_bytes, has.max_age, has.duplicate_window) == (1 << 30, 30 * 86400, 600)
    assert (has.deny_delete, has.deny_purge, has.num_replicas) == (True, True, 1)


async def test_a_stream_as_it_must_be_is_left_alone(js, caplog):
    made = await bus.ensure_stream(js, "trial")
    caplog.clear()
    again = await bus.ensure_stream(js, "trial")

    assert (again.created, again.config) == (made.created, made.config)
    assert not caplog.records


async def test_drift_that_can_be_healed_is_healed_and_said(js, caplog):
    wanted = bus.wanted_stream("trial", bus.Limits())
    await js.add_stream(wanted.evolve(max_age=60.0, max_bytes=1 << 20, duplicate_window=30))

    has = (await bus.ensure_stream(js, "trial")).config

    assert (has.max_age, has.max_bytes, has.duplicate_window) == (30 * 86400, 1 << 30, 600)
    assert caplog.records[-1].fields == {
        "stream": "TRIAL",
        "fields": ["duplicate_window", "max_age", "max_bytes"],
    }


@pytest.mark.parametrize(
    ("producer", "drift"),
    [
        ("memory", {"storage": StorageType.MEMORY}),
        ("queue", {"retention": RetentionPolicy.WORK_QUEUE}),
    ],
)
async def test_drift_that_loses_events_stops_the_part(js, producer, drift):
    wanted = bus.wanted_stream(producer, bus.Limits(max_bytes=1 << 20))
    await js.add_stream(wanted.evolve(**drift))

    with pytest.raises(bus.Unfit, match=f"{producer.upper()} has {next(iter(drift))}="):
        await bus.ensure_stream(js, producer)


@pytest.mark.parametrize(
    ("version", "fit"),
    [
        ((2, 9, 10), False),
        ((2, 12, 11), False),
        ((2, 12, 12), True),
        ((2, 13, 0), False),
        ((2, 14, 2), False),
        ((2, 14, 3), True),
        ((2, 15, 1), True),
    ],
)
def test_a_broker_without_the_fixes_is_refused(version, fit):
    said = SimpleNamespace(**dict(zip(("major", "minor", "patch"), version, strict=True)))
    client = SimpleNamespace(connected_server_version=said)
    if fit:
        bus.require(client)
    else:
        with pytest.raises(bus.Unfit, match=r"2\.12\.12"):
            bus.require(client)


async def test_no_stream_yet_is_the_callers_to_wait_for(js):
    with pytest.raises(NotFoundError):
        await bus.ensure_consumer(js, "listener", "trial", KINDS)


async def test_a_durable_is_made_as_it_must_be_and_healed(js, caplog):
    await bus.ensure_stream(js, "trial")
    made = (await bus.ensure_consumer(js, "listener", "trial", KINDS)).config
    assert made.durable_name == "listener_trial"
    assert (made.ack_policy, made.ack_wait, made.max_deliver) == ("explicit", 30, -1)
    assert (made.max_ack_pending, made.filter_subjects) == (1000, ["trial.thing.>"])

    await js.add_consumer("TRIAL", made.evolve(ack_wait=5.0, max_ack_pending=7, max_deliver=3))
    await bus.ensure_consumer(js, "listener", "trial", KINDS)

    has = (await js.consumer_info("TRIAL", "listener_trial")).config
    assert (has.ack_wait, has.max_ack_pending, has.max_deliver) == (30, 1000, -1)
    assert caplog.records[-1].fields["fields"] == ["ack_wait", "max_ack_pending", "max_deliver"]


async def test_a_durable_that_keeps_its_kinds_keeps_its_place(js):
    await bus.ensure_stream(js, "trial")
    await bus.ensure_consumer(js, "listener", "trial", KINDS)
    await _hear_one(js)

    info = await bus.ensure_consumer(js, "listener", "trial", KINDS)
    assert info.num_pending == 0


async def test_a_durable_with_other_kinds_begins_again(js):
    await bus.ensure_stream(js, "trial")
    await bus.ensure_consumer(js, "listener", "trial", KINDS)
    await _hear_one(js)

    info = await bus.ensure_consumer(js, "listener", "trial", [*KINDS, "trial.place"])
    assert info.num_pending == 1
    assert info.config.filter_subjects == ["trial.place.>", "trial.thing.>"]


def test_a_durable_beyond_the_streams_end_begins_again():
    wanted = ConsumerConfig(filter_subjects=["trial.thing.>"])
    info = ConsumerInfo(
        name="x",
        stream_name="TRIAL",
        created=None,
        config=wanted,
        ack_floor=SequenceInfo(consumer_seq=9, stream_seq=9),
    )

    assert bus._start_again(info, wanted, 8) == "beyond the end"
    assert bus._start_again(info, wanted, 9) is None


async def test_an_event_that_comes_alone_is_heard_at_once(js, nats):
    """The driver's own fetch would wait for the batch to fill, or for its time-out."""
    async with _pulling(js, nats) as pull:
        assert await pull.next(0.05) == []
        started = time.monotonic()
        await js.publish("trial.thing.done.v1.420100", b"1")
        assert [m.data for m in await pull.next(5)] == [b"1"]
        assert time.monotonic() - started < 1


async def test_what_is_there_comes_together(js, nats):
    async with _pulling(js, nats) as pull:
        for n in range(50):
            await js.publish("trial.thing.done.v1.420100", str(n).encode())
        found = []
        while len(found) < 50:
            batch = await pull.next(2)
            found += [int(m.data) for m in batch]
            for msg in batch:
                await msg.ack()
    assert found == list(range(50))


async def test_a_durable_that_is_gone_is_noticed(js, nats):
    async with _pulling(js, nats) as pull:
        assert await pull.next(0.05) == []
        await js.delete_consumer("TRIAL", "listener_trial")
        with pytest.raises(Gone):
            await pull.next(5)


async def test_what_was_delivered_and_not_taken_is_given_back(js, nats):
    async with _pulling(js, nats) as pull:
        await js.publish("trial.thing.done.v1.420100", b"1")
        await js.publish("trial.thing.done.v1.420100", b"2")
        first = await pull.next(5)
        await first[0].ack()
        await until(lambda: _there(len(first) + pull._inbox.pending_msgs == 2))
    async with _pulling(js, nats) as again:
        rest = [] if len(first) == 2 else await again.next(2)
    assert [m.data for m in [*first, *rest]] == [b"1", b"2"]


async def test_a_connection_is_looked_for_for_ever(nats):
    """The driver gives up after sixty tries, and notices a line that died in silence in minutes."""
    client = await bus.connect(nats.url(), "test")
    try:
        assert client.options["max_reconnect_attempts"] == -1
        assert client.options["ping_interval"] * client.options["max_outstanding_pings"] <= 10
    finally:
        await bus.close(client)


async def test_waiting_for_a_broker_that_is_away_can_be_stopped():
    stopping = asyncio.Event()
    waiting = asyncio.create_task(
        bus.connect_unless(stopping, "nats://127.0.0.1:1", "nobody"), name="waiting"
    )
    await asyncio.sleep(0.05)
    stopping.set()

    assert await asyncio.wait_for(waiting, 2) is None


class _pulling:  # noqa: N801
    def __init__(self, js, nats):
        self.js, self.nats = js, nats

    async def __aenter__(self) -> Pull:
        await bus.ensure_stream(self.js, "trial")
        await bus.ensure_consumer(self.js, "listener", "trial", KINDS)
        self.client = await bus.connect(self.nats.url(), "test")
        self.pull = await Pull.open(self.client, "TRIAL", "listener_trial", batch=200)
        return self.pull

    async def __aexit__(self, *_):
        await self.pull.close()
        await bus.close(self.client)


async def _hear_one(js):
    await js.publish("trial.thing.done.v1.420100", b"1")
    sub = await js.pull_subscribe_bind(durable="listener_trial", stream="TRIAL")
    await (await sub.fetch(1, timeout=2))[0].ack_sync()


async def _there(found):
    return found


def test_a_connection_to_a_server_that_is_gone_closes_under_the_loop_a_part_runs_on(tmp_path):
    """The loop refuses to write to a closed socket with an error of its own."""

    async def gone():
        server = Nats(tmp_path, users=())
        await server.prepare()
        command = server.command()
        process = spawn(command)
        await until_ready(process, command, server.ready, within=20)
        client = await bus.connect(server.url(), "trial")
        await stop(process, signal.SIGKILL, grace=1)
        while client.is_connected:  # noqa: ASYNC110 - the client announces it to nobody
            await asyncio.sleep(0.01)
        await client.publish("never", b"sent")
        await bus.close(client)
        return client.is_closed

    assert uvloop.run(gone())
