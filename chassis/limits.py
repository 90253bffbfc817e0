"""What a request may take: bytes of its body."""

from collections.abc import Mapping

from starlette.types import Message, Receive

from chassis.problems import Problem

LARGEST_BODY = 1024 * 1024
"""Bytes of a request body; an import goes another way."""


def limited(receive: Receive, headers: Mapping[bytes, bytes]) -> Receive:
    """Stop a body that is larger than we take, announced or not."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > LARGEST_BODY:
        raise Problem("too-large")
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise Problem("too-large")
        return message

    return bounded
