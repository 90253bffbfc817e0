"""The transaction: one statement a commit, versions, races, order, tenants, numbers, secrets."""

import asyncio
import random
import re
from uuid import uuid4

import asyncpg
import pytest

from chassis.db import Stale, Taken
from chassis.ids import uuid7
from chassis.problems import Problem
from chassis.reading import among
from chassis.statement import Write, statement
from chassis.tables import Audit, EventLog, Outbox, OutboxBlocked, Receipt
from chassis.vault import Encrypted
from tests.chassis.trial import Entry, Mirror, Somebody, Thing, ThingDone
from tests.conftest import HANGZHOU, who

CHANGES = (("change", Thing, "count"), ("update", Mirror, "name"))


async def add(trial, name="a", city="420100"):
    async with trial.begin(who(city)) as tx:
        return tx.record(Thing(id=uuid7(), name=name), ThingDone(count=0))


async def test_a_new_aggregate_is_version_one_with_one_event_and_one_audit_row(trial):
    thing = await add(trial)

    async with trial.begin(who()) as tx:
        again = await tx.get(Thing, thing.id)
        events = await tx.find(EventLog)
        waiting = await tx.find(Outbox)
        noted = await tx.find(Audit)
    assert (again.version, again.city, again.name) == (1, "420100", "a")
    assert [(e.version, e.type, e.subject) for e in events] == [
        (1, "trial.thing.done.v1", "420100.court-1")
    ]
    assert [w.event_id for w in waiting] == [events[0].event_id]
    assert [(a.action, a.object_id) for a in noted] == [("trial.thing.done", thing.id)]


async def test_a_change_moves_the_version_and_only_what_changed(trial):
    thing = await add(trial)

    async with trial.begin(who()) as tx:
        row = await tx.get(Thing, thing.id)
        row.count = 5
        row.tags.append("x")
        tx.record(row, ThingDone(count=5))

    async with trial.begin(who()) as tx:
        again = await tx.get(Thing, thing.id)
        assert (again.version, again.count, again.tags) == (2, 5, ["x"])
        assert [e.version for e in await tx.find(EventLog, order_by=EventLog.version)] == [1, 2]


async def test_a_row_changed_but_not_recorded_is_a_mistake(trial):
    thing = await add(trial)

    with pytest.raises(RuntimeError, match="changed but not recorded"):
        async with trial.begin(who()) as tx:
            (await tx.get(Thing, thing.id)).count = 9


async def test_one_version_is_one_event(trial):
    with pytest.raises(RuntimeError, match="recorded twice"):
        async with trial.begin(who()) as tx:
            row = tx.record(Thing(id=uuid7(), name="a"), ThingDone(count=0))
            tx.record(row, ThingDone(count=1))


async def test_who_read_an_old_version_writes_nothing(trial):
    thing = await add(trial)

    with pytest.raises(Stale):
        async with trial.begin(who()) as slow:
            row = await slow.get(Thing, thing.id)
            async with trial.begin(who()) as fast:
                other = await fast.get(Thing, thing.id)
                other.count = 1
                fast.record(other, ThingDone(count=1))
            row.count = 2
            slow.record(row, ThingDone(count=2))

    async with trial.begin(who()) as tx:
        assert (await tx.get(Thing, thing.id)).count == 1
        assert await tx.count(EventLog) == 2


async def test_a_failure_leaves_nothing_behind(trial):
    with pytest.raises(ZeroDivisionError):
        async with trial.begin(who()) as tx:
            await tx.count(Thing)
            tx.record(Thing(id=uuid7(), name="a"), ThingDone(count=0))
            1 / 0  # noqa: B018

    async with trial.begin(who()) as tx:
        assert await tx.count(Thing) == 0


async def test_another_city_sees_nothing_and_may_use_the_same_name(trial):
    thing = await add(trial)

    async with trial.begin(who(HANGZHOU)) as tx:
        assert await tx.peek(Thing, thing.id) is None
        assert await tx.find(Thing, Thing.name == "a") == []
        assert await tx.count(EventLog) == 0
        with pytest.raises(Problem) as absent:
            await tx.get(Thing, uuid4())
        with pytest.raises(Problem) as foreign:
            await tx.get(Thing, thing.id)
    assert str(absent.value) == str(foreign.value)
    await add(trial, "a", HANGZHOU)


async def test_a_row_made_for_another_city_is_stamped_with_the_transactions(trial):
    async with trial.begin(who()) as tx:
        row = Thing(id=uuid7(), name="b", city=HANGZHOU)
        tx.record(row, ThingDone(count=0))

    async with trial.begin(who()) as tx:
        assert (await tx.get(Thing, row.id)).city == "420100"


async def test_without_a_key_the_runtime_role_sees_no_row(trial, postgres, trial_name):
    await add(trial)

    bare = await asyncpg.connect(postgres.url(trial_name, "trial_runtime"))
    try:
        assert await bare.fetchval("SELECT count(*) FROM thing") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await bare.execute("INSERT INTO mirror VALUES ('420100', $1, 'x')", uuid4())
    finally:
        await bare.close()


async def test_the_key_does_not_outlive_its_transaction(trial):
    await add(trial)

    async with trial.pool.acquire() as connection:
        assert await connection.fetchval("SELECT current_setting('app.city', true)") in ("", None)
        assert await connection.fetchval("SELECT count(*) FROM thing") == 0


async def test_a_unique_clash_says_which(trial):
    await add(trial)

    with pytest.raises(Taken) as taken:
        await add(trial)
    assert taken.value.constraint == "thing_city_name_key"


@pytest.mark.parametrize("lock", [False, True])
async def test_versions_events_and_outbox_agree_under_eight_writers(trial, lock):
    things = [await add(trial, f"t{i}") for i in range(4)]
    choose = random.Random(7)

    async def bump():
        for _ in range(12):
            chosen = choose.choice(things).id
            while True:
                try:
                    async with trial.begin(who()) as tx:
                        row = await tx.get(Thing, chosen, lock=lock)
                        row.count += 1
                        tx.record(row, ThingDone(count=row.count))
                    break
                except Stale:
                    assert not lock

    await asyncio.gather(*(bump() for _ in range(8)))

    async with trial.begin(who()) as tx:
        rows = await tx.find(Thing)
        assert sum(r.count for r in rows) == 96
        assert all(r.version == r.count + 1 for r in rows)
        waiting = await tx.find(Outbox, order_by=Outbox.seq)
        for thing in things:
            mine = [w.version for w in waiting if w.agg_id == thing.id]
            assert mine == list(range(1, len(mine) + 1)), "seq order is version order"


def test_every_insert_waits_for_every_change_and_the_counter_for_all():
    """PostgreSQL promises no order among the parts of one statement: each says what it waits for."""
    outbox = Write("insert", Outbox, ("part", "agg_id"), many=False)
    copies = Write("insert", OutboxBlocked, ("agg_type", "agg_id"), many=True)
    receipt = Write("insert", Receipt, ("client", "key"), many=False)
    changes = [Write(k, m, (n,), many=False) for k, m, n in CHANGES]
    for many in (False, True):
        entry = Write("number", Entry, ("partner", "what"), many)
        text = statement((*changes, outbox, copies, receipt, entry))
        split = re.split(r"(?:^WITH |, )(key|[a-z][0-9]) AS (?:MATERIALIZED )?\(", text)[1:]
        parts = dict(zip(split[::2], split[1::2], strict=True))

        def waits_of(name, parts=parts):
            named = set(re.findall(r"FROM (key|[a-z][0-9])(?: AS [pc]\b|\) AS g_)", parts[name]))
            return named.union(*(waits_of(each) for each in named))

        assert waits_of("i2") == {"key", "c0", "u1"}
        assert waits_of("i3") == {"key", "c0", "u1", "i2"}
        assert waits_of("i4") == {"key", "c0", "u1", "i2", "i3"}
        assert waits_of("c5") == {"key", "c0", "u1", "i2", "i3", "i4"}
        assert waits_of("n5") == {"key", "c0", "u1", "i2", "i3", "i4", "c5"}


async def test_numbers_are_dense_per_partner_and_in_order_under_load(trial):
    async def write(partner, what):
        async with trial.begin(who()) as tx:
            await tx.count(Thing)
            tx.record(Thing(id=uuid7(), name=f"{partner}-{what}"), ThingDone(count=0))
            tx.keep(Entry(partner=partner, what=str(what)))

    await asyncio.gather(*(write(p, n) for n in range(25) for p in ("court", "women")))

    async with trial.begin(who()) as tx:
        for partner in ("court", "women"):
            found = await tx.find(Entry, Entry.partner == partner, order_by=Entry.position)
            assert [e.position for e in found] == list(range(1, 26))


async def test_several_numbered_rows_of_one_commit_keep_their_order(trial):
    async with trial.begin(who()) as tx:
        tx.keep(*(Entry(partner="court", what=str(n)) for n in range(3)))

    async with trial.begin(who()) as tx:
        found = await tx.find(Entry, order_by=Entry.position)
        assert [(e.position, e.what) for e in found] == [(1, "0"), (2, "1"), (3, "2")]


async def test_many_rows_are_one_statement_and_a_copy_is_replaced(trial):
    ids = [uuid7() for _ in range(500)]
    for name in ("old", "new"):
        async with trial.begin(who()) as tx:
            tx.keep(*(Mirror(id=i, name=name) for i in ids))

    async with trial.begin(who()) as tx:
        assert await tx.count(Mirror, Mirror.name == "new") == 500
        assert len(await tx.find(Mirror, among(Mirror.id, ids[:20]))) == 20


async def test_a_row_kept_earlier_is_the_row_read_later(trial):
    at = uuid7()
    async with trial.begin(who()) as tx:
        tx.keep(Mirror(id=at, name="one"))
        assert (await tx.get(Mirror, at)).name == "one"
        tx.keep(Mirror(id=at, name="two"))
        assert [m.name for m in await tx.find(Mirror)] == ["two"]


async def test_pages_walk_a_list_without_gap_or_repeat(trial):
    names = [f"n{i:02}" for i in range(23)]
    async with trial.begin(who()) as tx:
        for name in random.Random(1).sample(names, len(names)):
            tx.record(Thing(id=uuid7(), name=name), ThingDone(count=0))

    for order, wanted in (("name", names), ("-name", names[::-1])):
        seen, after = [], None
        while True:
            async with trial.begin(who()) as tx:
                page = await tx.page(Thing, after=after, limit=5, order_by=order)
            seen += [t.name for t in page.items]
            after = page.next
            if after is None:
                break
        assert seen == wanted
    async with trial.begin(who()) as tx:
        for broken in ("x", "bm9wZQ", "WzFd"):
            with pytest.raises(Problem, match="malformed"):
                await tx.page(Thing, after=broken, order_by="name")


async def test_personal_values_are_sealed_when_written_and_open_with_the_persons_key(trial):
    async with trial.begin(who()) as tx:
        at = tx.people.new()
        tx.keep(Somebody(id=at, name=Encrypted("王小明"), phone=None))

    async with trial.begin(who()) as tx:
        row = await tx.get(Somebody, at)
        assert "王小明" not in repr(row)
        assert row.phone is None
        keys = await tx.people.keys([at])
        opened = trial.vault.open_value(keys[at], "somebody", str(at), "name", row.name)
        stored = await tx.fetch("SELECT name FROM somebody")
    assert opened == "王小明"
    assert "王小明".encode() not in stored[0]["name"]


async def test_a_table_of_people_refuses_who_does_not_say_why(trial):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with trial.begin(who(purpose="")) as tx:
            tx.people.new()


async def test_a_read_by_id_is_one_statement_and_begins_no_block(trial):
    thing = await add(trial)

    async with trial.begin(who()) as tx:
        assert (await tx.get(Thing, thing.id)).name == "a"
        assert not tx._block
    async with trial.begin(who(HANGZHOU)) as tx:
        assert await tx.peek(Thing, thing.id) is None
