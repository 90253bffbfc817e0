"""The door in front of everything: a request under /v1/ passes here or not at all.

    path → room → token → city → owner → strip → internal token → size → place → forward → answer,
    byte for byte

What goes on is a list of headers by name; whatever else a caller sent (identity, forwarding, hops)
stays outside. What the gateway owns itself goes to its own routes the same way, under an internal
token of its own, so that nothing behind the door knows another kind of caller.
"""

import asyncio
import re
import time
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from chassis import log, metrics, service, trace
from chassis.admission import Lane, Places, Shed, full, lane_of, urgent
from chassis.http import language
from chassis.identity import Actor, bearer
from chassis.limits import limited
from chassis.net import shown
from chassis.problems import NotFound, Problem
from chassis.refusal import ReadyMade
from gateway.exchange import PUBLIC, Exchange
from gateway.owners import GATEWAY, PARTS, owner
from gateway.parts import Headers, Parts

BODY_SECONDS = 30
"""How long a body may take to arrive."""

PASSED = frozenset(
    {
        *(b"accept", b"accept-language", b"content-type", b"idempotency-key"),
        *(b"if-match", b"if-none-match", b"tracestate"),
    }
)
"""The headers of a caller that go on; `traceparent` goes on as a child of the caller's."""

# No escapes and no dots alone: what is looked at here is exactly what the part will see.
_PATH = re.compile(rb"/v1/([0-9]{6})((?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~:@-]+)*)")
_JURISDICTIONS = b"/v1/cities"
_METRICS = "/metrics"


class Gone(Exception):
    """The caller hung up: nobody waits for an answer."""


class Door:
    """Around the gateway's own application: passes on what belongs to others."""

    def __init__(self, app: service.Door, exchange: Exchange, parts: Parts) -> None:
        self.app = app
        self.state = app.state
        self.exchange = exchange
        self.parts = parts
        self.tells = False
        """Whether `/metrics` is answered here; else only apart (`SHEGONG_METRICS_GATEWAY`)."""
        self.places = {part: Places(part) for part in (*PARTS, GATEWAY)}
        self._full = ReadyMade(full(), "Service Unavailable")
        self._told = metrics.request_seconds.labels("door none", "503")

    def turned_away(
        self, method: bytes, target: bytes, headers: Headers, more: Headers
    ) -> bytes | None:
        """Return the whole answer to a request for which there is no room, by its head alone."""
        lane, part = meant(method.decode("ascii"), target.partition(b"?")[0])
        if part is None or not self.places[part].turned_away(at_most(lane)):
            return None
        self._told.observe(0.0)
        return self._full.answer(headers, more)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        receive = patient(receive)
        if not scope["path"].startswith("/v1/"):
            if scope["path"] == _METRICS and not self.tells:
                await shown(NotFound(), language(Request(scope)))(scope, receive, send)
                return
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        parent = next((v for n, v in scope["headers"] if n == b"traceparent"), b"")
        said: dict[str, str] = {"part": "none", "status": "lost"}
        shed = False

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                said["status"] = str(message["status"])
            await send(message)

        with trace.joined(parent.decode("latin-1")) as traceparent:
            try:
                await self._answer(scope, receive, note, traceparent, said)
            except Gone:
                pass
            except Exception as error:  # the last net: whatever happens, the caller gets a problem
                if said["status"] != "lost":
                    raise
                shed = isinstance(error, Shed)
                response = shown(error, language(Request(scope)))
                response.headers["traceparent"] = traceparent
                await response(scope, receive, note)
            finally:
                took = time.perf_counter() - started
                route = f"door {said['part']}"
                metrics.request_seconds.labels(route, said["status"]).observe(took)
                if not shed:  # counted, and not written down: a flood must not fill the disk
                    log.info(
                        "request", route=route, status=said["status"], ms=round(took * 1000, 1),
                        method=scope["method"] if scope["method"] in _METHODS else "other",
                    )  # fmt: skip

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, traceparent: str, said: dict[str, str]
    ) -> None:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        lane = self._lane(scope["method"], raw)
        authorization, headers = stripped(scope["headers"])
        if raw == _JURISDICTIONS:
            if scope["method"] not in ("GET", "HEAD"):
                raise Problem("method-not-allowed", headers={"allow": "GET"})
            actor, part = PUBLIC, "registry"
        else:
            actor = await self.exchange.caller(bearer(authorization))
            part = destination(raw, actor)
        said["part"] = part
        headers.append((b"authorization", self.exchange.bearer(actor, part)))
        headers.append((b"traceparent", traceparent.encode()))
        places = self.places[part]
        if part == GATEWAY:
            with places.place(lane, actor.subject):
                await self.app(
                    {**scope, "headers": [*headers, *_sizes(scope["headers"])]}, receive, send
                )
            return
        query: bytes = scope["query_string"]
        path = (raw + b"?" + query if query else raw).decode("latin-1")
        body = await _body(receive, dict(scope["headers"]))
        if lane is Lane.REFERRAL and not places.room(lane) and urgent(body):
            lane = Lane.URGENT
        with places.place(lane, actor.subject):
            status, back, content = await self.parts.send(
                part, scope["method"], path, headers, body
            )
        back += [
            (b"content-length", str(len(content)).encode()),
            (b"traceparent", traceparent.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if not any(name == b"cache-control" for name, _ in back):
            back.append((b"cache-control", b"no-store"))
        await send({"type": "http.response.start", "status": status, "headers": back})
        await send({"type": "http.response.body", "body": content})

    def _lane(self, method: str, raw: bytes) -> Lane:
        """Return a request's lane, or refuse it before its token and its body are looked at."""
        lane, part = meant(method, raw)
        if part is not None:
            self.places[part].look(at_most(lane))
        return lane


def meant(method: str, raw: bytes) -> tuple[Lane, str | None]:
    """Return a request's lane and the part that would answer, by method and path alone."""
    found = _PATH.fullmatch(raw)
    if found is None:
        return Lane.BULK, None
    words = found[2].decode("ascii").split("/")[1:]
    return lane_of(method, words), owner(words)


def at_most(lane: Lane) -> Lane:
    """Return the lane a request may turn out to be in: how urgent a referral is, its body says."""
    return Lane.URGENT if lane is Lane.REFERRAL else lane


def destination(raw: bytes, actor: Actor) -> str:
    """Return the part a path leads to: 403 outside the caller's city, 404 where nobody answers."""
    city, _, rest = raw.removeprefix(b"/v1/").partition(b"/")
    # The city before anything else: another city's path answers the same whatever it is.
    actor.must_be_of(city.decode("latin-1"))
    if not _PATH.fullmatch(raw):
        raise NotFound()
    part = owner(rest.decode("ascii").split("/") if rest else [])
    if part is None:
        raise NotFound()
    return part


def stripped(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes | None, Headers]:
    """Return the caller's Authorization, and the headers that go on; twice the same is refused."""
    kept: dict[bytes, bytes] = {}
    authorization: bytes | None = None
    hosts = 0
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                raise _doubled()
            authorization = value
        elif name == b"host":
            hosts += 1
            if hosts > 1:
                raise _doubled()
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise Problem(
                "unsupported-media-type",
                {"zh": "请勿压缩请求内容", "en": "send the body as it is, not compressed"},
            )
        elif name in PASSED:
            if name in kept:
                if name not in (b"accept", b"accept-language", b"tracestate"):
                    raise _doubled()
                value = kept[name] + b", " + value  # noqa: PLW2901 - a list in several lines
            kept[name] = value
    return authorization, list(kept.items())


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _sizes(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return [pair for pair in headers if pair[0] in (b"content-length", b"transfer-encoding")]


def patient(receive: Receive) -> Receive:
    """Wait for a body, but not for ever: a caller that trickles holds a place others need."""
    deadline = asyncio.get_running_loop().time() + BODY_SECONDS
    whole = False

    async def timed() -> Message:
        nonlocal whole
        if whole:
            return await receive()  # what comes after the body is the caller hanging up, some day
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise Problem(
                "malformed", {"zh": "请求内容传输过慢", "en": "the body took too long to arrive"}
            ) from None
        whole = not message.get("more_body", False)
        return message

    return timed


async def _body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    bounded = limited(receive, headers)
    parts: list[bytes] = []
    while True:
        message = await bounded()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _doubled() -> Problem:
    return Problem(
        "malformed", {"zh": "请求头重复", "en": "a header that may come once came twice"}
    )
