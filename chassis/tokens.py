"""Signed tokens: what is accepted is listed, everything else is refused.

A token is read with the keys, the kind, the issuer, the audience and the algorithms the reader
names. Nothing in the token chooses any of them: its header may hold `alg`, `typ` and `kid` only.
"""

import json
import math
import os
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.util import urlsafe_b64decode

ED25519 = "Ed25519"
ES256 = "ES256"
ACCESS = "at+jwt"
INTERNAL = "at-int+jwt"

ACCESS_SECONDS = 600
INTERNAL_SECONDS = 120
SKEW_SECONDS = 5
REREAD_SECONDS = 30

_HEADER = {"alg", "typ", "kid"}
_LONGEST_TOKEN = 8192

Key = OKPKey | ECKey
Claims = dict[str, Any]


class Unacceptable(ValueError):
    """A token that is not taken. The reason is for tests and logs, never for the caller."""


def read(
    token: bytes,
    key_of: Callable[[str | None], Key | None],
    *,
    typ: Collection[str | None],
    issuer: str,
    audience: str,
    algorithms: Collection[str],
    longest: float,
    now: float,
    needed: Collection[str] = ("exp", "sub", "jti"),
) -> Claims:
    """Return the claims of a token that fits all of this, or raise `Unacceptable`."""
    header = _header(token)
    if header.get("alg") not in algorithms:
        raise Unacceptable("algorithm")
    if header.get("typ") not in typ:
        raise Unacceptable("kind")
    key = key_of(header.get("kid"))
    if key is None or algorithm_of(key) != header["alg"]:
        raise Unacceptable("key")
    try:
        claims = jwt.decode(token, key, algorithms=[header["alg"]]).claims
    except (JoseError, ValueError, RecursionError):
        raise Unacceptable("signature") from None
    if claims.get("iss") != issuer:
        raise Unacceptable("issuer")
    if claims.get("aud") != audience:
        raise Unacceptable("audience")
    for name in needed:
        if claims.get(name) in (None, ""):
            raise Unacceptable(name)
    if not all(isinstance(claims.get(name, ""), str) for name in ("sub", "jti")):
        raise Unacceptable("claims")
    _check_times(claims, longest, now)
    return claims


def unproven_issuer(token: str) -> str:
    """Return who a token says made it, to find the keys by; nothing is believed yet."""
    parts = token.split(".")
    try:
        said = json.loads(urlsafe_b64decode(parts[1].encode("ascii"))).get("iss")
    except (IndexError, ValueError, AttributeError, RecursionError):
        return ""
    return said if isinstance(said, str) and len(token) <= _LONGEST_TOKEN else ""


def key_from(jwk: Mapping[str, Any]) -> Key:
    """Return a verifying or signing key; only P-256 and Ed25519 are known here."""
    kind = (jwk.get("kty"), jwk.get("crv"))
    try:
        if kind == ("OKP", "Ed25519"):
            return OKPKey.import_key(dict(jwk))
        if kind == ("EC", "P-256"):
            return ECKey.import_key(dict(jwk))
    except (JoseError, ValueError, TypeError):
        raise Unacceptable("malformed key") from None
    raise Unacceptable("unknown kind of key")


def algorithm_of(key: Key) -> str:
    """Return the one algorithm a key may be used with."""
    return ED25519 if isinstance(key, OKPKey) else ES256


class KeyFile:
    """A set of public keys in a file, read again when a token names one that is not there."""

    def __init__(self, path: Path, ticks: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._ticks = ticks
        self._keys: dict[str, Key] = {}
        self._read_at = -math.inf

    def __call__(self, kid: str | None) -> Key | None:
        """Return the key of that name; the last good set outlives a broken file."""
        if kid is None:
            return None
        if kid not in self._keys and self._ticks() - self._read_at >= REREAD_SECONDS:
            self._read_at = self._ticks()
            try:
                held = orjson.loads(self._path.read_bytes())["keys"]
                self._keys = {jwk["kid"]: key_from(jwk) for jwk in held}
            except (OSError, ValueError, KeyError, TypeError):
                pass
        return self._keys.get(kid)


class Signer:
    """The gateway's private keys: one signs, all are published."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        self._jwks: list[dict[str, Any]] = held["keys"]
        keys = {jwk["kid"]: key_from(jwk) for jwk in self._jwks}
        self._kid: str = held["present"]
        self._key = keys[self._kid]

    @classmethod
    def open(cls, path: Path) -> "Signer":
        """Read `{"present": kid, "keys": [private JWK, …]}`: the present and the next key."""
        return cls(orjson.loads(path.read_bytes()))

    @classmethod
    def make(cls, path: Path) -> "Signer":
        """Write two new keys, readable by their owner only; refuse to overwrite any."""
        keys = [_new_key(), _new_key()]
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps({"present": keys[0]["kid"], "keys": keys}))
            file.flush()
            os.fsync(file.fileno())
        return cls.open(path)

    def public(self) -> dict[str, Any]:
        """Return the key set others verify with: the present key and the next."""
        shown = ("kty", "crv", "x", "kid", "alg", "use")
        return {"keys": [{name: jwk[name] for name in shown} for jwk in self._jwks]}

    def publish(self, path: Path) -> None:
        """Write the public key set in one step: a reader sees the old file or the new one."""
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.write_bytes(orjson.dumps(self.public()))
        draft.replace(path)

    def mint(self, typ: str, claims: Claims) -> str:
        """Sign claims as a token of that kind."""
        header = {"alg": ED25519, "typ": typ, "kid": self._kid}
        return jwt.encode(header, claims, self._key, algorithms=[ED25519])


def _new_key() -> dict[str, Any]:
    key = OKPKey.generate_key("Ed25519")
    return {
        **key.as_dict(private=True),
        "kid": secrets.token_urlsafe(9),
        "alg": ED25519,
        "use": "sig",
    }


def _header(token: bytes) -> dict[str, str]:
    if len(token) > _LONGEST_TOKEN or token.count(b".") != 2:  # noqa: PLR2004 - a JWS has three parts
        raise Unacceptable("form")
    try:
        header = json.loads(urlsafe_b64decode(token.split(b".", 1)[0]))
    except (ValueError, RecursionError):
        raise Unacceptable("header") from None
    if not isinstance(header, dict) or not header.keys() <= _HEADER:
        raise Unacceptable("header")
    if not all(isinstance(value, str) for value in header.values()):
        raise Unacceptable("header")
    return header


def _check_times(claims: Claims, longest: float, now: float) -> None:
    expires = _time(claims, "exp", -math.inf)
    if expires <= now:
        raise Unacceptable("expired")
    soon = now + SKEW_SECONDS
    if _time(claims, "iat", now) > soon or _time(claims, "nbf", now) > soon:
        raise Unacceptable("not yet")
    if expires - min(now, _time(claims, "iat", now)) > longest + SKEW_SECONDS:
        raise Unacceptable("too long")


def _time(claims: Claims, name: str, default: float) -> float:
    value = claims.get(name, default)
    # True is a number to Python, and NaN is JSON to its parser.
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise Unacceptable(name)
    return value
