"""Who asks, and what that role may ask for.

The gateway knows the caller; a service believes nothing but a signature. What a token says is
narrowed to what its role has in the table below, so that a scope granted by mistake stays shut.
Reach inside a city (own station, own division, own referrals) is the service's to enforce: the
actor brings the ids for it.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.requests import Request

from chassis import tokens
from chassis.clock import Clock, system_clock
from chassis.problems import Forbidden, Unauthenticated

PLATFORM = "000000"
"""The tenant that holds jurisdictions and their clients, and no people."""

_BUREAU = frozenset(
    {
        "registry:read",
        "registry:write",
        "referrals:read",
        "referrals:route",
        "procurement:read",
        "procurement:write",
        "evaluation:read",
        "supervision:write",
    }
)
_STATION = frozenset({"referrals:read", "referrals:work", "registry:read", "personal:reveal"})

ROLE_SCOPES: dict[str, frozenset[str]] = {
    "partner": frozenset({"referrals:submit", "referrals:read"}),
    "worker": _STATION,
    "station_head": _STATION | {"registry:write", "referrals:route", "supervision:write"},
    "supervisor": frozenset({"registry:read", "supervision:write"}),
    "township": _BUREAU,
    "district_bureau": _BUREAU,
    "city_bureau": _BUREAU
    | {"policy:author", "policy:approve", "waivers:write", "clients:write", "personal:erase"},
    "agency": frozenset({"registry:read", "procurement:read", "bids:write"}),
    "evaluator": frozenset({"evaluation:read", "evaluation:write"}),
    "auditor": frozenset(
        {"registry:read", "referrals:read", "procurement:read", "evaluation:read", "audit:read"}
    ),
    "platform_admin": frozenset({"platform:admin", "clients:write"}),
    "public": frozenset({"public:read"}),
}
"""What each role may ask for at most (contract.md, "Roles and owners")."""

_CITY = re.compile(r"[0-9]{6}")
_KEPT = 10_000


@dataclass(frozen=True)
class Actor:
    """Who asks: one client of one city in one role, for one purpose."""

    subject: str
    city: str
    role: str
    scopes: frozenset[str] = frozenset()
    division: str | None = None
    station_id: UUID | None = None
    partner_id: UUID | None = None
    agency_id: UUID | None = None
    worker_id: UUID | None = None
    purpose: str = ""
    until: float = 0.0

    def must_be_of(self, city: str) -> None:
        """Refuse another city's path, with the same answer whatever the path is."""
        if self.city != city:
            raise Forbidden()

    def claims(self) -> dict[str, Any]:
        """Return what a token says of the actor; times, issuer and audience are its minter's."""
        said = {
            "sub": self.subject,
            "client_id": self.subject,
            "city": self.city,
            "role": self.role,
            "scope": " ".join(sorted(self.scopes)),
            "purpose": self.purpose,
            "div": self.division,
        }
        ids = ("station_id", "partner_id", "agency_id", "worker_id")
        said |= {name: str(getattr(self, name)) for name in ids if getattr(self, name)}
        return {name: value for name, value in said.items() if value is not None}


def actor_of(claims: dict[str, Any]) -> Actor:
    """Return the actor a token speaks of, narrowed to its role; `Unacceptable` if it is no actor."""
    said = {name: claims.get(name, "") for name in ("sub", "city", "role", "scope", "purpose")}
    if not all(isinstance(value, str) for value in said.values()):
        raise tokens.Unacceptable("claims")
    # Whoever asks says what for: a reading without a purpose is one nobody can account for.
    if not said["purpose"] or not _CITY.fullmatch(said["city"]) or said["role"] not in ROLE_SCOPES:
        raise tokens.Unacceptable("claims")
    division = claims.get("div")
    if division is not None and not isinstance(division, str):
        raise tokens.Unacceptable("claims")
    return Actor(
        subject=said["sub"],
        city=said["city"],
        role=said["role"],
        scopes=frozenset(said["scope"].split()) & ROLE_SCOPES[said["role"]],
        division=division,
        station_id=_uuid(claims.get("station_id")),
        partner_id=_uuid(claims.get("partner_id")),
        agency_id=_uuid(claims.get("agency_id")),
        worker_id=_uuid(claims.get("worker_id")),
        purpose=said["purpose"],
        until=claims["exp"],
    )


class Verifier:
    """Turns a token into its actor; a token verified once is known until it expires."""

    def __init__(
        self,
        jwks: Path,
        audience: str,
        issuer: str,
        typ: str = tokens.INTERNAL,
        clock: Clock = system_clock,
    ) -> None:
        self._keys = tokens.KeyFile(jwks)
        self._audience = audience
        self._issuer = issuer
        self._typ = typ
        self._longest = tokens.INTERNAL_SECONDS if typ == tokens.INTERNAL else tokens.ACCESS_SECONDS
        self._clock = clock
        self._kept: dict[bytes, Actor] = {}

    def __call__(self, token: bytes) -> Actor:
        """Return who this token speaks for, or raise 401 `unauthenticated`."""
        now = self._clock().timestamp()
        name = hashlib.sha256(token).digest()  # a token itself is not kept lying about
        kept = self._kept.get(name)
        if kept is not None:
            if kept.until > now:
                return kept
            del self._kept[name]
        try:
            claims = tokens.read(
                token,
                self._keys,
                typ={self._typ},
                issuer=self._issuer,
                audience=self._audience,
                algorithms={tokens.ED25519},
                longest=self._longest,
                now=now,
                needed=("iat", "exp", "sub", "jti"),
            )
            actor = actor_of(claims)
        except tokens.Unacceptable:
            raise Unauthenticated(
                "令牌无效或已过期", "The token is not valid or has expired"
            ) from None
        if len(self._kept) >= _KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[name] = actor
        return actor


def bearer(header: bytes | str | None) -> bytes:
    """Return the token of an Authorization header, or raise 401 `unauthenticated`."""
    given = header.encode("latin-1") if isinstance(header, str) else header or b""
    scheme, _, token = given.partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise Unauthenticated("缺少访问令牌", "An access token is missing")
    return token


class allow:  # noqa: N801 - reads as a word: Depends(allow("referrals:work"))
    """A dependency that gives the actor if it holds a scope, and 403 `forbidden` otherwise."""

    def __init__(self, scope: str) -> None:
        if not any(scope in scopes for scopes in ROLE_SCOPES.values()):
            raise ValueError(f"no role has the scope {scope}")
        self.scope = scope

    def __call__(self, request: Request) -> Actor:
        """Return who asks."""
        actor: Actor = request.state.actor
        if self.scope not in actor.scopes:
            raise Forbidden()
        return actor


class anyone:  # noqa: N801 - reads as a word: Depends(anyone("every client reads the policy"))
    """A dependency that gives the actor whatever its scopes, and says why none is asked for."""

    def __init__(self, because: str) -> None:
        self.because = because

    def __call__(self, request: Request) -> Actor:
        """Return who asks."""
        actor: Actor = request.state.actor
        return actor


def _uuid(value: Any) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise tokens.Unacceptable("claims") from None
