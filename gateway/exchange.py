"""An access token in, who it speaks for and an internal token for one part out.

Verifying costs some 118 µs and minting 49: both are done once a minute and token at most. So is
the question whether the client is still wanted: a client put out is refused within a minute.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis import log, tokens
from chassis.db import Database, Who
from chassis.http import from_database
from chassis.identity import PLATFORM, ROLE_SCOPES, Actor, Verifier
from chassis.ids import uuid7
from chassis.problems import Problem, Unauthenticated
from gateway.models import Client

KEEP_SECONDS = 60
_KEPT = 10_000

PUBLIC = Actor(
    subject="public",
    city=PLATFORM,
    role="public",
    scopes=ROLE_SCOPES["public"],
    purpose="disclosure",
    until=float("inf"),
)
"""Who asks without a token: nobody in particular, for what anybody may read."""

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
Wanted = Callable[[Actor], Awaitable[bool]]


class Exchange:
    """Callers and their internal tokens, each known for a minute."""

    def __init__(
        self,
        verifier: Verifier,
        signer: tokens.Signer,
        issuer: str,
        wanted: Wanted,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verifier = verifier
        self._signer = signer
        self._issuer = issuer
        self._wanted = wanted
        self._clock = clock
        self._asked: dict[Actor, float] = {}
        self._minted: dict[tuple[Actor, str], tuple[bytes, float]] = {}

    async def caller(self, token: bytes) -> Actor:
        """Return who an access token speaks for, or raise 401 `unauthenticated`."""
        actor = self._verifier(token)
        now = self._clock()
        if self._asked.get(actor, 0.0) <= now:
            if not await self._wanted(actor):
                raise Unauthenticated("该客户端已停用", "This client has been deactivated")
            _keep(self._asked, actor, now + KEEP_SECONDS)
        return actor

    def bearer(self, actor: Actor, part: str) -> bytes:
        """Return the Authorization header that tells a part who asks."""
        now = self._clock()
        kept = self._minted.get((actor, part))
        if kept is not None and kept[1] > now:
            return kept[0]
        ends = int(min(now + tokens.INTERNAL_SECONDS, actor.until))
        said = actor.claims() | {
            "iss": self._issuer,
            "aud": part,
            "iat": int(now),
            "exp": ends,
            "jti": uuid7().hex,
        }
        header = b"Bearer " + self._signer.mint(tokens.INTERNAL, said).encode()
        _keep(self._minted, (actor, part), (header, min(now + KEEP_SECONDS, ends)))
        return header


def wanted_by(database: Callable[[], Database]) -> Wanted:
    """Return the question whether a token's client may still call."""

    async def wanted(actor: Actor) -> bool:
        who = Who(actor.city, actor.subject, "identity")
        try:
            async with database().begin(who) as tx:
                client = await tx.peek(Client, actor.subject)
        except Exception as error:
            if from_database(error) is None and not isinstance(error, Problem):
                raise
            # The signature is ours and ten minutes old at most: a database that is away for a
            # moment does not shut the whole house.
            log.warning("client not looked up", client=actor.subject)
            return True
        return client is not None and client.active

    return wanted


def _keep(kept: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    if len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value
