"""What was made cheap stays right: searches by names, looks, blocks begun in one trip, rows as read."""

import gc
import weakref

import asyncpg
import pytest

from chassis.db import Stale
from chassis.looks import CITY, by_id, first, picked, some
from tests.chassis.test_db import add
from tests.chassis.trial import Entry, Thing, ThingDone
from tests.conftest import HANGZHOU, WUHAN, who


async def test_a_search_by_names_finds_what_an_expression_finds_and_no_other_city(trial):
    mine = [await add(trial, name) for name in ("a", "b", "c")]
    await add(trial, "a", city=HANGZHOU)

    async with trial.begin(who()) as tx:
        [one] = await tx.find(Thing, name="a")
        both = await tx.find(Thing, name=["a", "b"], count=mine[0].count)
        ordered = await tx.find(Thing, name=["a", "b"], order_by=Thing.name)
        none = await tx.one(Thing, name="d")

    assert one.id == mine[0].id
    assert one.city == WUHAN
    assert {each.id for each in both} == {mine[0].id, mine[1].id}
    assert [each.name for each in ordered] == ["a", "b"]
    assert none is None


async def test_a_search_by_names_sees_what_was_kept_before_it(trial):
    async with trial.begin(who()) as tx:
        tx.keep(Entry(partner="p", what="first"))
        assert [each.what for each in await tx.find(Entry, partner="p")] == ["first"]


async def test_a_search_by_a_name_that_is_no_column_is_a_mistake(trial):
    async with trial.begin(who()) as tx:
        with pytest.raises(TypeError, match="nome"):
            await tx.find(Thing, nome="a")


async def test_a_subject_is_a_value_whatever_it_holds(trial):
    odd = "o'brien\\'; SELECT 1 --\x7f 王"
    async with trial.begin(who(subject=odd)) as tx:
        [row] = await tx.fetch("SELECT current_setting('app.subject') AS said")
        assert row["said"] == odd


async def test_a_failure_passed_over_is_no_commit(trial):
    with pytest.raises(RuntimeError, match="passed over"):
        async with trial.begin(who()) as tx:
            with pytest.raises(asyncpg.DivisionByZeroError):
                await tx.fetch("SELECT 1 / 0")


async def test_a_list_changed_in_place_after_reading_is_noticed(trial):
    thing = await add(trial)
    with pytest.raises(RuntimeError, match="changed but not recorded"):
        async with trial.begin(who()) as tx:
            (await tx.get(Thing, thing.id)).tags.append("new")


async def test_a_transaction_that_is_over_holds_nobodys_keys(trial):
    gc.disable()
    try:
        async with trial.begin(who()) as tx:
            tx.people.new()
            held = weakref.ref(tx.people)
        assert held() is None
    finally:
        gc.enable()


async def test_several_looks_are_one_statement_and_see_one_city(trial):
    mine = [await add(trial, name) for name in ("a", "b")]
    theirs = await add(trial, "a", city=HANGZHOU)

    async with trial.begin(who()) as tx:
        sent = counted(tx)
        one, none, named, tagged = await tx.look(
            by_id(Thing, mine[0].id),
            by_id(Thing, theirs.id),
            some(Thing, name=["a", "b"]),
            first(Thing, Thing.tags == [], name="b"),
        )
        assert not tx._block

    assert sent == [1]
    assert one.name == "a"
    assert none is None
    assert [each.id for each in named] == [each.id for each in mine]
    assert tagged.id == mine[1].id


async def test_a_look_hangs_on_the_city_of_the_key_wherever_its_text_names_it(trial):
    thing = await add(trial)
    text = "SELECT count(*) AS number FROM thing WHERE id = $2 AND city = $1 AND $1 = city"

    async with trial.begin(who()) as tx:
        [mine] = await tx.look(picked(text, (CITY, thing.id), "number"))
    async with trial.begin(who(HANGZHOU)) as tx:
        [foreign] = await tx.look(picked(text, (WUHAN, thing.id), "number"))

    assert mine == [{"number": 1}]
    assert foreign == [{"number": 0}], "the row's own lock holds whatever the text says"


async def test_what_a_look_brought_is_known_and_what_was_kept_is_seen(trial):
    thing = await add(trial)

    async with trial.begin(who()) as tx:
        tx.keep(Entry(partner="p", what="first"))
        [entries, seen] = await tx.look(some(Entry, partner="p"), by_id(Thing, thing.id))
        assert [each.what for each in entries] == ["first"]
        sent = counted(tx)
        assert await tx.get(Thing, thing.id) is seen
        assert sent == [0]


async def test_what_a_search_had_written_early_is_gone_if_the_work_fails(trial):
    with pytest.raises(ZeroDivisionError):
        async with trial.begin(who()) as tx:
            tx.keep(Entry(partner="p", what="first"))
            assert await tx.find(Entry, partner="p")
            raise ZeroDivisionError
    async with trial.begin(who()) as tx:
        assert await tx.find(Entry, partner="p") == []


async def test_a_row_a_look_brought_is_changed_at_the_version_it_had(trial):
    thing = await add(trial)
    async with trial.begin(who()) as tx:
        [mine] = await tx.look(by_id(Thing, thing.id))
        mine.count = 5
        tx.record(mine, ThingDone(count=5))
    with pytest.raises(Stale):
        async with trial.begin(who()) as tx:
            [late] = await tx.look(by_id(Thing, thing.id))
            async with trial.begin(who()) as other:
                early = await other.get(Thing, thing.id)
                early.count = 6
                other.record(early, ThingDone(count=6))
            late.count = 7
            tx.record(late, ThingDone(count=7))


def counted(tx):
    """Return a list of one number: how many statements were sent since."""
    sent = [0]

    def note(_):
        sent[0] += 1

    tx._db.add_query_logger(note)
    return sent
