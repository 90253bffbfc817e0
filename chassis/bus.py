"""The way to NATS: a connection that never gives up, and streams and durables as we want them.

What the server has is compared with what we want at every start. What can be healed is healed and
said; what cannot (retention, storage, the server's version) stops the part with one clear line,
because a stream kept in memory, or dropped when read, loses events without a word.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    PersistMode,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
)
from nats.js.errors import APIError, NotFoundError

from chassis import log
from chassis.events import stream_of

OLDEST = (2, 12, 12)
UNFIT = ((2, 13, 0), (2, 14, 3))
"""From the first up to, not including, the second: without the security fixes of 2026."""

LIVELY_S = 0.5
"""How long a batch may be in somebody's hands before a durable with nothing else is one nobody hears."""

Said = Callable[[], Awaitable[None]]


class Unfit(SystemExit):
    """The broker cannot be trusted with events as it is; says why and stops."""

    def __init__(self, why: str) -> None:
        super().__init__(f"shegong: {why}")


@dataclass(frozen=True)
class Limits:
    """How much a stream keeps. `max_age` is at least twice the time between backups."""

    max_bytes: int = 1 << 30
    max_age: float = 30 * 24 * 3600
    duplicate_window: float = 600
    replicas: int = 1


async def connect(url: str, name: str, *, reconnected: Said | None = None) -> Client:
    """Connect, for as long as it takes, and stay connected; raises `Unfit` for an old server.

    A half-open connection is noticed within 10 s. Nobody waits for ever on it: whoever publishes
    or asks has a timeout of their own.
    """

    async def failed(error: Exception) -> None:
        log.warning("bus.error", connection=name, kind=type(error).__name__)

    async def lost() -> None:
        if not client.is_closed:
            log.warning("bus.disconnected", connection=name)

    async def again() -> None:
        log.info("bus.reconnected", connection=name)
        require(client)
        if reconnected is not None:
            await reconnected()

    client = await nats.connect(
        url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,
        connect_timeout=2,
        ping_interval=5,
        max_outstanding_pings=2,
        error_cb=failed,
        disconnected_cb=lost,
        reconnected_cb=again,
    )
    try:
        require(client)
    except Unfit:
        await client.close()
        raise
    return client


async def connect_unless(
    stopping: asyncio.Event, url: str, name: str, *, reconnected: Said | None = None
) -> Client | None:
    """Connect as `connect` does, or return None once the event is set."""
    trying = asyncio.ensure_future(connect(url, name, reconnected=reconnected))
    stopped = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((trying, stopped), return_when=asyncio.FIRST_COMPLETED)
        return trying.result() if trying.done() else None
    finally:
        trying.cancel()
        stopped.cancel()


def require(client: Client) -> None:
    """Stop unless the server is one that keeps streams and has the fixes of 2026."""
    said = client.connected_server_version
    version = (said.major, said.minor, said.patch)
    if version < OLDEST or UNFIT[0] <= version < UNFIT[1]:
        raise Unfit(
            f"NATS {'.'.join(map(str, version))} must not carry events: "
            "use 2.12.12 or later, from 2.13 on 2.14.3 or later"
        )


async def close(client: Client | None) -> None:
    """Close a connection; one that hangs is left to the operating system."""
    if client is None:
        return
    try:
        await asyncio.wait_for(client.close(), 2)
    # The last: what uvloop says when the client still had something to send to a server that is gone.
    except (TimeoutError, nats.errors.Error, OSError, RuntimeError) as error:
        log.warning("bus.close", kind=type(error).__name__)


def wanted_stream(producer: str, limits: Limits) -> StreamConfig:
    """Return how a producer's stream must be."""
    return StreamConfig(
        name=stream_of(producer),
        subjects=[f"{producer}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_msgs=-1,
        max_bytes=limits.max_bytes,
        max_age=limits.max_age,
        max_msgs_per_subject=-1,
        max_consumers=-1,
        duplicate_window=limits.duplicate_window,
        num_replicas=limits.replicas,
        deny_delete=True,
        deny_purge=True,
    )


_FOR_LIFE = ("retention", "storage")
_STREAM = (
    *("subjects", "discard", "max_msgs", "max_bytes", "max_age", "max_msgs_per_subject"),
    *("duplicate_window", "num_replicas", "deny_delete", "deny_purge"),
)
_CONSUMER = ("ack_wait", "max_ack_pending", "max_deliver", "max_waiting")


async def ensure_stream(
    js: JetStreamContext, producer: str, limits: Limits | None = None
) -> StreamInfo:
    """Return a producer's stream as it must be: made, found so, or healed."""
    wanted = wanted_stream(producer, limits or Limits())
    assert wanted.name is not None
    try:
        info = await js.stream_info(wanted.name)
    except NotFoundError:
        log.info("bus.stream.made", stream=wanted.name)
        return await js.add_stream(wanted)
    for name in _FOR_LIFE:
        if getattr(info.config, name) != getattr(wanted, name):
            raise Unfit(
                f"stream {wanted.name} has {name}={_text(info.config, name)} and needs "
                f"{_text(wanted, name)}, which cannot be changed: remove the stream, "
                "it is refilled from the event log"
            )
    if info.config.persist_mode == PersistMode.ASYNC:
        raise Unfit(f"stream {wanted.name} acknowledges before it writes (persist_mode async)")
    drift = _drift(info.config, wanted, _STREAM)
    if not drift:
        return info
    log.warning("bus.stream.healed", stream=wanted.name, fields=sorted(drift))
    try:
        return await js.update_stream(info.config.evolve(**drift))
    except APIError as refused:
        raise Unfit(
            f"stream {wanted.name} differs in {', '.join(sorted(drift))} and the broker refuses "
            f"to change it (error {refused.err_code})"
        ) from None


def durable_of(consumer: str, producer: str) -> str:
    """Return the name a consumer's place in a producer's stream has."""
    return f"{consumer}_{producer}"


async def ensure_consumer(
    js: JetStreamContext,
    consumer: str,
    producer: str,
    kinds: Sequence[str],
    *,
    known: int | None = None,
    doubted: datetime | None = None,
) -> ConsumerInfo:
    """Return a consumer's durable on a producer's stream as it must be.

    `kinds` are aggregate kinds (`registry.station`): every type of each is subscribed to, since
    versions are dense per aggregate and a filter on types would see gaps that never close. A
    durable with other kinds starts again from the beginning, and so does one that stands beyond
    the stream's end (the broker lost what it had acknowledged): watermarks absorb what is heard
    twice. One that nobody hears and that stands beyond what our own database knows (`known`, if
    said: it was restored) goes on from there; where another process hears, the note is only not
    yet written, unless the caller has seen for itself that the database may be another and nobody has
    made the durable anew since it heard by the one made then (`doubted`). Raises `NotFoundError`
    while there is no stream yet.
    """
    stream, durable = stream_of(producer), durable_of(consumer, producer)
    wanted = ConsumerConfig(
        durable_name=durable,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30,
        max_ack_pending=1000,
        max_deliver=-1,
        max_waiting=512,
        filter_subjects=sorted(f"{kind}.>" for kind in kinds),
    )
    try:
        info: ConsumerInfo = await js.consumer_info(stream, durable)
    except NotFoundError:
        await js.stream_info(stream)  # no stream is the caller's to wait for
        return await js.add_consumer(stream, wanted)
    again = _start_again(info, wanted, (await js.stream_info(stream)).state.last_seq)
    if again:
        log.warning("bus.consumer.again", durable=durable, why=again)
        await js.delete_consumer(stream, durable)
        return await js.add_consumer(stream, wanted)
    beyond = known is not None and info.ack_floor is not None and info.ack_floor.stream_seq > known
    seen = doubted is not None and info.created == doubted
    if known is not None and beyond and (seen or not await _heard(js, info)):
        log.warning("bus.consumer.back", durable=durable, to=known)
        await js.delete_consumer(stream, durable)
        back = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": known + 1}
        return await js.add_consumer(stream, wanted.evolve(**back))
    drift = _drift(info.config, wanted, _CONSUMER)
    if drift:
        log.warning("bus.consumer.healed", durable=durable, fields=sorted(drift))
        return await js.add_consumer(stream, info.config.evolve(**drift))
    return info


async def _heard(js: JetStreamContext, info: ConsumerInfo) -> bool:
    """Whether somebody hears a durable: a request waits, or what was delivered moves."""
    if info.num_waiting or not info.num_ack_pending:
        return bool(info.num_waiting)
    await asyncio.sleep(LIVELY_S)  # a batch is at hand, of somebody who lives or who was cut off
    later = await js.consumer_info(info.stream_name, info.name)
    moved = (later.delivered, later.ack_floor) != (info.delivered, info.ack_floor)
    return moved or bool(later.num_waiting)


def _start_again(info: ConsumerInfo, wanted: ConsumerConfig, last_seq: int) -> str | None:
    has = info.config
    filters = sorted(has.filter_subjects or ([has.filter_subject] if has.filter_subject else []))
    if filters != wanted.filter_subjects:
        return "filter"
    if has.deliver_subject or has.ack_policy != AckPolicy.EXPLICIT:
        return "kind"
    if info.ack_floor is not None and info.ack_floor.stream_seq > last_seq:
        return "beyond the end"
    return None


def _drift(has: Any, wanted: Any, names: Sequence[str]) -> dict[str, Any]:
    return {
        name: getattr(wanted, name)
        for name in names
        if _plain(getattr(has, name)) != _plain(getattr(wanted, name))
    }


def _plain(value: Any) -> Any:
    return value or 0 if isinstance(value, bool | int | float | None) else value


def _text(config: StreamConfig, name: str) -> str:
    value = getattr(config, name)
    return str(getattr(value, "value", value))
