"""Identifiers: time-ordered ids, and tracking numbers that tell no volume."""

import secrets
import time
import uuid
from datetime import date

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_RANDOM = 8


def uuid7() -> uuid.UUID:
    """Return an RFC 9562 version 7 id: milliseconds first, then 74 random bits."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + secrets.token_bytes(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return uuid.UUID(bytes=bytes(raw))


def tracking_no(city: str, day: date) -> str:
    """Return `CITY-YYMMDD-` and eight random base-32 characters with a check character."""
    # Thirty-two signs: five bits of a random byte are one of them, each as likely as any other.
    body = "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(_RANDOM))
    return f"{city}-{day:%y%m%d}-{body}{_check(body)}"


def is_tracking_no(text: str) -> bool:
    """Whether the check character fits: a mistyped number is told apart from an unknown one."""
    body, check = text.rpartition("-")[2][:-1], text[-1:]
    return len(body) == _RANDOM and set(body) <= set(_ALPHABET) and _check(body) == check


def _check(body: str) -> str:
    # ISO 7064's pure system with modulus 37 needs five more signs; a weighted sum modulo the
    # largest prime below 32 catches every single slip and every swap of neighbours.
    total = sum((place + 2) * _ALPHABET.index(sign) for place, sign in enumerate(body))
    return _ALPHABET[total % 31]
