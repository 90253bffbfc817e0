"""W3C trace context: one id from the partner's request to the last read model.

A request joins the caller's trace or starts one; an event carries it on; a log line names it.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """Return the traceparent of the work at hand."""
    return _current.get()


def trace_id() -> str | None:
    """Return the trace id of the work at hand: what a problem and a log line show."""
    parent = _current.get()
    return parent and parent[3:35]


def child(parent: str | None) -> str:
    """Return a traceparent in the caller's trace; a malformed or all-zero one starts anew."""
    match = _FORM.fullmatch(parent or "")
    known = match is not None and int(match[1], 16) and int(match[2], 16)
    trace = match[1] if match and known else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-{match[3] if match and known else '01'}"


@contextmanager
def joined(parent: str | None) -> Iterator[str]:
    """Carry the caller's trace through a block of work."""
    mine = child(parent)
    token = _current.set(mine)
    try:
        yield mine
    finally:
        _current.reset(token)
