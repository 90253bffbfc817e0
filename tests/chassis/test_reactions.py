"""Reactions: each event once and in order, whatever order and how often it comes."""

import asyncio

import asyncpg
import orjson
import pytest
from prometheus_client import REGISTRY

from chassis import log, trace
from chassis.db import Stale
from chassis.events import Envelope, EventError
from chassis.problems import Busy
from chassis.reactions import Outcome, StillDead, passing
from chassis.tables import Applied, DeadLetter, Parked
from chassis.watermarks import Mark, NoLetter, Verdict, in_order
from tests.chassis.hearing import ThingRenamed, heard, hearing, rows, somebody, told, until
from tests.chassis.trial import ThingDone
from tests.conftest import HANGZHOU, WUHAN, who

APPLIED, DUPLICATE, PARKED, DEAD = (
    Outcome.APPLIED,
    Outcome.DUPLICATE,
    Outcome.PARKED,
    Outcome.DEAD,
)


async def test_the_same_event_twice_has_one_effect(trial):
    reactions, thing = hearing(), somebody()
    event = told(thing, 1)

    first = await reactions.deliver([event, event], trial)
    second = await reactions.deliver([event], trial)

    assert (first[event.id], second[event.id]) == (APPLIED, DUPLICATE)
    assert await heard(trial, thing) == "1,"


async def test_a_batch_in_disorder_is_applied_in_order(trial):
    reactions, thing = hearing(), somebody()

    await reactions.deliver([told(thing, v) for v in (3, 1, 4, 2)], trial)

    assert await heard(trial, thing) == "1,2,3,4,"


async def test_what_comes_too_early_is_parked_and_applied_when_its_turn_comes(trial):
    reactions, thing = hearing(), somebody()
    early = [told(thing, 2), told(thing, 3)]

    outcomes = await reactions.deliver(early, trial)
    assert {outcomes[e.id] for e in early} == {PARKED}
    assert await heard(trial, thing) == ""
    assert {p.reason for p in await rows(trial, Parked)} == {"gap"}

    await reactions.deliver([told(thing, 1)], trial)
    assert await heard(trial, thing) == "1,2,3,"
    assert await rows(trial, Parked) == []


async def test_draining_stops_at_the_next_gap(trial):
    reactions, thing = hearing(), somebody()
    await reactions.deliver([told(thing, v) for v in (2, 4)], trial)

    await reactions.deliver([told(thing, 1)], trial)

    assert await heard(trial, thing) == "1,2,"
    assert [p.version for p in await rows(trial, Parked)] == [4]


async def test_another_event_under_the_same_version_is_caught(trial):
    reactions, thing = hearing(), somebody()
    before = REGISTRY.get_sample_value("divergences_total") or 0
    await reactions.deliver([told(thing, 1)], trial)
    lie = told(thing, 1, count=9)

    assert (await reactions.deliver([lie], trial))[lie.id] is DEAD
    again = await reactions.deliver([lie], trial)

    assert again[lie.id] is DUPLICATE
    assert await heard(trial, thing) == "1,"
    assert len(await rows(trial, DeadLetter)) == 1
    assert REGISTRY.get_sample_value("divergences_total") == before + 1


async def test_a_poison_event_blocks_its_own_aggregate_only(trial):
    reactions, sick, well = hearing(poison=2), somebody(), somebody()
    batch = [told(x, v) for v in (1, 2, 3) for x in (sick, well)]
    batch = [e for e in batch if not (e.agg_id == well and e.aggversion == 2)]
    poison = next(e for e in batch if e.aggversion == 2)

    outcomes = await reactions.deliver([*batch, told(well, 2, count=22)], trial)

    assert outcomes[poison.id] is DEAD
    assert await heard(trial, sick) == "1,"
    assert await heard(trial, well) == "1,22,3,"
    letter = (await rows(trial, DeadLetter))[0]
    assert (letter.agg_id, letter.version, letter.consumer) == (sick, 2, "listener")
    assert letter.reason.startswith("KeyError at thing_done:")
    assert [(p.version, p.reason) for p in await rows(trial, Parked)] == [
        (3, "behind a dead letter")
    ]


async def test_poison_behind_a_gap_is_not_blamed_on_what_closes_the_gap(trial):
    reactions, thing = hearing(poison=2), somebody()
    await reactions.deliver([told(thing, v) for v in (2, 3)], trial)

    first = told(thing, 1)
    outcomes = await reactions.deliver([first], trial)

    assert outcomes[first.id] is APPLIED
    assert await heard(trial, thing) == "1,"
    assert [d.version for d in await rows(trial, DeadLetter)] == [2]
    assert [p.version for p in await rows(trial, Parked)] == [3]


async def test_a_dead_letter_that_comes_again_is_the_same_letter(trial):
    reactions, thing = hearing(poison=1), somebody()
    poison = told(thing, 1)

    await reactions.deliver([poison], trial)
    again = await reactions.deliver([poison], trial)

    assert again[poison.id] is DUPLICATE
    assert len(await rows(trial, DeadLetter)) == 1
    assert await rows(trial, Parked) == []


async def test_replay_puts_the_letter_and_all_behind_it_back_in_order(trial):
    thing = somebody()
    await hearing(poison=2).deliver([told(thing, v) for v in (1, 2, 3, 4)], trial)
    letter = (await rows(trial, DeadLetter))[0]

    with pytest.raises(StillDead, match="KeyError"):
        await hearing(poison=2).replay(WUHAN, letter.id, trial)
    assert len(await rows(trial, DeadLetter)) == 1

    assert await hearing().replay(WUHAN, letter.id, trial) is APPLIED
    assert await heard(trial, thing) == "1,2,3,4,"
    assert await rows(trial, DeadLetter) == await rows(trial, Parked) == []


async def test_a_letter_can_be_left_out_for_ever(trial):
    reactions, thing = hearing(poison=2), somebody()
    await reactions.deliver([told(thing, v) for v in (1, 2, 3)], trial)
    letter = (await rows(trial, DeadLetter))[0]

    assert await reactions.replay(WUHAN, letter.id, trial, skip=True) is Outcome.SKIPPED

    assert await heard(trial, thing) == "1,3,"
    assert await rows(trial, DeadLetter) == []


async def test_replay_of_another_citys_letter_finds_nothing(trial):
    await hearing(poison=1).deliver([told(somebody(), 1)], trial)
    letter = (await rows(trial, DeadLetter))[0]

    with pytest.raises(NoLetter):
        await hearing().replay(HANGZHOU, letter.id, trial)
    assert len(await rows(trial, DeadLetter)) == 1


async def test_a_diverging_event_stays_dead_until_it_is_left_out(trial):
    reactions, thing = hearing(), somebody()
    await reactions.deliver([told(thing, 1), told(thing, 1, count=9), told(thing, 2)], trial)
    letter = (await rows(trial, DeadLetter))[0]

    with pytest.raises(StillDead, match="another event"):
        await reactions.replay(WUHAN, letter.id, trial)
    await reactions.replay(WUHAN, letter.id, trial, skip=True)

    assert await heard(trial, thing) == "1,2,"


async def test_a_type_we_have_no_use_for_is_passed_over_and_counted(trial):
    reactions, thing = hearing(), somebody()
    label = {"event": "trial.thing.renamed.v1"}
    before = REGISTRY.get_sample_value("events_skipped_total", label) or 0
    renamed = told(thing, 2, event=ThingRenamed(name="b"))

    outcomes = await reactions.deliver([told(thing, 1), renamed, told(thing, 3)], trial)

    assert outcomes[renamed.id] is Outcome.SKIPPED
    assert await heard(trial, thing) == "1,3,"
    assert REGISTRY.get_sample_value("events_skipped_total", label) == before + 1


async def test_a_version_from_the_future_waits_until_we_understand_it(trial):
    reactions, thing = hearing(), somebody()
    second = _as_type(told(thing, 2), "trial.thing.done.v2")

    outcomes = await reactions.deliver([told(thing, 1), second, told(thing, 3)], trial)
    assert outcomes[second.id] is PARKED
    assert await reactions.revisit(WUHAN, ("trial.thing", thing), trial) is None
    assert await heard(trial, thing) == "1,"

    class ThingDone2(ThingDone):
        """The same, said better."""

        type = "trial.thing.done.v2"

    reactions._handlers["trial.thing.done.v2"] = reactions._handlers["trial.thing.done.v1"]
    assert await reactions.revisit(WUHAN, ("trial.thing", thing), trial) is None
    assert await heard(trial, thing) == "1,2,3,"


async def test_data_that_does_not_fit_is_a_dead_letter_at_once(trial):
    reactions, thing = hearing(), somebody()
    wrong = told(thing, 1)
    wrong.data["count"] = "one"

    assert (await reactions.deliver([wrong], trial))[wrong.id] is DEAD

    letter = (await rows(trial, DeadLetter))[0]
    assert letter.reason == "Unreadable: data.count: int_type"


async def test_what_cannot_be_read_is_kept_once_and_blocks_nobody(trial):
    reactions = hearing()
    for _ in range(2):
        outcome = await reactions.refuse(
            b"{", city=WUHAN, kind="trial.thing", reason="not JSON", database=trial
        )
        assert outcome is DEAD

    letters = await rows(trial, DeadLetter)
    assert [(d.reason, d.agg_id) for d in letters] == [("not JSON", None)]
    with pytest.raises(StillDead, match="not JSON"):
        await reactions.replay(WUHAN, letters[0].id, trial)
    await reactions.replay(WUHAN, letters[0].id, trial, skip=True)
    assert await rows(trial, DeadLetter) == []


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.UndefinedTableError(),
        Busy(),
    ],
)
async def test_a_failure_of_the_moment_changes_nothing_and_comes_again(trial, error):
    thing = somebody()
    events = [told(thing, 1), told(thing, 2)]

    outcomes = await hearing(poison=2, error=error).deliver(events, trial)
    assert set(outcomes.values()) == {Outcome.LATER}
    assert await heard(trial, thing) == ""
    assert await rows(trial, DeadLetter) == []

    await hearing().deliver(events, trial)
    assert await heard(trial, thing) == "1,2,"


@pytest.mark.parametrize(
    ("error", "moment"),
    [
        (Stale(), True),
        (TimeoutError(), True),
        (asyncpg.InterfaceError("closed"), True),
        (asyncpg.InternalClientError("another operation is in progress"), True),
        (asyncpg.NotNullViolationError(), False),
        (asyncpg.NumericValueOutOfRangeError(), False),
        (EventError(), False),
        (ZeroDivisionError(), False),
    ],
)
def test_only_a_failure_of_the_moment_is_tried_for_ever(error, moment):
    assert passing(error) is moment


async def test_effect_and_watermark_are_one_commit(trial):
    thing = somebody()
    await hearing(poison=1).deliver([told(thing, 1)], trial)

    assert await heard(trial, thing) == ""
    assert [(a.version, a.epoch) for a in await rows(trial, Applied)] == [(0, 0)]


async def test_each_city_is_a_transaction_of_its_own(trial):
    reactions, thing = hearing(poison=1), somebody()
    events = [told(thing, 1), told(thing, 1, count=7, city=HANGZHOU)]

    outcomes = await reactions.deliver(events, trial)

    assert [outcomes[e.id] for e in events] == [DEAD, APPLIED]
    assert await heard(trial, thing, HANGZHOU) == "7,"
    assert await rows(trial, DeadLetter, HANGZHOU) == []


async def test_two_consumers_that_meet_a_new_aggregate_at_once_lose_nothing(trial):
    """Without a row to wait for, one would park what the other's commit should have drained."""
    first, thing, second = hearing(), somebody(), []

    @first.on(ThingDone)
    async def meanwhile(_event, _envelope, _tx):
        second.append(asyncio.create_task(hearing().deliver([told(thing, 2)], trial)))
        await until(waits_or_is_done)

    async def waits_or_is_done():
        async with trial.pool.acquire() as one:
            waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            return second[0].done() or await one.fetch(f"{waits} AND datname = current_database()")

    await first.deliver([told(thing, 1)], trial)
    await second[0]

    assert await heard(trial, thing) == "1,2,"
    assert await rows(trial, Parked) == []


async def test_a_restored_producer_goes_on_in_a_higher_epoch(trial):
    reactions, thing = hearing(), somebody()
    await reactions.deliver([told(thing, v) for v in (1, 2, 3)], trial)

    snapshot, late = told(thing, 2, count=22, epoch=2), told(thing, 4)
    outcomes = await reactions.deliver([snapshot, told(thing, 3, count=33, epoch=2)], trial)
    older = await reactions.deliver([late], trial)

    assert outcomes[snapshot.id] is APPLIED
    assert older[late.id] is DUPLICATE
    assert await heard(trial, thing) == "1,2,3,22,33,"


async def test_a_gap_says_from_where_it_is_open(trial):
    reactions, thing = hearing(), somebody()
    await reactions.deliver([told(thing, 1), told(thing, 4)], trial)

    assert await reactions.revisit(WUHAN, ("trial.thing", thing), trial) == (1, 2)


async def test_a_reaction_joins_the_events_trace_and_says_who_it_is(trial):
    reactions, thing, seen = hearing(), somebody(), {}

    @reactions.on(ThingDone)
    async def note(_event, _envelope, tx) -> None:
        seen["trace"] = trace.trace_id()
        seen["who"] = (tx.who.subject, tx.who.purpose, tx.city)

    body = told(thing, 1).to_bytes()
    traced = body.replace(b'"data"', b'"traceparent":"00-%s-%s-01","data"' % (b"a" * 32, b"b" * 16))
    await reactions.deliver([Envelope.read(traced)], trial)

    assert seen == {"trace": "a" * 32, "who": ("service:listener", "react", WUHAN)}


async def test_what_somebody_else_has_applied_is_not_buried(trial, monkeypatch):
    thing = somebody()
    event = told(thing, 1)
    slow = hearing()

    async def fails(*_, **__) -> None:
        await hearing().deliver([event], trial)
        raise ZeroDivisionError

    monkeypatch.setattr(slow, "_together", fails)
    outcomes = await slow.deliver([event], trial)

    assert outcomes[event.id] is Outcome.LATER
    assert await rows(trial, DeadLetter) == []


async def test_every_line_of_the_log_can_be_written_and_holds_no_value(trial, caplog):
    caplog.set_level("INFO", "shegong")
    thing = somebody()
    await hearing(poison=2).deliver([told(thing, v) for v in (1, 2, 3)], trial)

    lines = [orjson.loads(log._Lines().format(record)) for record in caplog.records]
    assert [line["event"] for line in lines] == ["reactions.dead", "reactions"]
    assert lines[-1]["outcomes"] == {"applied": 1, "dead": 1, "parked": 1}
    assert "poison" not in str(lines)


def test_a_consumer_listens_to_every_type_of_the_kinds_it_keeps():
    assert hearing().aggregates() == {"trial": ["trial.thing"]}


def test_order_is_made_within_an_aggregate_and_kept_between_them():
    a, b = somebody(), somebody()
    batch = [told(a, 2), told(b, 1), told(a, 1)]

    assert [(e.agg_id, e.aggversion) for e in in_order(batch)] == [(a, 1), (b, 1), (a, 2)]


def test_a_gap_in_a_higher_epoch_is_a_gap():
    mark = Mark(epoch=1, version=3)

    assert mark.judge(told(somebody(), 5, epoch=2)) is Verdict.GAP
    assert mark.judge(told(somebody(), 4, epoch=2)) is Verdict.NEXT


def _as_type(envelope, kind):
    return Envelope.read(envelope.to_bytes().replace(envelope.type.encode(), kind.encode()))


async def test_the_tests_hear_as_the_runtime_role(trial):
    async with trial.begin(who()) as tx:
        row = (
            await tx.fetch(
                "SELECT current_user, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
        )[0]

    assert tuple(row) == ("trial_runtime", False)
