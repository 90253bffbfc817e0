"""The relay: in order per aggregate, nothing lost, whatever dies or goes away."""

import asyncio
import shutil
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson
import pytest
from asyncpg import connect as connect_as_owner
from nats import connect
from nats.js.errors import NotFoundError, ServerError

from chassis import bus, lease, outbox, relay, repair
from chassis.events import Envelope, part_of
from chassis.ids import uuid7
from chassis.lease import Lease
from chassis.relay import Relay
from chassis.tables import Outbox, OutboxBlocked
from deploy.embedded.nats import Nats
from deploy.embedded.process import spawn, stop, until_ready
from tests.chassis.hearing import rows, running, told, until
from tests.chassis.trial import Thing, ThingDone
from tests.conftest import HANGZHOU, NOW, WUHAN, who


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


async def add(trial, city=WUHAN) -> UUID:
    async with trial.begin(who(city)) as tx:
        thing = tx.record(Thing(id=uuid7(), name=str(uuid7())), ThingDone(count=0))
    return thing.id


async def change(trial, thing, city=WUHAN) -> None:
    async with trial.begin(who(city)) as tx:
        row = await tx.get(Thing, thing, lock=True)
        row.count += 1
        tx.record(row, ThingDone(count=row.count))


async def published(js) -> list[Envelope]:
    """Return everything in the stream, in its order."""
    try:
        state = (await js.stream_info("TRIAL")).state
    except NotFoundError:
        return []
    return [
        Envelope.read((await js.get_msg("TRIAL", seq)).data)
        for seq in range(state.first_seq, state.last_seq + 1)
        if state.messages
    ]


def empty(trial, *cities):
    async def asked():
        return not [r for city in cities or (WUHAN,) for r in await rows(trial, Outbox, city)]

    return asked


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


async def test_a_relay_that_lost_its_connection_goes_on_with_its_own_lease(relaying):
    one = Lease()
    await one.renew(relaying)
    again = Lease(one.holder)
    await again.renew(relaying)

    assert again.tokens == one.tokens


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


async def test_a_hung_holder_is_replaced_and_what_it_deletes_stays(trial, js, made, relaying):
    hung = Lease()
    await hung.renew(relaying)
    assert len(hung.parts) == 16
    await add(trial)
    waiting = await outbox.waiting(relaying, hung.parts, 10)
    held = [(r["part"], r["seq"]) for found in waiting.values() for r in found]

    started = time.monotonic()
    async with running(made()):
        await until(empty(trial), within=10)
        assert lease.LEASE_S - 1 < time.monotonic() - started < 10
        await add(trial)
        await until(empty(trial))

        assert await hung.delete(relaying, held, "TRIAL", await _created(js), 0) == 0
    assert len(await published(js)) == 2


async def test_a_zombies_token_deletes_nothing(trial, relaying):
    await add(trial)
    await repair.compare(relaying, "TRIAL", NOW, 0)
    zombie, successor = Lease(), Lease()
    await zombie.renew(relaying)
    waiting = await outbox.waiting(relaying, zombie.parts, 10)
    held = [(r["part"], r["seq"]) for found in waiting.values() for r in found]
    await zombie.release(relaying)
    tokens, zombie.tokens = zombie.tokens, dict.fromkeys(range(16), 1)
    assert tokens == {}
    await successor.renew(relaying)

    assert await zombie.delete(relaying, held, "TRIAL", NOW, 1) == 0
    assert len(await rows(trial, Outbox)) == 1
    assert await successor.delete(relaying, held, "TRIAL", NOW, 1) == 1


async def test_an_expired_lease_deletes_nothing_though_nobody_took_it(trial, relaying):
    await add(trial)
    await repair.compare(relaying, "TRIAL", NOW, 0)
    held = Lease()
    await held.renew(relaying)
    waiting = await outbox.waiting(relaying, held.parts, 10)
    await relaying.execute("UPDATE relay_lease SET expires_at = '-infinity'")

    found = [(r["part"], r["seq"]) for each in waiting.values() for r in each]
    assert await held.delete(relaying, found, "TRIAL", NOW, 1) == 0


async def test_a_lease_is_not_taken_from_a_holder_that_renews(relaying):
    one, two = Lease(), Lease()
    await one.renew(relaying)
    await two.renew(relaying)
    await one.renew(relaying)

    assert (len(one.parts), len(two.parts)) == (16, 0)
    assert set(one.tokens.values()) == {1}


async def test_a_lease_not_renewed_in_time_is_not_relied_on(relaying, monkeypatch):
    held = Lease()
    await held.renew(relaying)
    later = time.monotonic() + lease.LEASE_S - lease.RENEW_S
    monkeypatch.setattr(lease.time, "monotonic", lambda: later)

    assert held.parts == []


@pytest.mark.usefixtures("js")
async def test_a_relay_that_stops_leaves_its_lease_at_once(trial, made, relaying):
    await add(trial)
    async with running(made()):
        await until(empty(trial))

    after = Lease()
    await after.renew(relaying)
    assert len(after.parts) == 16


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

    assert await repair.compare(relaying, "TRIAL", await _created(js), 1) == 1
    assert await repair.compare(relaying, "TRIAL", await _created(js), 1) == 0


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
        await _emptied(js)
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
        await _put(trial, sick, version, body)

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
        await _put(trial, thing, 1, b"x")
    await relaying.execute("UPDATE outbox SET attempts = 1, not_before = now() + interval '1 hour'")
    await _put(trial, head[-1], 1, told(head[-1], 1).to_bytes())

    async def only_those_that_rest():
        return {r.agg_id for r in await rows(trial, Outbox)} == set(head[:-1])

    async with running(made()):
        await until(only_those_that_rest)


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
            await until(lambda: _some(published(js)))
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


async def test_a_broker_whose_store_is_lost_is_refilled_from_the_event_log(
    trial, relay_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(relay, "LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(relay, "PUBLISH_S", 1.0)
    server = Nats(tmp_path / "nats", users=())
    server.data.mkdir()
    await server.prepare()
    process = await _started(server)
    thing = await add(trial)
    try:
        async with running(Relay(relay_url, "trial", server.url())):
            await until(empty(trial))
            await stop(process, server.command().stop, grace=5)
            await asyncio.to_thread(shutil.rmtree, server.store)
            server.store.mkdir()
            await change(trial, thing)
            process = await _started(server)
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


async def _started(server: Nats):
    command = server.command()
    process = spawn(command)
    await until_ready(process, command, server.ready, within=10)
    return process


async def _created(js):
    return (await js.stream_info("TRIAL")).created


async def _emptied(js):
    """Make the stream anew, behind the relay's back."""

    async def again():
        try:
            return await bus.ensure_stream(js, "trial")
        except ServerError:  # its files are still being removed
            return None

    await until(again)


async def _some(found):
    return bool(await found)


async def _put(trial, thing, version, body):
    event = told(thing, version)
    async with trial.begin(who()) as tx:
        tx.keep(
            Outbox(
                part=part_of(thing),
                agg_type="thing",
                agg_id=thing,
                epoch=1,
                version=version,
                event_id=event.id,
                type=event.type,
                body=body,
                traceparent=None,
            )
        )
