"""Receipts: what a write answered, stored with its effect, so that a retry gets the same bytes.

The key is bound to city, client and route; the fingerprint to path, query, content type and body.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request, Response

from chassis.binding import JSON
from chassis.db import Transaction, Who
from chassis.problems import Problem
from chassis.tables import Receipt

KEY_LENGTH = 255


def idempotency_key(request: Request) -> str:
    """Return the request's key; a write without one is a 400 that says how."""
    key = request.headers.get("idempotency-key", "").strip()
    if not key:
        raise Problem(
            "idempotency-key-missing",
            {
                "zh": "写入请求须带 Idempotency-Key 请求头（每个新请求一个新值，重试时用原值）",
                "en": "send an Idempotency-Key header: a new value for each new request,"
                " the same one for a retry",
            },
        )
    if len(key) > KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Problem(
            "malformed",
            {
                "zh": f"Idempotency-Key 最多 {KEY_LENGTH} 个 ASCII 字符",
                "en": f"Idempotency-Key: at most {KEY_LENGTH} ASCII characters",
            },
        )
    return key


async def fingerprint(request: Request) -> bytes:
    """Return the SHA-256 of path, query, content type and raw body: what makes a request the same."""
    digest = hashlib.sha256()
    for part in (
        request.scope["path"].encode(),
        request.scope["query_string"],
        request.headers.get("content-type", "").encode(),
        await request.body(),
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


_running: set[tuple[str, str, str, str]] = set()


@contextmanager
def running(who: Who, route: str, key: str | None) -> Iterator[bool]:
    """Note that a request runs; whether the same one ran here when it came.

    A twin that changes what is there waits for the row and not for the key, and the database does
    not tell for whom: in another process it hears that the row is busy.
    """
    mine = (who.city, who.client, route, key or "")
    twin = mine in _running
    first = key is not None and not twin
    if first:
        _running.add(mine)
    try:
        yield twin
    finally:
        if first:
            _running.discard(mine)


def receipt_of(
    who: Who, route: str, key: str, asked: bytes, response: Response, tx: Transaction
) -> Receipt:
    """Return the row that keeps an answer."""
    return Receipt(
        client=who.client,
        route=route,
        key=key,
        fingerprint=asked,
        status=response.status_code,
        location=response.headers.get("location"),
        etag=response.headers.get("etag"),
        body=bytes(response.body),
        at=tx.now,
    )


def again(receipt: Receipt, asked: bytes) -> Response:
    """Return what the first request was answered; another request under its key is refused."""
    if receipt.fingerprint != asked:
        raise Problem("key-reused")
    headers = {"idempotent-replay": "true"}
    if receipt.location:
        headers["location"] = receipt.location
    if receipt.etag:
        headers["etag"] = receipt.etag
    return Response(receipt.body, receipt.status, headers, JSON)
