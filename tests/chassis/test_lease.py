"""The relay's lease: one holder a part, and a fence against the one before."""

import time

import pytest

from chassis import lease, outbox, repair
from chassis.lease import Lease
from chassis.tables import Outbox
from tests.chassis.hearing import rows, running, until
from tests.chassis.streams import add, created, empty, published
from tests.conftest import NOW


async def test_a_relay_that_lost_its_connection_goes_on_with_its_own_lease(relaying):
    one = Lease()
    await one.renew(relaying)
    again = Lease(one.holder)
    await again.renew(relaying)

    assert again.tokens == one.tokens


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

        assert await hung.delete(relaying, held, "TRIAL", await created(js), 0) == 0
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
