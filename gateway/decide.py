"""The gateway's decisions: who may call, who proved to be whom, and what a token then says."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from chassis import tokens
from chassis.identity import PLATFORM, ROLE_SCOPES
from chassis.ids import uuid7
from chassis.problems import At, Forbidden, Invalid, Problem, Taken
from gateway.models import Client, ClientView, NewClient

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
ASSERTION_TYPES = ("client-authentication+jwt", "JWT", None)
"""The first is the name it should have; most libraries write the second or nothing."""

_LONGEST_JTI = 255
_SECRET_BYTES = 32
_NEEDS = {
    "partner": ("partner_id",),
    "worker": ("station_id", "worker_id"),
    "station_head": ("station_id",),
    "township": ("division",),
    "district_bureau": ("division",),
    "agency": ("agency_id",),
}
"""What a role reaches by; without it the role would reach nothing, or everything."""


# ---------------------------------------------------------------------- who may call


def new_client(city: str, ask: NewClient, now: datetime, *, keyless: bool = False) -> Client:
    """Return the client that was asked for, if its role, reach, scopes and keys fit together.

    `keyless` is for the embedded run alone, where a secret may stand for keys.
    """
    wrong = [
        At(f"/{name}", "missing", "该角色必须填写", "this role needs it")
        for name in _NEEDS.get(ask.role, ())
        if getattr(ask, name) is None
    ]
    if (city == PLATFORM) != (ask.role == "platform_admin"):
        wrong.append(At("/role", "not-here", "该角色不属于此处", "this role does not belong here"))
    allowed = ROLE_SCOPES[ask.role]
    scopes = sorted(allowed) if ask.scopes is None else sorted(set(ask.scopes))
    if not set(scopes) <= allowed:
        wrong.append(
            At("/scopes", "too-wide", "超出角色的权限", "the role may not have all of these")
        )
    if any(not p or len(p) > 40 or " " in p for p in ask.purposes):  # noqa: PLR2004
        wrong.append(At("/purposes", "invalid", "用途无效", "a purpose is one short word"))
    if not ask.keys and not keyless:
        wrong.append(At("/keys", "missing", "至少需要一把公钥", "one public key at least"))
    keys, bad = _public_keys(ask.keys)
    if wrong or bad:
        raise Invalid([*wrong, *bad])
    return Client(
        id=f"{city}.{ask.name}",
        kind=ask.kind,
        role=ask.role,
        scopes=scopes,
        purposes=list(dict.fromkeys(ask.purposes)),
        division=ask.division,
        station_id=ask.station_id,
        partner_id=ask.partner_id,
        agency_id=ask.agency_id,
        worker_id=ask.worker_id,
        keys=keys,
        created_at=now,
    )


def may_register(city: str, ask: NewClient) -> None:
    """Refuse another city's clients, but for the bureau the platform starts a city with."""
    if ask.city in (None, city):
        return
    if city != PLATFORM or ask.city == PLATFORM:
        raise Invalid([At("/city", "not-here", "只能登记本地客户端", "clients of here only")])
    if ask.role != "city_bureau":
        raise Invalid([At("/role", "not-here", "仅可登记市级部门", "a city's bureau only")])


def must_be_first(bureau: Client | None) -> None:
    """Refuse the platform a second bureau of a city: who holds no people makes nobody who does."""
    if bureau is not None:
        raise Forbidden(
            "该城市的客户端由其自行管理", "This city has its bureau and keeps its own clients"
        )


def same_client(known: Client, wished: Client) -> Client:
    """Return the client that stands if it is the one wished for, else say the name is taken."""
    compared = ("kind", "role", "scopes", "purposes", "division", "keys", "active")
    if all(getattr(known, name) == getattr(wished, name) for name in compared):
        return known
    raise Taken("/name", "该名称已被使用", "A client of this name stands there")


def with_keys(client: Client, keys: Sequence[dict[str, Any]]) -> Client:
    """Replace the keys a client signs with: the old and the new one together while it changes."""
    kept, bad = _public_keys(keys)
    if bad:
        raise Invalid(bad)
    client.keys = kept
    return client


def put_out(client: Client, now: datetime) -> Client:
    """Stop a client: no new token from now on, and within a minute no call."""
    if client.active:
        client.active = False
        client.deactivated_at = now
    return client


def view_of(client: Client) -> ClientView:
    """Return what the keepers of clients see: key names, no keys and no secret."""
    kids = [key["kid"] for key in client.keys]
    return ClientView.model_validate(client.model_dump() | {"kids": kids})


def _public_keys(keys: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[At]]:
    kept: list[dict[str, Any]] = []
    wrong: list[At] = []
    for place, jwk in enumerate(keys):
        at = f"/keys/{place}"
        kid = jwk.get("kid")
        if "d" in jwk:
            wrong.append(At(at, "private", "请勿发送私钥", "this is a private key: keep it"))
        elif not isinstance(kid, str) or not 0 < len(kid) <= 100:  # noqa: PLR2004
            wrong.append(At(f"{at}/kid", "missing", "缺少 kid", "a key needs a name (kid)"))
        elif kid in [k["kid"] for k in kept]:
            wrong.append(At(f"{at}/kid", "taken", "kid 重复", "two keys have this name"))
        else:
            try:
                tokens.key_from(jwk)
            except tokens.Unacceptable:
                wrong.append(
                    At(at, "unknown-key", "仅支持 P-256 与 Ed25519", "P-256 or Ed25519 only")
                )
            else:
                shown = ("kty", "crv", "x", "y", "kid")
                kept.append({name: jwk[name] for name in shown if name in jwk})
    return kept, wrong


# ---------------------------------------------------------------------- who proved to be whom


def new_secret() -> tuple[str, bytes]:
    """Return a client secret and what is kept of it.

    The secret is 256 random bits and never a word somebody chose, so one hash is enough.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return secret, secret_hash(secret)


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(b"shegong client secret " + secret.encode()).digest()


def secret_fits(client: Client, secret: str) -> bool:
    """Whether a client that has a secret gave it."""
    kept = client.secret_hash
    return kept is not None and hmac.compare_digest(kept, secret_hash(secret))


def proven(client: Client, assertion: str, issuer: str, now: float) -> tuple[bytes, float]:
    """Return an assertion's id by hash and its end, if it proves to come from this client.

    `aud` is the issuer and nothing else: an assertion made for another server, or for a token
    address somebody suggested, opens nothing here.
    """
    keys = {jwk["kid"]: tokens.key_from(jwk) for jwk in client.keys}

    def key_of(kid: str | None) -> tokens.Key | None:
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        return keys.get(kid or "")

    try:
        given = assertion.encode("ascii")
    except UnicodeEncodeError:
        raise tokens.Unacceptable("form") from None
    claims = tokens.read(
        given,
        key_of,
        typ=ASSERTION_TYPES,
        issuer=client.id,
        audience=issuer,
        algorithms=(tokens.ES256, tokens.ED25519),
        longest=ASSERTION_SECONDS,
        now=now,
    )
    if claims["sub"] != client.id or len(claims["jti"]) > _LONGEST_JTI:
        raise tokens.Unacceptable("subject")
    return hashlib.sha256(claims["jti"].encode()).digest(), float(claims["exp"])


# ---------------------------------------------------------------------- what the token says


def asked_of(body: bytes) -> dict[str, str]:
    """Return the fields of a token request; a field given twice is refused, as OAuth asks."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=False, max_num_fields=20)
    except ValueError:
        raise refusal("invalid_request") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise refusal("invalid_request")
    return fields


def granted(client: Client, scope: str | None, purpose: str | None) -> tuple[list[str], str]:
    """Return the scopes and the purpose of a token, within what the client may have."""
    scopes = client.scopes if scope is None else sorted(set(scope.split()))
    if not scopes or not set(scopes) <= set(client.scopes):
        raise refusal("invalid_scope")
    purpose = client.purposes[0] if purpose is None else purpose
    if purpose not in client.purposes:
        raise refusal("invalid_request", "用途未登记", "this purpose is not on the client's list")
    return scopes, purpose


def access_claims(
    client: Client, scopes: Sequence[str], purpose: str, issuer: str, now: int
) -> dict[str, Any]:
    """Return what an access token says: who, of which city, in which role, how far, what for."""
    said: dict[str, Any] = {
        "iss": issuer,
        "aud": issuer,
        "sub": client.id,
        "client_id": client.id,
        "iat": now,
        "exp": now + tokens.ACCESS_SECONDS,
        "jti": uuid7().hex,
        "city": client.id.partition(".")[0],
        "role": client.role,
        "scope": " ".join(scopes),
        "purpose": purpose,
        "div": client.division,
    }
    ids: dict[str, UUID | None] = {
        "station_id": client.station_id,
        "partner_id": client.partner_id,
        "agency_id": client.agency_id,
        "worker_id": client.worker_id,
    }
    said |= {name: str(value) for name, value in ids.items() if value is not None}
    return {name: value for name, value in said.items() if value is not None}


_REFUSALS = {
    "invalid_client": ("unauthenticated", "客户端认证失败", "the client did not prove who it is"),
    "invalid_request": ("malformed", "令牌请求无效", "the token request does not fit"),
    "invalid_scope": ("malformed", "scope 超出范围", "the client may not have this scope"),
    "unsupported_grant_type": (
        "malformed",
        "仅支持 client_credentials",
        "client_credentials is the only grant here",
    ),
}


def refusal(error: str, zh: str = "", en: str = "") -> Problem:
    """Return OAuth's error as a problem: both kinds of reader find their word in it."""
    slug, said_zh, said_en = _REFUSALS[error]
    say = {"zh": zh or said_zh, "en": en or said_en}
    headers = {"cache-control": "no-store"}
    if slug == "unauthenticated":
        headers["www-authenticate"] = 'Bearer realm="shegong"'
    return Problem(
        slug, say, headers=headers, extra={"error": error, "error_description": say["en"]}
    )
