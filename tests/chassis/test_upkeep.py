"""Receipts are kept thirty days and no longer, in every city."""

from datetime import timedelta

from chassis.tables import CityKept, Receipt
from chassis.upkeep import sweep
from tests.conftest import HANGZHOU, WUHAN, who


def receipt(key, at):
    return Receipt(
        client="c", route="r", key=key, fingerprint=b"", status=201, location=None, etag=None,
        body=b"", at=at,
    )  # fmt: skip


async def test_only_receipts_past_their_time_go(trial):
    async with trial.begin(who("000000")) as tx:
        for code in (WUHAN, HANGZHOU):
            tx.keep(CityKept(code=code, kind="city", name={}, prefixes=[]))
        now = tx.now
    for city in (WUHAN, HANGZHOU):
        async with trial.begin(who(city)) as tx:
            tx.keep(receipt("old", now - timedelta(days=31)))
            tx.keep(receipt("young", now - timedelta(days=29)))

    assert await sweep(trial) == 2

    for city in (WUHAN, HANGZHOU):
        async with trial.begin(who(city)) as tx:
            assert [r.key for r in await tx.find(Receipt)] == ["young"]
