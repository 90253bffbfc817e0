"""The transaction: what one request, or one city's batch of events, reads, decides and records.

Two writes only. `record(row, event)` for an aggregate: a new row is inserted, one that was read is
updated at its version, and exactly one event goes with each version. `keep(row)` for a row without
an event of its own. Nothing is written before commit, and at commit everything is one statement
(`chassis.statement`): rows, event log, outbox, receipt, audit. A request that only writes costs one
round trip, and no block is begun for it; one that changes what is there opens a block first and
turns the tenant key there. How it reads is in `chassis.reads`.

A row changed but neither recorded nor kept is a mistake and raises.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import asyncpg

from chassis import log, metrics, problems, trace
from chassis.clock import Clock, day_of, system_clock
from chassis.divisions import Division
from chassis.events import Envelope, Event, part_of
from chassis.known import Known
from chassis.looks import heard
from chassis.people import People
from chassis.pool import Turns, opened
from chassis.reads import Reads
from chassis.rows import Aggregate, CityRow, shape
from chassis.statement import opening, statement
from chassis.tables import Audit, EventLog, Outbox, PackKept
from chassis.vault import Vault
from chassis.writing import (
    arguments,
    changed,
    grouped,
    key_of,
)

if TYPE_CHECKING:
    from chassis.packs import Jurisdiction
    from chassis.shelf import Shelf

RowT = TypeVar("RowT", bound=CityRow)
AggregateT = TypeVar("AggregateT", bound=Aggregate)

POOL_WAIT_S = 1.0
"""How long a request waits for a connection that others hold, before it hears `busy`.

Who was let in is served: at most so many wait as there are places (`chassis.admission`), and a
second is what those before the last of them take at thirty requests a second.
"""
PATIENT_S = 2.0
"""How long work of our own waits, and whoever has to open a connection."""


_VERSION_TOLD = ("event_log_pkey", "outbox_city_agg_type_agg_id_epoch_version_key")
"""The event of this version is in the log already: somebody was faster."""


class Taken(Exception):
    """A unique key or period is in use; `constraint` says which."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Stale(Exception):
    """Somebody changed the aggregate between our reading and our writing."""


@dataclass(frozen=True)
class Who:
    """For whom a transaction runs: the city it may see, who asks, and what for."""

    city: str
    subject: str
    purpose: str
    client: str = ""


@dataclass
class Database:
    """One part's database through a bounded pool, as its runtime role."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    part: str
    epoch: int = 1
    vault: Vault | None = None
    clock: Clock = system_clock
    shelf: "Shelf | None" = None
    erased: Path | None = None
    """Where erasures are noted, outside every backup."""
    wait: float = POOL_WAIT_S
    divisions: Known[Division] = field(default_factory=Known)
    """Divisions read lately: reference data, the same for all cities."""
    on_commit: list[Callable[[], None]] = field(default_factory=list)
    """Called after a commit that recorded events: wakes the relay in the same process."""
    on_follow_up: list[Callable[[str], None]] = field(default_factory=list)
    """Called with the city after a commit that asked for it: wakes the part's own work."""

    def __post_init__(self) -> None:
        self._turns = Turns(self.pool)

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        part: str,
        pool: int = 8,
        epoch: int = 1,
        vault: Vault | None = None,
        clock: Clock = system_clock,
    ) -> "Database":
        """Open the pool."""
        return cls(await opened(url, part, pool), part, epoch, vault, clock)

    def _patience(self, who: Who) -> float:
        # Nobody watches what has no client; and a connection half made would only be made again.
        grown = self.pool.get_size() == self.pool.get_max_size()
        return self.wait if who.client and grown else PATIENT_S

    async def close(self) -> None:
        """Close the pool, waiting for what runs."""
        await self.pool.close()

    @asynccontextmanager
    async def begin(self, who: Who) -> AsyncIterator["Transaction"]:
        """Run one transaction: commit at the end, roll back on any error.

        Raises Taken and Stale at commit; `problems.Busy` when no connection comes free,
        `problems.Down` when the database cannot be reached.
        """
        try:
            with metrics.pool_wait_seconds.time():
                connection = await self._turns.take(self._patience(who))
        except TimeoutError:
            raise problems.Busy("数据库连接繁忙", "no database connection is free") from None
        except OSError as error:  # a socket that is gone is a file that is not found
            log.warning("database not reached", exc=error)
            raise problems.Down() from None
        try:
            tx = Transaction(self, connection, who)
            try:
                yield tx
                await tx._commit()  # noqa: SLF001 - the one place that commits
            except BaseException:
                await tx._rollback()  # noqa: SLF001
                raise
            finally:
                # It and the transaction hold each other, and its keys are heavy: not left to a
                # garbage collector that seldom comes.
                tx._people = None  # noqa: SLF001
        finally:
            await self._turns.give(connection)
        for call in tx.after_commit:
            call()
        if tx.recorded:
            for wake in self.on_commit:
                wake()
        if tx.follows_up:
            for go_on in self.on_follow_up:
                go_on(tx.city)


class Transaction(Reads):
    """Reads at once, writes at commit."""

    def __init__(
        self,
        database: Database,
        connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]",
        who: Who,
    ) -> None:
        super().__init__(connection, who)
        self.now: datetime = database.clock()
        self.today: date = day_of(self.now)
        self.recorded = 0
        self.again = False
        """Whether this work clashed with somebody's on a unique key, and is done once more."""
        self.follows_up = False
        """Whether the part's own work has more to do in this city once this is committed."""
        self.after_commit: list[Callable[[], None]] = []
        """Called once it is committed: to count what happened, and not what was tried."""
        self.divisions = database.divisions
        self._database = database
        self._people: People | None = None

    # ------------------------------------------------------------------ writing

    async def execute(self, sql: str, *args: Any) -> None:
        """Run a statement of the chassis inside the block; services record and keep instead."""
        await self._open()
        await self._db.execute(sql, *args)

    def record(self, row: AggregateT, event: Event) -> AggregateT:
        """Write an aggregate and the one event that tells of its new version."""
        if id(row) in self._pending:
            raise RuntimeError(f"{type(row).__name__} is recorded twice: one version, one event")
        if id(row) in self._read:
            row.version += 1
        row.city = self.city
        self._pending[id(row)] = (row, "record")
        self._note(row)
        self._tell(row, event)
        self.audit(event.type.rsplit(".", 1)[0], event.aggregate, row.id)
        self.recorded += 1
        return row

    def keep(self, *rows: CityRow) -> None:
        """Write rows that have no event of their own; a Copy replaces what was there."""
        for row in rows:
            row.city = self.city
            key = (type(row), key_of(row))
            known = self._known.get(key)
            if known is not None and known is not row and shape(type(row)).copy:
                # The same copy twice in one batch: the later state is the state.
                self._pending.pop(id(known), None)
                self._read.pop(id(known), None)
            self._pending[id(row)] = (row, "keep")
            self._note(row)

    def drop(self, row: CityRow) -> None:
        """Delete a row that has no event and no history."""
        assert not isinstance(row, Aggregate), "an aggregate's history is its event log"
        self._known.pop((type(row), key_of(row)), None)
        if id(row) in self._read:
            self._pending[id(row)] = (row, "drop")
        else:
            self._pending.pop(id(row), None)

    async def flush(self) -> None:
        """Write what is pending now, so that the database may refuse it; only a commit keeps it."""
        await self._open()  # a statement outside a block would be kept at once
        await self._flush()

    def audit(
        self,
        action: str,
        kind: str,
        at: UUID | None,
        fields: Iterable[str] = (),
        outcome: str = "ok",
    ) -> None:
        """Note who did or saw what; every `record` does so by itself."""
        who = self.who
        row = Audit(
            at=self.now,
            client=who.client or who.subject,
            subject=who.subject,
            purpose=who.purpose,
            action=action,
            object_kind=kind,
            object_id=at,
            fields=list(fields),
            outcome=outcome,
            trace_id=trace.trace_id(),
        )
        self._pending[id(row)] = (row, "keep")

    # ------------------------------------------------------------------ the city's pack

    async def pack(
        self, on: date | None = None, known_at: datetime | None = None
    ) -> "Jurisdiction":
        """Return the pack in force here on a day (default today); 503 until one was heard.

        Before the first version the first one counts: its documents carry their own dates.
        `known_at` leaves out what was heard later.
        """
        asked = (on or self.today, known_at)
        await self._flush_if(PackKept)
        if asked not in self.versions:
            await self.look(heard(*asked))
        version = self.versions[asked]
        if version is None or self._database.shelf is None:
            raise problems.Problem("policy-not-loaded", headers={"retry-after": "1"})
        return await self.pack_of(version)

    async def pack_of(self, version: str) -> "Jurisdiction":
        """Return one version of the city's pack; read once in a process."""
        shelf = self._database.shelf
        assert shelf is not None, "this part has no packs"
        if version not in shelf:
            shelf.compiled(version, (await self.get(PackKept, version)).text)
        return shelf.compiled(version)

    @property
    def people(self) -> People:
        """The people of this city; a part that keeps none has no vault."""
        if self._people is None:
            assert self._database.vault is not None, "this part keeps no people"
            self._people = People(self, self._database.vault)
        return self._people

    @property
    def erased(self) -> Path:
        """Where erasures are noted, outside every backup."""
        assert self._database.erased is not None, "this part keeps no people"
        return self._database.erased

    # ------------------------------------------------------------------ inside

    async def _open(self) -> None:
        if not self._block:
            await self._db.execute(opening(self.who.city, self.who.subject, self.who.purpose))
            self._block = True

    def _tell(self, row: Aggregate, event: Event) -> None:
        """Put the event beside its row: once for ever in the log, once until published."""
        who, epoch = self.who, self._database.epoch
        envelope = Envelope.wrap(
            event,
            aggregate_id=row.id,
            city=self.city,
            version=row.version,
            epoch=epoch,
            time=self.now,
            traceparent=trace.current(),
        )
        body = envelope.to_bytes()
        told: dict[str, Any] = {
            "agg_type": event.aggregate,
            "agg_id": row.id,
            "epoch": epoch,
            "version": row.version,
            "event_id": envelope.id,
            "type": event.type,
            "body": body,
            "traceparent": envelope.traceparent,
        }
        log = EventLog(
            **told,
            client=who.client or who.subject,
            subject=who.subject,
            purpose=who.purpose,
            at=self.now,
        )
        self._pending[id(log)] = (log, "keep")
        out = Outbox(**told, part=part_of(row.id))
        self._pending[id(out)] = (out, "keep")

    async def _commit(self) -> None:
        for row, was in self._read.values():
            if id(row) not in self._pending and changed(row, was):
                raise RuntimeError(f"{type(row).__name__} was changed but not recorded or kept")
        await self._flush()
        if self._block:
            self._block = False
            if await self._db.execute("COMMIT") != "COMMIT":
                # The server rolls back a block in which a statement failed, and calls it no error.
                raise RuntimeError("a statement failed and its failure was passed over")

    async def _rollback(self) -> None:
        if self._block:
            self._block = False
            if not self._db.is_closed():
                await self._db.execute("ROLLBACK")

    async def _flush(self) -> None:
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        self.versions.clear()
        if self._database.vault is not None:
            await self.people.seal(row for row, how in pending.values() if how != "drop")
        groups = grouped(pending, self._read)
        if any(write.kind in ("change", "update", "delete") for write in groups):
            await self._open()  # an UPDATE needs its key turned one statement earlier
        args: list[Any] = [*self._key]
        moving = 0
        for write, rows in groups.items():
            moving += len(rows) if write.kind == "change" else 0
            args += arguments(write, rows, self._read)
        try:
            moved = await self._db.fetchval(statement(tuple(groups)), *args)
        except (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError) as error:
            if error.constraint_name in _VERSION_TOLD:
                raise Stale from None
            raise Taken(error.constraint_name or "") from None
        if moved != moving:
            raise Stale
