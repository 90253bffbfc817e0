"""Tokens that open nothing, in one list: held against the verifier, the gateway and every part.

A vector is made with the true key wherever that is possible: what refuses it is the one thing that
is wrong with it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from chassis import tokens


@dataclass(frozen=True)
class Kind:
    """A kind of token, and what its reader holds it to."""

    typ: str
    other_typ: str
    audience: str
    other: str
    longest: int


def internal(part: str) -> Kind:
    """Return the kind of token a part takes."""
    other = "registry" if part != "registry" else "casework"
    return Kind(tokens.INTERNAL, tokens.ACCESS, part, other, tokens.INTERNAL_SECONDS)


def access(issuer: str) -> Kind:
    """Return the kind of token the gateway takes."""
    return Kind(tokens.ACCESS, tokens.INTERNAL, issuer, "casework", tokens.ACCESS_SECONDS)


def b64(data: object) -> bytes:
    """Return a part of a token."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(signer: tokens.Signer, header: object, said: object) -> bytes:
    """Sign whatever is given with the true key, as a library with no scruples would."""
    start = b64(header) + b"." + b64(said)
    return start + b"." + b64(signer._key.private_key.sign(start))


def good_header(signer: tokens.Signer, kind: Kind) -> dict[str, str]:
    """Return the header of a token that opens."""
    return {"alg": "Ed25519", "typ": kind.typ, "kid": signer._kid}


def wrong_claims(now: int, kind: Kind) -> dict[str, dict]:
    """Return, by name, what a token signed with the true key says wrongly."""
    return {
        "of another issuer": {"iss": "https://elsewhere.test"},
        "without issuer": {"iss": ...},
        "for another service": {"aud": kind.other},
        "for several services": {"aud": [kind.audience, kind.other]},
        "for a list of the right service": {"aud": [kind.audience]},
        "without audience": {"aud": ...},
        "expired": {"exp": now},
        "without end": {"exp": ...},
        "ending as text": {"exp": str(now + 60)},
        "ending as truth": {"exp": True},
        "ending as nothing": {"exp": None},
        "ending as not a number": {"exp": float("nan")},
        "ending never": {"exp": float("inf")},
        "that lives too long": {"exp": now + 2 * kind.longest},
        "that has lived too long": {"iat": now - 3600},
        "from the future": {"iat": now + 60, "exp": now + 120},
        "without a beginning": {"iat": ...},
        "not valid yet": {"nbf": now + 60},
        "valid from a truth": {"nbf": True},
        "without subject": {"sub": ...},
        "with an empty subject": {"sub": ""},
        "with a subject of another kind": {"sub": 5},
        "without an id": {"jti": ...},
        "without purpose": {"purpose": ...},
        "with an empty purpose": {"purpose": ""},
        "without city": {"city": ...},
        "of a city that is none": {"city": "wuhan"},
        "of a list of cities": {"city": ["420100", "330100"]},
        "of a city with a tail": {"city": "420100\n"},
        "of an unknown role": {"role": "root"},
        "of a list of roles": {"role": ["worker"]},
        "with scopes as a list": {"scope": ["referrals:work"]},
        "with a station that is no id": {"station_id": "everything"},
        "with a station of another kind": {"station_id": 7},
        "with a division of another kind": {"div": ["420102"]},
    }


def wrong_headers(now: int, kind: Kind) -> dict[str, dict]:
    """Return, by name, what the header of a token signed with the true key says wrongly."""
    return {
        "no algorithm": {"alg": "none"},
        "no algorithm, shouted": {"alg": "NONE"},
        "the deprecated name": {"alg": "EdDSA"},
        "another algorithm": {"alg": "ES256"},
        "a keyed hash": {"alg": "HS256"},
        "algorithm missing": {"alg": ...},
        "a list of algorithms": {"alg": ["Ed25519"]},
        "the other kind of token": {"typ": kind.other_typ},
        "an ordinary token": {"typ": "JWT"},
        "kind missing": {"typ": ...},
        "kind in capitals": {"typ": kind.typ.upper()},
        "an unknown key": {"kid": "unknown"},
        "key missing": {"kid": ...},
        "a path as key": {"kid": "../../dev/null"},
        "a number as key": {"kid": 1},
        "a critical extension": {"crit": ["exp"], "exp": now + 60},
        "a critical list that is empty": {"crit": []},
        "an unencoded payload": {"b64": False, "crit": ["b64"]},
        "a key address": {"jku": "https://evil.test/jwks"},
        "a certificate address": {"x5u": "https://evil.test/x5u"},
        "a key of its own": {"jwk": OKPKey.generate_key("Ed25519").as_dict(private=False)},
        "a certificate of its own": {"x5c": ["MIIB"]},
        "a compressed payload": {"zip": "DEF"},
        "an unknown name": {"extra": "1"},
    }


def forgeries(signer, keys: Path, kind: Kind, claims: Callable[..., dict]) -> dict[str, bytes]:
    """Return, by name, tokens that no true key signed as they stand."""
    good = signer.mint(kind.typ, claims()).encode()
    head, body, sign = good.split(b".")
    header = good_header(signer, kind)
    public = signer._key.public_key.public_bytes_raw()
    other = OKPKey.generate_key("Ed25519")
    curve = ECKey.generate_key("P-256")

    def keyed(key):
        start = b64(header | {"alg": "HS256"}) + b"." + body
        return start + b"." + b64(hmac.digest(key, start, hashlib.sha256))

    return {
        "signature removed": head + b"." + body + b".",
        "two parts": head + b"." + body,
        "four parts": good + b".x",
        "none and no signature": b64(header | {"alg": "none"}) + b"." + body + b".",
        "public key as a shared secret": keyed(public),
        "public set as a shared secret": keyed(keys.read_bytes()),
        "empty shared secret": keyed(b""),
        "claims changed": head + b"." + b64(claims(city="330100")) + b"." + sign,
        "header changed": b64(header | {"kid": "x"}) + b"." + body + b"." + sign,
        "signature changed": head + b"." + body + b"." + b64(b"\0" * 64),
        "signature cut": good[:-10],
        "another's key, our name": jwt.encode(
            header, claims(), other, algorithms=["Ed25519"]
        ).encode(),
        "another curve": jwt.encode(
            header | {"alg": "ES256"}, claims(), curve, algorithms=["ES256"]
        ).encode(),
        "claims that are a list": signed(signer, header, [claims()]),
        "claims that are no JSON": signed(signer, header, b"{"),
        "a header that is a list": b64([header]) + b"." + body + b"." + sign,
        "a header that is no JSON": b64(b"{") + b"." + body + b"." + sign,
        "a header nested without end": b64(b"[" * 3000) + b"." + body + b"." + sign,
        "nothing": b"",
        "dots": b"..",
        "not a token": "王".encode(),
        "an endless token": b"a" * 10_000 + b"." + body + b"." + sign,
    }


def every(
    signer: tokens.Signer, keys: Path, kind: Kind, now: int, claims: Callable[..., dict]
) -> dict[str, bytes]:
    """Return all vectors by name; `claims(**other)` are those of a token that opens."""
    header = good_header(signer, kind)
    made = {
        f"claims {name}": signed(signer, header, claims(**other))
        for name, other in wrong_claims(now, kind).items()
    }
    for name, other in wrong_headers(now, kind).items():
        said = {n: value for n, value in (header | other).items() if value is not ...}
        made[f"header {name}"] = signed(signer, said, claims())
    return made | forgeries(signer, keys, kind, claims)
