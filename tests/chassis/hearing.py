"""A consumer to try reactions with: it writes down what it hears, in the order it hears it."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import ClassVar
from uuid import uuid4

from chassis.db import Transaction
from chassis.events import Envelope, Event
from chassis.reactions import Reactions
from tests.chassis.trial import Mirror, ThingDone
from tests.conftest import WUHAN, who

THEN = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


class ThingRenamed(Event):
    """A thing has another name; nobody here has a use for it."""

    type: ClassVar[str] = "trial.thing.renamed.v1"

    name: str


def hearing(*, poison: int | None = None, error: Exception | None = None) -> Reactions:
    """Return reactions that append what they hear to the mirror; `poison` raises the error."""
    reactions = Reactions("listener")

    @reactions.on(ThingDone)
    async def thing_done(event: ThingDone, envelope: Envelope, tx: Transaction) -> None:
        row = await tx.peek(Mirror, envelope.agg_id)
        heard = row.name if row else ""
        tx.keep(Mirror(id=envelope.agg_id, name=f"{heard}{event.count},"))
        if event.count == poison:
            raise error or KeyError("poison")

    return reactions


def told(thing, version, *, count=None, city=WUHAN, epoch=1, event=None) -> Envelope:
    """Return one event of a thing, its count being its version unless said otherwise."""
    return Envelope.wrap(
        event or ThingDone(count=version if count is None else count),
        city=city,
        aggregate_id=thing,
        version=version,
        epoch=epoch,
        time=THEN,
    )


async def heard(database, thing, city=WUHAN) -> str:
    """Return what was heard of a thing."""
    async with database.begin(who(city)) as tx:
        row = await tx.peek(Mirror, thing)
    return row.name if row else ""


async def rows(database, model, city=WUHAN):
    """Return every row of a table."""
    async with database.begin(who(city)) as tx:
        return await tx.find(model)


@asynccontextmanager
async def running(*workers):
    """Run relays and consumers while the block lasts, and stop them as the house does."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        async with asyncio.timeout(8):
            await asyncio.gather(*tasks)


async def until(asked, *, within=8.0):
    """Wait until the answer is true, and return it: for states nobody announces."""
    async with asyncio.timeout(within):
        while not (found := await asked()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


def somebody():
    """Return the id of a thing nobody has heard of."""
    return uuid4()
