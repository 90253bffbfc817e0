"""What a part has said and no longer knows: its database was restored, its stream was not.

The stream remembers thirty days. An event in it that the log does not have was said after the
backup, and others have acted on it: somebody must look at each, since only people know what it was
about.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

import asyncpg
import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from chassis import bus
from chassis.config import setting
from chassis.events import Envelope, Unreadable, stream_of

BATCH = 500

_UNKNOWN = """
SELECT t.event_id
  FROM unnest($1::text[], $2::text[], $3::uuid[], $4::int[], $5::bigint[], $6::uuid[])
       AS t(city, agg_type, agg_id, epoch, version, event_id)
  LEFT JOIN event_log e USING (city, agg_type, agg_id, epoch, version)
 WHERE e.event_id IS DISTINCT FROM t.event_id
"""


async def forgotten(part: str) -> list[list[str]]:
    """Return every event of the stream that the log lacks: time, city, aggregate, version, type."""
    name = part.upper()
    db = await asyncpg.connect(setting(f"SHEGONG_RELAY_DATABASE_URL_{name}"))
    found: dict[str, list[str]] = {}
    try:
        async with aclosing(_stream(part, setting(f"SHEGONG_NATS_URL_{name}"))) as batches:
            async for batch in batches:
                lost = await _unknown(db, batch)
                found |= {str(event.id): _words(event) for event in batch if event.id in lost}
    finally:
        await db.close()
    return sorted(found.values())


async def _unknown(db: asyncpg.Connection, batch: Sequence[Envelope]) -> set[object]:
    columns = zip(
        *((e.city, e.aggregate, e.agg_id, *e.at, e.id) for e in batch),
        strict=True,
    )
    return {row["event_id"] for row in await db.fetch(_UNKNOWN, *map(list, columns))}


def _words(event: Envelope) -> list[str]:
    what, version = f"{event.aggregate}/{event.agg_id}", "{}.{}".format(*event.at)
    return [f"{event.time:%FT%TZ}", event.city, what, version, event.type]


async def _stream(part: str, url: str) -> AsyncGenerator[list[Envelope], None]:
    """Yield a part's stream from its first event to the last there is now."""
    client = await bus.connect(url, f"{part}-forgotten")
    try:
        js = client.jetstream(timeout=5)
        with suppress(NotFoundError):
            last = (await js.stream_info(stream_of(part))).state.last_seq
            config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
            reading = await js.pull_subscribe(f"{part}.>", stream=stream_of(part), config=config)
            seq = 0
            while seq < last:
                try:
                    messages = await reading.fetch(BATCH, timeout=1)
                except nats.errors.TimeoutError:
                    break  # what is left of it is too old by now
                seq = messages[-1].metadata.sequence.stream
                batch = []
                for message in messages:
                    with suppress(Unreadable):  # was never ours
                        batch.append(Envelope.read(message.data))
                if batch:
                    yield batch
    finally:
        await client.close()
