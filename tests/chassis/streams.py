"""What tests of the relay share: things that change, and what the stream then holds."""

from uuid import UUID

from nats.js.errors import NotFoundError, ServerError

from chassis import bus
from chassis.events import Envelope, part_of
from chassis.ids import uuid7
from chassis.tables import Outbox
from deploy.embedded.nats import Nats
from deploy.embedded.process import spawn, until_ready
from tests.chassis.hearing import rows, told, until
from tests.chassis.trial import Thing, ThingDone
from tests.conftest import WUHAN, who


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


async def started(server: Nats):
    command = server.command()
    process = spawn(command)
    await until_ready(process, command, server.ready, within=10)
    return process


async def created(js):
    return (await js.stream_info("TRIAL")).created


async def emptied(js):
    """Make the stream anew, behind the relay's back."""

    async def again():
        try:
            return await bus.ensure_stream(js, "trial")
        except ServerError:  # its files are still being removed
            return None

    await until(again)


async def some(found):
    return bool(await found)


async def put(trial, thing, version, body):
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
