"""What a service does when it hears of something, each event once and in order.

    reactions = Reactions("evaluation")

    @reactions.on(StationChanged)
    async def station_changed(event: StationChanged, envelope: Envelope, tx: Transaction) -> None: ...

`deliver` is what the consumer calls, and a test. One transaction per city and batch holds the
effects and the watermarks (`chassis.watermarks`); a batch that fails is run again event by event.
What cannot be applied becomes a dead letter and blocks its aggregate alone; what failed because the
database was away is to come again later. Nothing is acknowledged before its commit.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg

from chassis import log, trace, watermarks
from chassis.db import Database, Stale, Transaction, Who
from chassis.events import Envelope, Event, EventError, declared, name_of
from chassis.ids import uuid7
from chassis.metrics import divergences_total, events_skipped_total, reactions_seconds
from chassis.problems import Problem
from chassis.watermarks import Dead, Key, Mark, NoLetter, Verdict, key_of

EventT = TypeVar("EventT", bound=Event)
Handler = Callable[[EventT, Envelope, Transaction], Awaitable[None]]

TRIES = 3
BETWEEN_TRIES_S = 0.05
AT_ONCE = 200
"""How many parked events are drained in one go."""


class Outcome(StrEnum):
    """What became of an envelope. All but `LATER` are committed and may be acknowledged."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    PARKED = "parked"
    DEAD = "dead"
    LATER = "later"


class StillDead(Exception):
    """A dead letter that was replayed and cannot be applied yet; says why."""


class Reactions:
    """The reactions of one consumer."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        self._handlers: dict[str, list[Handler[Any]]] = {}
        self._names: set[str] = set()

    def on(self, event: type[EventT]) -> Callable[[Handler[EventT]], Handler[EventT]]:
        """React to an event."""

        def enter(handler: Handler[EventT]) -> Handler[EventT]:
            self._handlers.setdefault(event.type, []).append(handler)
            self._names.add(name_of(event.type))
            return handler

        return enter

    def aggregates(self) -> dict[str, list[str]]:
        """Return the aggregate kinds we keep by producer; every type of each is listened to."""
        kinds = {tuple(kind.split(".")[:2]) for kind in self._handlers}
        found: dict[str, list[str]] = {}
        for producer, aggregate in sorted(kinds):
            found.setdefault(producer, []).append(f"{producer}.{aggregate}")
        return found

    async def deliver(
        self, envelopes: Sequence[Envelope], database: Database
    ) -> dict[UUID, Outcome]:
        """React to envelopes, and return by event id what became of each."""
        cities: dict[str, list[Envelope]] = {}
        for envelope in envelopes:
            cities.setdefault(envelope.city, []).append(envelope)
        outcomes: dict[UUID, Outcome] = {}
        for city, batch in cities.items():
            started = time.perf_counter()
            found = await self._of_city(city, batch, database)
            with trace.joined(batch[0].traceparent if len(batch) == 1 else None):
                log.info(
                    "reactions",
                    consumer=self.consumer,
                    city=city,
                    outcomes=dict(Counter(outcome.value for outcome in found.values())),
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )
            outcomes |= found
        return outcomes

    async def refuse(
        self, body: bytes, *, city: str, kind: str, reason: str, database: Database
    ) -> Outcome:
        """Keep what cannot even be read as a dead letter; it blocks nobody, since nobody is named."""
        dead = Dead(consumer=self.consumer, kind=kind, event=body, reason=reason)
        letter = uuid5(NAMESPACE_OID, sha256(body).hexdigest())  # the same again is the same letter
        try:
            async with database.begin(self._who(city)) as tx:
                await watermarks.bury(tx, letter, dead)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message must come again
            log.warning("reactions.later", exc=error, consumer=self.consumer)
            return Outcome.LATER
        log.error("reactions.dead", consumer=self.consumer, city=city, kind=kind, reason=reason)
        return Outcome.DEAD

    async def revisit(self, city: str, key: Key, database: Database) -> tuple[int, int] | None:
        """Apply what is parked and can go on; return where a gap begins, if there still is one."""
        await self._follow(city, key, database)
        async with database.begin(self._who(city)) as tx:
            mark = (await watermarks.lock(tx, self.consumer, [key]))[key]
            waiting = await watermarks.parked(tx, self.consumer, key, mark.at, 1)
        if waiting and mark.judge(waiting[0]) is Verdict.GAP:
            return mark.epoch, mark.version + 1
        return None

    async def replay(
        self, city: str, letter: UUID, database: Database, *, skip: bool = False
    ) -> Outcome:
        """Try a dead letter again, then all that waits behind it; `skip` leaves it out for ever.

        Raises `NoLetter` for an unknown one and `StillDead` when it fails as before: then
        nothing has changed.
        """
        outcome, key = Outcome.SKIPPED, None
        try:
            async with database.begin(self._who(city, "replay")) as tx:
                event, named = await watermarks.unbury(tx, self.consumer, letter)
                if named or not skip:
                    envelope = Envelope.read(event)
                    key = key_of(envelope)
                    outcome = await self._again(tx, envelope, skip=skip)
        except NoLetter:
            raise
        except Exception as error:
            if passing(error):
                raise
            raise StillDead(reason_of(error)) from error
        if key is not None:
            await self._follow(city, key, database)
        return outcome

    async def _again(self, tx: Transaction, envelope: Envelope, *, skip: bool) -> Outcome:
        marks = await watermarks.lock(tx, self.consumer, [key_of(envelope)])
        mark = marks[key_of(envelope)]
        if not skip:
            outcome = await self._one(tx, mark, envelope)
            if outcome is Outcome.DEAD:
                raise EventError("another event was applied as this version")
        else:
            outcome = Outcome.SKIPPED
            if mark.judge(envelope) is Verdict.NEXT:
                mark.advance(envelope)
        await watermarks.advance(tx, self.consumer, marks)
        return outcome

    # ------------------------------------------------------------------ one city's batch

    async def _of_city(
        self, city: str, batch: list[Envelope], database: Database
    ) -> dict[UUID, Outcome]:
        try:
            return await self._together(city, batch, database, drain=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message must come again
            if passing(error) and not isinstance(error, Stale):
                log.warning("reactions.later", exc=error, consumer=self.consumer, city=city)
                return {envelope.id: Outcome.LATER for envelope in batch}
        outcomes: dict[UUID, Outcome] = {}
        for envelope in watermarks.in_order(batch):
            outcome = await self._alone(envelope, database)
            outcomes.setdefault(envelope.id, outcome)
            if outcome in (Outcome.APPLIED, Outcome.SKIPPED):
                await self._follow(city, key_of(envelope), database)
        return outcomes

    async def _together(
        self, city: str, batch: list[Envelope], database: Database, *, drain: bool
    ) -> dict[UUID, Outcome]:
        """React to a batch in one transaction."""
        outcomes: dict[UUID, Outcome] = {}
        async with database.begin(self._who(city)) as tx:
            marks = await watermarks.lock(tx, self.consumer, map(key_of, batch))
            for envelope in watermarks.in_order(batch):
                outcome = await self._one(tx, marks[key_of(envelope)], envelope)
                outcomes.setdefault(envelope.id, outcome)
            if drain:
                for key, mark in marks.items():
                    await self._drain(tx, key, mark)
            await watermarks.advance(tx, self.consumer, marks)
        return outcomes

    async def _one(self, tx: Transaction, mark: Mark, envelope: Envelope) -> Outcome:
        started = time.perf_counter()
        outcome = await self._judged(tx, mark, envelope)
        kind = envelope.type if envelope.type in self._handlers else envelope.kind
        reactions_seconds.labels(kind, outcome.value).observe(time.perf_counter() - started)
        return outcome

    async def _judged(self, tx: Transaction, mark: Mark, envelope: Envelope) -> Outcome:
        verdict = mark.judge(envelope)
        if verdict is Verdict.NEXT:
            return await self._next(tx, mark, envelope)
        if verdict is Verdict.OLD:
            return Outcome.DUPLICATE
        if verdict is Verdict.DIVERGED:
            divergences_total.inc()
            await self._bury(tx, envelope, "another event was applied as this version")
            mark.dead.add(envelope.at)
            return Outcome.DEAD
        reason = "gap" if verdict is Verdict.GAP else "behind a dead letter"
        await self._park(tx, mark, envelope, reason)
        return Outcome.PARKED

    async def _next(self, tx: Transaction, mark: Mark, envelope: Envelope) -> Outcome:
        """Apply the event whose turn it is, or pass over it, or wait until we understand it."""
        handlers = self._handlers.get(envelope.type)
        if handlers is None and name_of(envelope.type) in self._names:
            await self._park(tx, mark, envelope, "unknown version")
            return Outcome.PARKED
        if handlers is None:
            known = envelope.type if envelope.type in declared() else envelope.kind
            events_skipped_total.labels(known).inc()
            mark.advance(envelope)
            return Outcome.SKIPPED
        with trace.joined(envelope.traceparent):
            event = envelope.event()
            for handler in handlers:
                await handler(event, envelope, tx)
        mark.advance(envelope)
        return Outcome.APPLIED

    async def _drain(self, tx: Transaction, key: Key, mark: Mark) -> None:
        """Apply what is parked and has become next, in the same transaction."""
        while mark.waiting and not mark.dead:
            waiting = await watermarks.parked(tx, self.consumer, key, mark.at, AT_ONCE)
            for envelope in waiting:
                if mark.judge(envelope) is not Verdict.NEXT:
                    return
                if await self._one(tx, mark, envelope) is Outcome.PARKED:
                    return
            if len(waiting) < AT_ONCE:
                return

    async def _park(self, tx: Transaction, mark: Mark, envelope: Envelope, reason: str) -> None:
        await watermarks.park(tx, self.consumer, envelope, reason)
        mark.waiting = True

    # ------------------------------------------------------------------ event by event

    async def _alone(self, envelope: Envelope, database: Database) -> Outcome:
        """React to one event; the third failure, or one that cannot change, makes a dead letter."""
        city = envelope.city
        for attempt in range(1, TRIES + 1):
            try:
                found = await self._together(city, [envelope], database, drain=False)
                return found[envelope.id]
            except Exception as error:  # noqa: BLE001 - a reaction may raise anything
                failure = error
            if passing(failure) and not (isinstance(failure, Stale) and attempt < TRIES):
                with trace.joined(envelope.traceparent):
                    log.warning("reactions.later", exc=failure, **self._named(envelope))
                return Outcome.LATER
            if isinstance(failure, EventError):
                break
            await asyncio.sleep(BETWEEN_TRIES_S * attempt)
        with trace.joined(envelope.traceparent):
            reason = reason_of(failure)
            log.error("reactions.dead", exc=failure, reason=reason, **self._named(envelope))
        try:
            async with database.begin(self._who(city)) as tx:
                marks = await watermarks.lock(tx, self.consumer, [key_of(envelope)])
                if marks[key_of(envelope)].judge(envelope) is not Verdict.NEXT:
                    return Outcome.LATER  # somebody else has moved on: look again
                await self._bury(tx, envelope, reason)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message must come again
            log.warning("reactions.later", exc=error, **self._named(envelope))
            return Outcome.LATER
        return Outcome.DEAD

    async def _follow(self, city: str, key: Key, database: Database) -> None:
        """Apply what is parked behind an event, one by one, as far as it goes."""
        while True:
            async with database.begin(self._who(city)) as tx:
                mark = (await watermarks.lock(tx, self.consumer, [key]))[key]
                waiting = await watermarks.parked(tx, self.consumer, key, mark.at, 1)
            if not waiting or mark.judge(waiting[0]) is not Verdict.NEXT:
                return
            if await self._alone(waiting[0], database) not in (Outcome.APPLIED, Outcome.SKIPPED):
                return

    async def _bury(self, tx: Transaction, envelope: Envelope, reason: str) -> None:
        dead = Dead(
            consumer=self.consumer,
            kind=envelope.kind,
            agg_id=envelope.agg_id,
            epoch=envelope.aggepoch,
            version=envelope.aggversion,
            event=envelope.to_bytes(),
            reason=reason,
        )
        await watermarks.bury(tx, uuid7(), dead)

    def _who(self, city: str, purpose: str = "react") -> Who:
        return Who(city=city, subject=f"service:{self.consumer}", purpose=purpose)

    def _named(self, envelope: Envelope) -> dict[str, Any]:
        return {
            "consumer": self.consumer,
            "city": envelope.city,
            "type": envelope.type,
            "id": envelope.agg_id,
            "version": envelope.aggversion,
        }


_OF_THE_DATA = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError)
_PASSING = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, TimeoutError, Stale),
)


def passing(error: BaseException) -> bool:
    """Whether a failure is the moment's (database away, busy, racing) and not the event's.

    A database that refuses values is the event's. One that lacks a table or a right is the
    moment's: a deployment is under way, and events must not be buried for it.
    """
    if isinstance(error, Problem):
        return error.slug in ("busy", "dependency-down")
    return isinstance(error, _PASSING) and not isinstance(error, _OF_THE_DATA)


def reason_of(error: BaseException) -> str:
    """Return kind and place of a failure, never its text: drivers quote values in theirs."""
    if isinstance(error, EventError | Problem):
        return f"{type(error).__name__}: {error}"
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else ""
    return f"{type(error).__name__}{place}"
