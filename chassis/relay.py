"""From the outbox to JetStream: in order within an aggregate, side by side across aggregates.

    beat      keeps the lease (chassis.lease) and counts what waits, whatever the broker does
    meet      the stream is as it must be and is the one we left, or is refilled (chassis.repair)
    round     read what waits, publish, delete what was acknowledged; a few only, now and then, while
              somebody fills the database (chassis.bulk)

A row is deleted only after its acknowledgement, so whatever dies in between is published again and
absorbed by the consumers' watermarks. What is read is decided by state, not by a cursor: a late
commit with a lower number cannot be skipped. An aggregate stops at its first failure; the others go
on. Only trouble of the broker as a whole (away, silent, full) makes everybody wait.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from chassis import bulk, bus, log, outbox, repair
from chassis.events import stream_of, subject_of
from chassis.lease import RENEW_S, Lease
from chassis.metrics import relay_failures_total, relay_leases, relay_published_total

PER_PART = 32
SLOWLY_PER_PART, SLOWLY_S = 2, 0.5
IN_FLIGHT = 200
PUBLISH_S = 5.0
CONNECT_S = 5.0
SOON_S, BUSY_S, IDLE_S, IDLE_AFTER_S = 0.02, 0.05, 0.5, 5.0
MEET_S = 10.0
SURVEY_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
STREAM_FULL = (10077, 10047, 10023)
"""No room: in the stream, in the account's storage, in the server's."""
MESSAGE_TOO_LARGE = 10054
ROOM_FOR_HEADERS = 1024

_AWAY = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, TimeoutError),
)

T = TypeVar("T")


class BrokerTrouble(Exception):
    """The broker as a whole takes no events now; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Exception):
    """The broker does not take this event; never will, if `final`."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


class Relay:
    """One part's relay. `run` it as a task, `wake` it when something was recorded, `stop` it."""

    def __init__(
        self, database_url: str, producer: str, nats_url: str, *, limits: bus.Limits | None = None
    ) -> None:
        self.database_url, self.producer, self.nats_url = database_url, producer, nats_url
        self.limits = limits or bus.Limits()
        self.holder = uuid4()
        self.ready = asyncio.Event()
        """Set while the stream is known to be as it must be."""
        self.stopping, self._woken = asyncio.Event(), asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox now."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the round at hand, leave the lease to the next, and return from `run`."""
        self.stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Relay until stopped; a database or a broker that is away is waited for, for ever."""
        pause = FIRST_PAUSE_S
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                await self._session()
            except* _AWAY as lost:
                relay_failures_total.labels("database").inc()
                log.warning("relay.database", kinds=_kinds(lost))
            finally:
                self.ready.clear()
            pause = FIRST_PAUSE_S if time.monotonic() - started > CONNECT_S else pause
            await self.rest(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def rest(self, seconds: float) -> None:
        """Wait until woken, but not longer than this."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        if not self.stopping.is_set():
            self._woken.clear()

    async def _session(self) -> None:
        """Work over one database connection until it is lost or we are stopped."""
        db = await asyncpg.connect(
            self.database_url,
            timeout=CONNECT_S,
            command_timeout=30,
            server_settings={"application_name": f"shegong-{self.producer}-relay"},
        )
        work = _Work(self, db)
        try:
            await work.lease.renew(db)
            work.slowly = await bulk.under_way(db)
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(work.beat())
                await work.rounds()
                async with work.turn:  # a query cut short would take the connection with it
                    beat.cancel()
            await work.lease.release(db)
        finally:
            relay_leases.set(0)
            await bus.close(work.client)
            db.terminate()


class _Work:
    """What a relay does over one database connection."""

    def __init__(self, relay: Relay, db: Any) -> None:
        self.client: Client | None = None
        self.lease = Lease(relay.holder)
        self._relay, self._db = relay, db
        self._stream = stream_of(relay.producer)
        self.turn = asyncio.Lock()
        self._flights = asyncio.Semaphore(IN_FLIGHT)
        self._met_at = float("-inf")
        self._born: datetime | None = None
        self._last_seq, self._rolled_back = 0, False
        self.slowly = False

    async def beat(self) -> None:
        """Renew the lease each second, count what waits every few."""
        surveyed = float("-inf")
        while True:
            await self._alone(lambda: self.lease.renew(self._db))
            relay_leases.set(len(self.lease.parts))
            self.slowly = await self._alone(lambda: bulk.under_way(self._db))
            if time.monotonic() - surveyed > SURVEY_S:
                surveyed = time.monotonic()
                await self._alone(lambda: outbox.survey(self._db))
            await asyncio.sleep(RENEW_S)

    async def rounds(self) -> None:
        """Publish what waits until stopped; the broker's troubles are waited out here."""
        relay, pause, worked = self._relay, FIRST_PAUSE_S, time.monotonic()
        name = f"{relay.producer}-relay"
        self.client = await bus.connect_unless(
            relay.stopping, relay.nats_url, name, reconnected=self._again
        )
        if self.client is None:
            return
        js = self.client.jetstream(timeout=PUBLISH_S)
        asked = f"resend.{relay.producer}"
        await self.client.subscribe(asked, queue=asked, cb=self._resend)
        while not relay.stopping.is_set():
            try:
                if time.monotonic() - self._met_at > MEET_S:
                    await self._meet(js)
                published, more = await self._round(js)
            except BrokerTrouble as trouble:
                self._met_at = float("-inf")
                relay.ready.clear()
                relay_failures_total.labels(trouble.reason).inc()
                log.warning("relay.broker", reason=trouble.reason)
                if self.client.is_closed:
                    return  # the client has given up: the next session brings another
                await relay.rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            pause = FIRST_PAUSE_S
            worked = time.monotonic() if published else worked
            if self.slowly:
                await relay.rest(SLOWLY_S)
            elif published and not more:
                # Who writes in another process wakes nobody, and seldom writes once.
                await relay.rest(SOON_S)
            elif not more:
                await relay.rest(IDLE_S if time.monotonic() - worked > IDLE_AFTER_S else BUSY_S)

    async def _meet(self, js: JetStreamContext) -> None:
        """See that the stream is as it must be and has not lost what it acknowledged."""
        # Before the broker is asked: what another relay publishes meanwhile, its answer cannot know.
        before = await self._alone(lambda: repair.seen(self._db, self._stream))
        try:
            info = await bus.ensure_stream(js, self._relay.producer, self._relay.limits)
        except js_errors.APIError as error:
            raise BrokerTrouble(f"stream-{error.err_code}") from None
        except (nats.errors.Error, TimeoutError) as error:
            raise BrokerTrouble(_code(error)) from None
        assert info.created is not None
        created, last, lost = info.created, info.state.last_seq, self._rolled_back
        try:
            await self._alone(
                lambda: repair.compare(
                    self._db, self._stream, created, last, before=before, lost=lost
                )
            )
        except repair.Outdated:
            raise BrokerTrouble("met-by-another") from None
        self._born, self._last_seq, self._rolled_back = created, last, False
        self._met_at = time.monotonic()
        self._relay.ready.set()

    async def _round(self, js: JetStreamContext) -> tuple[int, bool]:
        """Publish what waits; return how much it was, and whether more is likely to wait."""
        parts = self.lease.parts
        if not parts:
            return 0, False
        most = SLOWLY_PER_PART if self.slowly else PER_PART
        waiting = await self._alone(lambda: outbox.waiting(self._db, parts, most))
        if not waiting:
            return 0, False
        floor = self._last_seq
        published: list[tuple[int, int]] = []
        ends = await asyncio.gather(
            *(self._send(js, rows, floor, published) for rows in waiting.values())
        )
        if published:
            await self._done(published)
        troubles = [end for end in ends if isinstance(end, BrokerTrouble)]
        if self._rolled_back:
            troubles.append(BrokerTrouble("rolled-back"))
        if troubles:
            raise troubles[0]
        return len(published), sum(map(len, waiting.values())) >= PER_PART

    async def _done(self, published: list[tuple[int, int]]) -> None:
        born, last = self._born, self._last_seq
        assert born is not None
        deleted = await self._alone(
            lambda: self.lease.delete(self._db, published, self._stream, born, last)
        )
        relay_published_total.inc(len(published))
        if deleted < len(published):
            # Another holder has taken over, or the stream is another: it is said again, and
            # consumers know what they have heard.
            log.warning("relay.lease-lost", published=len(published), deleted=deleted)

    async def _send(
        self, js: JetStreamContext, rows: list[Any], floor: int, published: list[tuple[int, int]]
    ) -> BrokerTrouble | None:
        """Publish one aggregate's events, one after another, up to the first that fails."""
        for row in rows:
            async with self._flights:
                try:
                    seq = await self._publish(js, row, floor)
                except BrokerTrouble as trouble:
                    return trouble
                except Refused as no:
                    await self._refused(row, no)
                    return None
            self._last_seq = max(self._last_seq, seq)
            published.append((row["part"], row["seq"]))
        return None

    async def _publish(self, js: JetStreamContext, row: Any, floor: int) -> int:
        """Publish one event and return its place in the stream."""
        assert self.client is not None
        if not self.client.is_connected:
            raise BrokerTrouble("disconnected")
        if len(row["body"]) + ROOM_FOR_HEADERS > self.client.max_payload:
            raise Refused("message-too-large", final=True)
        again = row["error"] == repair.RESENT
        try:
            ack = await js.publish(
                subject_of(row["type"], row["city"]),
                row["body"],
                timeout=PUBLISH_S,
                stream=self._stream,
                headers={
                    "Nats-Msg-Id": f"{row['event_id']}:{row['seq']}"
                    if again
                    else str(row["event_id"])
                },
            )
        except js_errors.APIError as error:
            raise _meaning(error) from None
        except nats.errors.BadSubjectError:
            raise Refused("bad-subject", final=True) from None
        except (nats.errors.Error, TimeoutError) as error:
            raise BrokerTrouble(_code(error)) from None
        if ack.seq <= floor and not ack.duplicate:
            self._rolled_back = True
        return ack.seq

    async def _refused(self, row: Any, no: Refused) -> None:
        blocked = await self._alone(
            lambda: outbox.refused(self._db, row, no.reason, final=no.final)
        )
        relay_failures_total.labels(no.reason).inc()
        say = log.error if blocked else log.warning
        say(
            "relay.blocked" if blocked else "relay.refused",
            reason=no.reason,
            city=row["city"],
            kind=row["agg_type"],
            id=row["agg_id"],
            type=row["type"],
        )

    async def _resend(self, ask: Msg) -> None:
        """Answer a consumer that misses events: put them back into the outbox."""
        try:
            wanted = repair.Wanted.read(ask.data)
            count = await self._alone(lambda: repair.resend(self._db, wanted))
        except ValueError as wrong:
            await ask.respond(orjson.dumps({"error": str(wrong)}))
            return
        except _AWAY as error:
            log.warning("relay.resend", kind=type(error).__name__)
            await ask.respond(orjson.dumps({"error": "database"}))
            return
        log.info(
            "relay.resent", city=wanted.city, kind=wanted.aggregate, id=wanted.id, events=count
        )
        await ask.respond(orjson.dumps({"events": count}))
        self._relay.wake()

    async def _again(self) -> None:
        """After a reconnect the broker may be another one: meet it before anything is published."""
        self._met_at = float("-inf")

    async def _alone(self, query: Callable[[], Awaitable[T]]) -> T:
        """Use the database connection, which serves one at a time."""
        async with self.turn:
            return await query()


def _meaning(error: js_errors.APIError) -> BrokerTrouble | Refused:
    if error.err_code in STREAM_FULL:
        return BrokerTrouble("stream-full")
    if error.err_code == MESSAGE_TOO_LARGE:
        return Refused("message-too-large", final=True)
    if isinstance(error, js_errors.ServiceUnavailableError | js_errors.ServerError):
        return BrokerTrouble(f"broker-{error.err_code}")
    return Refused(f"broker-{error.err_code}", final=False)


def _code(error: BaseException) -> str:
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__


def _kinds(group: BaseExceptionGroup[BaseException]) -> list[str]:
    return sorted({type(each).__name__ for each in group.exceptions})
