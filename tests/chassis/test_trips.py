"""What was made cheap stays right: searches by names, blocks begun in one trip, rows as read."""

import gc
import weakref

import asyncpg
import pytest

from tests.chassis.test_db import add
from tests.chassis.trial import Entry, Thing
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
