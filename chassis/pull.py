"""A durable's messages as they come, in batches as large as what is there and no larger.

nats-py's own `fetch` waits for a whole batch once the stream is idle: an event that comes alone
would wait out the timeout. Here one request is always open, what arrives first is returned at once
with whatever else is there, and the server's heartbeats tell silence from absence.
"""

import time
from typing import Any, Self

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error
from nats.errors import TimeoutError as NatsTimeoutError

EXPIRES_S = 30.0
HEARTBEAT_S = 2.0


class Gone(Exception):
    """The durable, its stream or the server answers no more; connect and look again."""


class Pull:
    """An open request for a durable's messages."""

    def __init__(self, client: Client, inbox: Subscription, address: str, batch: int) -> None:
        self._client, self._inbox, self._address, self._batch = client, inbox, address, batch
        self._owed, self._until = 0, 0.0
        self.heard = time.monotonic()
        """When the server was last heard from, by a message or a heartbeat."""

    @classmethod
    async def open(cls, client: Client, stream: str, durable: str, *, batch: int) -> Self:
        """Subscribe to a new inbox for one durable's messages."""
        inbox = await client.subscribe(client.new_inbox())
        return cls(client, inbox, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}", batch)

    async def next(self, within: float) -> list[Msg]:
        """Return what has come, at least one message; empty after `within` seconds without any.

        Raises `Gone` when the server says the durable is, or says nothing for three heartbeats.
        """
        until = time.monotonic() + within
        while (left := until - time.monotonic()) > 0:
            await self._ask()
            try:
                first = await self._inbox.next_msg(timeout=min(left, HEARTBEAT_S))
            except NatsTimeoutError:
                if time.monotonic() - self.heard > 3 * HEARTBEAT_S:
                    raise Gone("silent") from None
                continue
            except Error as error:
                raise Gone(type(error).__name__) from None
            found = self._take(first, [])
            while self._inbox.pending_msgs and len(found) < self._batch:
                found = self._take(await self._inbox.next_msg(timeout=1), found)
            if found:
                return found
        return []

    async def _ask(self) -> None:
        """Keep a request open; one that was cut off by a reconnect runs out by itself."""
        now = time.monotonic()
        if self._owed > 0 and now < self._until:
            return
        request: dict[str, Any] = {
            "batch": self._batch,
            "expires": int(EXPIRES_S * 1e9),
            "idle_heartbeat": int(HEARTBEAT_S * 1e9),
        }
        try:
            await self._client.publish(self._address, orjson.dumps(request), self._inbox.subject)
        except Error as error:
            raise Gone(type(error).__name__) from None
        self._owed, self._until = self._batch, now + EXPIRES_S
        self.heard = max(self.heard, now - HEARTBEAT_S)

    def _take(self, msg: Msg, found: list[Msg]) -> list[Msg]:
        self.heard = time.monotonic()
        status = (msg.headers or {}).get("Status") if not msg.data else None
        if status is None:
            self._owed -= 1
            return [*found, msg]
        said = (msg.headers or {}).get("Description", "")
        if status in ("404", "408") or (status == "409" and said.startswith(("Batch", "Message"))):
            self._owed = 0
        elif status != "100":
            raise Gone(f"{status} {said}".strip())
        return found

    async def close(self) -> None:
        """Give back what was delivered and not taken, so that it need not wait for its time-out."""
        try:
            while self._inbox.pending_msgs:
                msg = await self._inbox.next_msg(timeout=0.1)
                if msg.reply:
                    await msg.nak()
            await self._inbox.unsubscribe()
        except (Error, OSError):
            return
