"""From JetStream to the reactions: pull, react, commit, acknowledge.

    listen    one connection per producer; rebuilt whenever it falls silent or answers no more
    watch     gaps that stay open are asked for (`resend.PRODUCER`), what waits is counted, and the
              place we have come to is noted (chassis.place); a database that may be another than
              before is doubted, and its producers are heard again from what it knows

What failed because of the moment goes back with a delay that grows, without a last try.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import asyncpg
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError

from chassis import bus, log, place
from chassis.db import Database
from chassis.events import Envelope, Unreadable, stream_of
from chassis.metrics import dead_letters, parked, resends_asked_total
from chassis.problems import Problem
from chassis.pull import Gone, Pull
from chassis.reactions import Outcome, Reactions
from chassis.repair import Wanted
from chassis.watermarks import Key

BATCH = 200
WITHIN_S = 0.5
QUIET_S = 5.0
STRIKES = 2
PROGRESS_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
WATCH_S = 5.0
GAP_S = 30.0
LONGEST_ASK_S = 600.0
PLATFORM = "000000"

_COUNTS = """
SELECT (SELECT count(*) FROM parked WHERE consumer = $1) AS parked,
       (SELECT count(*) FROM dead_letter WHERE consumer = $1) AS dead
"""
_OPEN = """
SELECT city, agg_type, agg_id FROM parked p
 WHERE consumer = $1 AND NOT EXISTS (
   SELECT FROM dead_letter d WHERE d.city = p.city AND d.consumer = p.consumer
      AND d.agg_type = p.agg_type AND d.agg_id = p.agg_id)
 GROUP BY city, agg_type, agg_id
HAVING min(seen) < clock_timestamp() - make_interval(secs => $2)
 ORDER BY random() LIMIT 100
"""
_AWAY = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, TimeoutError, Problem),
)


class Consumer:
    """One part's consumers. `run` it as a task, `stop` it to finish the batches at hand."""

    def __init__(
        self,
        reactions: Reactions,
        database: Database,
        nats_url: str,
        relay_url: str,
        *,
        gap: float = GAP_S,
    ) -> None:
        self._reactions, self._database = reactions, database
        self._nats_url, self._relay_url = nats_url, relay_url
        self._gap = gap
        self._stopping = asyncio.Event()
        self._clients: dict[str, Client] = {}
        self._born: dict[str, datetime | None] = {}
        self._noted: dict[str, int] = {}
        self._made: dict[str, datetime | None] = {}
        self._doubted = {producer: asyncio.Event() for producer in reactions.aggregates()}
        """Set per producer until its durable was bound to what the database knows now."""
        self._asked: dict[tuple[str, Key], tuple[float, float]] = {}
        self.listening: dict[str, asyncio.Event] = {
            producer: asyncio.Event() for producer in reactions.aggregates()
        }
        """Set per producer while its durable is bound."""

    def stop(self) -> None:
        """Finish the batches at hand, give back what was not begun, and return from `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Listen until stopped; whoever is away is waited for, for ever."""
        async with asyncio.TaskGroup() as group:
            for producer, kinds in self._reactions.aggregates().items():
                group.create_task(self._listen(producer, kinds))
            group.create_task(self._watch())

    # ------------------------------------------------------------------ listen

    async def _listen(self, producer: str, kinds: list[str]) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self._bound(producer, kinds)
            except (Gone, nats.errors.Error, *_AWAY) as lost:
                code = lost.err_code if isinstance(lost, APIError) else str(lost)[:40]
                log.warning(
                    "consumer.rebuild", producer=producer, kind=type(lost).__name__, code=code
                )
            finally:
                self.listening[producer].clear()
            pause = FIRST_PAUSE_S if time.monotonic() - started > QUIET_S else pause
            await self._rest(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _bound(self, producer: str, kinds: list[str]) -> None:
        """Hear one producer over one connection until it is lost or we are stopped."""
        again = asyncio.Event()

        async def reconnected() -> None:
            again.set()

        name = f"{self._reactions.consumer}-hears-{producer}"
        client = await bus.connect_unless(
            self._stopping, self._nats_url, name, reconnected=reconnected
        )
        if client is None:
            return
        try:
            js = client.jetstream(timeout=5)
            durable = bus.durable_of(self._reactions.consumer, producer)
            born = (await js.stream_info(stream_of(producer))).created
            doubted = self._made.get(producer) if self._doubted[producer].is_set() else None
            self._noted[producer] = known = await self._known(durable, born)
            bound = await bus.ensure_consumer(
                js, self._reactions.consumer, producer, kinds, known=known, doubted=doubted
            )
            self._made[producer] = bound.created
            self._doubted[producer].clear()
            pull = await Pull.open(client, stream_of(producer), durable, batch=BATCH)
            self._clients[producer], self._born[producer] = client, born
            self.listening[producer].set()
            try:
                await self._hear(pull, js, producer, durable, again)
            finally:
                await pull.close()
        finally:
            self._clients.pop(producer, None)
            await bus.close(client)

    async def _known(self, durable: str, born: datetime | None) -> int:
        db = await asyncpg.connect(self._relay_url, timeout=5, command_timeout=10)
        try:
            return await place.known(db, durable, born)
        finally:
            db.terminate()

    async def _hear(
        self, pull: Pull, js: JetStreamContext, producer: str, durable: str, again: asyncio.Event
    ) -> None:
        stream, quiet, strikes = stream_of(producer), time.monotonic(), 0
        while not self._stopping.is_set():
            if again.is_set():  # the broker that came back may know neither stream nor durable
                raise Gone("reconnected")
            if self._doubted[producer].is_set():
                raise Gone("restored")
            msgs = await pull.next(WITHIN_S)
            if msgs:
                quiet, strikes = time.monotonic(), 0
                await self._react(msgs)
            elif time.monotonic() - quiet > QUIET_S:
                quiet = time.monotonic()
                strikes = strikes + 1 if await _deaf(js, stream, durable) else 0
                if strikes == STRIKES:
                    raise Gone("deaf")

    async def _react(self, msgs: list[Msg]) -> None:
        """React to messages; acknowledge what is committed, send back what is to come later."""
        async with _in_progress(msgs):
            read: list[tuple[Msg, Envelope]] = []
            settled: list[tuple[Msg, Outcome]] = []
            for msg in msgs:
                try:
                    read.append((msg, Envelope.read(msg.data)))
                except Unreadable as wrong:
                    settled.append((msg, await self._refuse(msg, str(wrong))))
            outcomes = await self._reactions.deliver([each for _, each in read], self._database)
            settled += [(msg, outcomes[envelope.id]) for msg, envelope in read]
        for msg, outcome in settled:
            if outcome is Outcome.LATER:
                tries = msg.metadata.num_delivered or 1
                await msg.nak(delay=min(FIRST_DELAY_S * 2 ** min(tries - 1, 10), LONGEST_DELAY_S))
            else:
                await msg.ack()
        if settled and all(outcome is Outcome.LATER for _, outcome in settled):
            await self._rest(FIRST_DELAY_S)

    async def _refuse(self, msg: Msg, reason: str) -> Outcome:
        words = msg.subject.split(".")
        city = words[-1] if len(words[-1]) == len(PLATFORM) and words[-1].isdecimal() else PLATFORM
        kind = ".".join(words[:2])
        return await self._reactions.refuse(
            msg.data, city=city, kind=kind, reason=reason, database=self._database
        )

    # ------------------------------------------------------------------ watch

    async def _watch(self) -> None:
        """Count what waits, and have the producers fill the gaps that stay open."""
        db: Any = None
        while not self._stopping.is_set():
            try:
                if db is None or db.is_closed():
                    # Who was put back from a backup hung up first; until that is settled, no note
                    # may hide what it has forgotten.
                    for doubt in self._doubted.values() if db is not None else ():
                        doubt.set()
                    db = await asyncpg.connect(self._relay_url, timeout=5, command_timeout=10)
                await self._look(db)
            except (nats.errors.Error, *_AWAY) as away:
                log.warning("consumer.watch", kind=type(away).__name__)
            await self._rest(min(WATCH_S, self._gap))
        if db is not None:
            db.terminate()

    async def _look(self, db: Any) -> None:
        counts = await db.fetchrow(_COUNTS, self._reactions.consumer)
        parked.set(counts["parked"])
        dead_letters.set(counts["dead"])
        found = (
            await db.fetch(_OPEN, self._reactions.consumer, self._gap) if counts["parked"] else []
        )
        still: dict[tuple[str, Key], tuple[float, float]] = {}
        for row in found:
            city, key = row["city"], (row["agg_type"], row["agg_id"])
            due, wait = self._asked.get((city, key), (0.0, self._gap))
            if time.monotonic() >= due:
                gap = await self._reactions.revisit(city, key, self._database)
                if gap is not None:
                    await self._ask(city, key, gap)
                due, wait = time.monotonic() + wait, min(wait * 2, LONGEST_ASK_S)
            still[city, key] = due, wait
        self._asked = still
        for producer, client in list(self._clients.items()):
            if not self._doubted[producer].is_set():
                await self._note(db, producer, client)

    async def _note(self, db: Any, producer: str, client: Client) -> None:
        """Note how far we have come, so that a backup of our database knows it too."""
        durable = bus.durable_of(self._reactions.consumer, producer)
        born = self._born[producer]
        info = await client.jetstream(timeout=2).consumer_info(stream_of(producer), durable)
        if born is None or info.ack_floor is None or self._doubted[producer].is_set():
            return
        floor = info.ack_floor.stream_seq
        if await place.note(db, durable, born, floor, self._noted[producer]):
            self._noted[producer] = max(floor, self._noted[producer])
        else:
            log.error("consumer.restored", producer=producer)
            self._doubted[producer].set()

    async def _ask(self, city: str, key: Key, gap: tuple[int, int]) -> None:
        """Ask a producer to say again what we have missed."""
        kind, agg_id = key
        producer, _, aggregate = kind.partition(".")
        client = self._clients.get(producer)
        if client is None:
            return
        wanted = Wanted(
            city=city, aggregate=aggregate, id=agg_id, from_epoch=gap[0], from_version=gap[1]
        )
        resends_asked_total.labels(producer).inc()
        answer: str | None = None
        try:
            answer = (
                await client.request(f"resend.{producer}", wanted.to_bytes(), 5)
            ).data.decode()
        except (nats.errors.Error, TimeoutError) as error:
            answer = type(error).__name__
        log.warning("consumer.gap", city=city, kind=kind, id=agg_id, version=gap[1], answer=answer)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _deaf(js: JetStreamContext, stream: str, durable: str) -> bool:
    """Whether there is something to hear that we did not hear, or nobody to ask."""
    try:
        return bool((await js.consumer_info(stream, durable)).num_pending)
    except (nats.errors.Error, TimeoutError):
        return True


@asynccontextmanager
async def _in_progress(msgs: list[Msg]) -> AsyncIterator[None]:
    """Tell the server every few seconds that we are still at it, so that nobody else begins."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            for msg in msgs:
                await msg.in_progress()

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
