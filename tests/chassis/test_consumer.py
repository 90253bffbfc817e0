"""From a commit in one part to an effect in another, through a real broker, whatever happens."""

import asyncio
import time
from itertools import pairwise

import asyncpg
import pytest
from nats.aio.msg import Msg

from chassis import bus
from chassis import consumer as consuming
from chassis import pull as pulling
from chassis.consumer import Consumer
from chassis.relay import Relay
from chassis.tables import DeadLetter, EventLog, Parked
from tests.chassis.hearing import heard, hearing, rows, running, somebody, told, until
from tests.chassis.streams import add, change, empty
from tests.conftest import HANGZHOU, WUHAN


@pytest.fixture
def relay(trial, relay_url, nats):
    made = Relay(relay_url, "trial", nats.url())
    trial.on_commit.append(made.wake)
    return made


@pytest.fixture
def hears(trial, relay_url, nats):
    def make(reactions=None, **more):
        return Consumer(reactions or hearing(), trial, nats.url(), relay_url, **more)

    return make


def says(trial, thing, what, city=WUHAN):
    async def asked():
        return await heard(trial, thing, city) == what

    return asked


@pytest.mark.usefixtures("js")
async def test_what_is_recorded_here_is_known_there_and_soon(trial, relay, hears):
    listener = hears()
    async with running(relay, listener):
        await listener.listening["trial"].wait()
        thing = await add(trial)
        started = time.monotonic()
        await change(trial, thing)
        await until(says(trial, thing, "0,1,"))
        assert time.monotonic() - started < 1


@pytest.mark.usefixtures("js")
async def test_every_city_is_heard(trial, relay, hears):
    async with running(relay, hears()):
        there, here = await add(trial, HANGZHOU), await add(trial)
        await until(says(trial, there, "0,", HANGZHOU))
        await until(says(trial, here, "0,"))


@pytest.mark.usefixtures("js")
async def test_a_consumer_may_come_before_the_stream(trial, relay, hears):
    listener = hears()
    async with running(listener):
        await asyncio.sleep(0.2)
        assert not listener.listening["trial"].is_set()
        async with running(relay):
            await until(says(trial, await add(trial), "0,"))


async def test_a_crash_between_commit_and_acknowledgement_has_one_effect(
    trial, relay, hears, js, monkeypatch
):
    real, lost = Msg.ack, []

    async def dies(self):
        if not lost:
            lost.append(self)
            raise ConnectionResetError
        await real(self)

    monkeypatch.setattr(Msg, "ack", dies)
    async with running(relay, hears()):
        thing = await add(trial)
        await until(says(trial, thing, "0,"))
        await until(lambda: _true(lost))
        # What the server does by itself after ack_wait.
        await js._nc.publish(lost[0].reply, b"-NAK")
        await change(trial, thing)
        await until(says(trial, thing, "0,1,"))

        async def settled():
            info = await js.consumer_info("TRIAL", "listener_trial")
            return (info.delivered.consumer_seq, info.num_ack_pending) == (3, 0)

        await until(settled)


async def test_what_the_broker_has_forgotten_and_stores_again_has_one_effect(
    trial, relay, hears, js
):
    """A relay that was away longer than the broker remembers message ids."""
    thing = await add(trial)
    async with running(relay):
        await until(empty(trial))
    [row] = await rows(trial, EventLog)
    await js.publish(f"{row.type}.{WUHAN}", row.body)
    assert (await js.stream_info("TRIAL")).state.messages == 2

    async with running(Relay(relay.database_url, "trial", relay.nats_url), hears()):
        await change(trial, thing)
        await until(says(trial, thing, "0,1,"))


async def test_a_gap_that_stays_open_is_asked_for(trial, relay, hears, relaying, js):
    thing = await add(trial)
    await change(trial, thing)
    await change(trial, thing)
    await relaying.execute("DELETE FROM outbox WHERE version = 2")  # the broker has lost it

    async with running(relay, hears(gap=0.2)):
        await until(lambda: rows(trial, Parked))
        await until(says(trial, thing, "0,1,2,"))

    assert await rows(trial, Parked) == []
    assert (await js.stream_info("TRIAL")).state.last_seq == 4


@pytest.mark.usefixtures("js")
async def test_a_gap_behind_a_dead_letter_is_not_asked_for(trial, relay, hears):
    thing = await add(trial)
    await change(trial, thing)
    await change(trial, thing)
    async with running(relay, hears(hearing(poison=1), gap=0.05)):
        await until(lambda: rows(trial, Parked))
        await until(empty(trial))
        await asyncio.sleep(0.3)

    assert [p.version for p in await rows(trial, Parked)] == [3]
    assert await heard(trial, thing) == "0,"


async def test_a_message_that_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(
    trial, relay, hears, js
):
    listener = hears()
    async with running(relay, listener):
        await listener.listening["trial"].wait()
        await js.publish("trial.thing.done.v1.330100", b"{")
        await until(says(trial, await add(trial), "0,"))
        letters = await until(lambda: rows(trial, DeadLetter, HANGZHOU))

    assert [(d.agg_type, d.reason) for d in letters] == [("trial.thing", "not JSON")]


@pytest.mark.usefixtures("js")
async def test_a_failure_of_the_moment_comes_again(trial, relay, hears, monkeypatch):
    monkeypatch.setattr(consuming, "FIRST_DELAY_S", 0.05)
    reactions = hearing()
    real, away = reactions._of_city, [True, True]

    async def failing(city, batch, database):
        if away:
            away.pop()
            return {e.id: consuming.Outcome.LATER for e in batch}
        return await real(city, batch, database)

    monkeypatch.setattr(reactions, "_of_city", failing)
    async with running(relay, hears(reactions)):
        await until(says(trial, await add(trial), "0,"))
    assert not away


@pytest.mark.usefixtures("js")
async def test_what_fails_again_and_again_is_asked_ever_more_seldom(
    trial, relay, hears, monkeypatch
):
    monkeypatch.setattr(consuming, "FIRST_DELAY_S", 0.1)
    reactions, at = hearing(), []

    async def failing(_city, batch, _database):
        at.append(time.monotonic())
        return {e.id: consuming.Outcome.LATER for e in batch}

    monkeypatch.setattr(reactions, "_of_city", failing)
    async with running(relay, hears(reactions)):
        await add(trial)
        await until(lambda: _true(len(at) >= 4))

    waits = [later - sooner for sooner, later in pairwise(at[:4])]
    assert all(w > least for w, least in zip(waits, (0.09, 0.19, 0.39), strict=True)), waits


async def test_a_consumer_whose_durable_is_taken_away_makes_it_again(trial, relay, hears, js):
    listener = hears()
    async with running(relay, listener):
        thing = await add(trial)
        await until(says(trial, thing, "0,"))
        await js.delete_consumer("TRIAL", "listener_trial")
        await change(trial, thing)
        await until(says(trial, thing, "0,1,"))


async def test_a_consumer_that_hears_nothing_though_there_is_something_starts_anew(
    trial, relay, hears, js, monkeypatch
):
    """A pull that was lost on the way: the server waits for a request, we wait for an answer."""
    monkeypatch.setattr(consuming, "QUIET_S", 0.2)
    real, deaf = pulling.Pull.next, [1] * 100

    async def silent(self, within):
        if deaf:
            deaf.pop()
            await asyncio.sleep(0.05)
            return []
        return await real(self, within)

    async def bound(self, *args):
        bounds.append(self)
        return await really(self, *args)

    bounds, really = [], Consumer._bound
    monkeypatch.setattr(pulling.Pull, "next", silent)
    monkeypatch.setattr(Consumer, "_bound", bound)
    await bus.ensure_stream(js, "trial")
    async with running(relay, hears()):
        thing = await add(trial)
        await until(empty(trial))
        await until(lambda: _true(len(bounds) > 1))
        deaf.clear()
        await until(says(trial, thing, "0,"))
    assert (await js.consumer_info("TRIAL", "listener_trial")).num_pending == 0


async def test_two_consumers_share_the_work_and_lose_nothing(trial, relay, hears, js):
    things = [await add(trial) for _ in range(5)]
    for thing in things * 4:
        await change(trial, thing)
    async with running(relay, hears(), hears()):
        for thing in things:
            await until(says(trial, thing, "0,1,2,3,4,"))
    assert await rows(trial, Parked) == []
    assert (await js.stream_info("TRIAL")).state.messages == 25


async def test_a_younger_consumer_hears_all_from_the_beginning(trial, relay, hears, js):
    event = told(somebody(), 1)
    async with running(relay):
        await relay.ready.wait()
        await js.publish("trial.thing.done.v1.420100", event.to_bytes())
    async with running(hears()):
        await until(says(trial, event.agg_id, "1,"))


async def _true(found):
    return bool(found)


async def test_a_consumer_whose_database_was_restored_hears_again_what_it_forgot(
    trial, relay, hears, js, relaying, postgres, trial_name
):
    """The broker knows that all was acknowledged; the backup does not."""
    kept = ("applied", "mirror", "stream_seen")

    async def come(seq):
        info = await js.consumer_info("TRIAL", "listener_trial")
        return info.ack_floor.stream_seq == seq

    async def noted():
        asked = "SELECT last_seq FROM stream_seen WHERE stream = 'listener_trial'"
        return await relaying.fetchval(asked) == 1

    owner = await asyncpg.connect(postgres.url(trial_name))
    async with running(relay):
        old = await add(trial)
        async with running(hears(gap=0.1)):
            await until(says(trial, old, "0,"))
            await until(noted)
        for table in kept:
            await owner.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")
        async with running(hears()):
            await change(trial, old)
            late = await add(trial)
            await until(says(trial, late, "0,"))
            await until(lambda: come(3))
        for table in kept:
            await owner.execute(f"DELETE FROM {table}")
            await owner.execute(f"INSERT INTO {table} TABLE backup_{table}")
        assert await heard(trial, late) == ""
        async with running(hears()):
            await until(says(trial, late, "0,"))
            await until(says(trial, old, "0,1,"))
    await owner.close()


KEPT = ("applied", "mirror", "stream_seen")


@pytest.fixture
async def owner(postgres, trial_name):
    """Whoever makes backups, and puts them back."""
    made = await asyncpg.connect(postgres.url(trial_name))
    yield made
    await made.close()


async def back_up(owner):
    for table in KEPT:
        await owner.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")


async def put_back(owner):
    async with owner.transaction():
        for table in KEPT:
            await owner.execute(f"DELETE FROM {table}")
            await owner.execute(f"INSERT INTO {table} TABLE backup_{table}")


@pytest.mark.usefixtures("js")
async def test_a_consumer_notices_that_its_database_was_restored_while_it_ran(
    trial, relay, hears, relaying, owner
):
    async def noted(seq):
        asked = "SELECT last_seq FROM stream_seen WHERE stream = 'listener_trial'"
        return await relaying.fetchval(asked) == seq

    async with running(relay, hears(gap=0.1), hears(gap=0.1)):
        old = await add(trial)
        await until(lambda: noted(1))
        await back_up(owner)
        await change(trial, old)
        late = await add(trial)
        await until(lambda: noted(3))

        await put_back(owner)

        await until(says(trial, late, "0,"))
        await until(says(trial, old, "0,1,"))
        await until(lambda: noted(3))


@pytest.mark.usefixtures("js")
async def test_a_consumer_whose_database_hung_up_hears_again_what_was_not_noted(
    trial, relay, hears, relaying, owner, monkeypatch
):
    """Restored to the moment of the last note: the note itself does not fall back."""

    async def noted(seq):
        asked = "SELECT last_seq FROM stream_seen WHERE stream = 'listener_trial'"
        return await relaying.fetchval(asked) == seq

    async def silent(*_):
        return

    async with running(relay, hears(gap=0.1)):
        old = await add(trial)
        await until(lambda: noted(1))
        monkeypatch.setattr(Consumer, "_note", silent)
        await back_up(owner)
        late = await add(trial)
        await until(says(trial, late, "0,"))

        await put_back(owner)
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'trial_relay'"
        )

        await until(says(trial, late, "0,"))
        assert await heard(trial, old) == "0,"


async def test_who_comes_to_share_the_work_leaves_the_durable_of_those_who_work(
    trial, relay, hears, js
):
    """The place is noted every few seconds only: who hears now is ahead of every note."""
    second = hears()
    async with running(relay, hears()):
        thing = await add(trial)
        await until(says(trial, thing, "0,"))
        made = (await js.consumer_info("TRIAL", "listener_trial")).created
        async with running(second):
            await until(lambda: _true(second.listening["trial"].is_set()))
            await change(trial, thing)
            await until(says(trial, thing, "0,1,"))
        assert (await js.consumer_info("TRIAL", "listener_trial")).created == made


async def test_a_consumer_that_comes_back_to_its_own_database_goes_on_where_it_was(
    trial, relay, hears, js, relaying
):
    async with running(relay):
        async with running(hears(gap=0.1)):
            await until(says(trial, await add(trial), "0,"))

            async def noted():
                return await relaying.fetchval(
                    "SELECT last_seq FROM stream_seen WHERE stream = 'listener_trial'"
                )

            await until(noted)
        made = (await js.consumer_info("TRIAL", "listener_trial")).created
        listener = hears()
        async with running(listener):
            await listener.listening["trial"].wait()

    assert (await js.consumer_info("TRIAL", "listener_trial")).created == made
