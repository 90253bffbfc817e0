"""The token door: a client proves who it is and gets a short token for one role in one city."""

import base64
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import asyncpg
from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from chassis import described, log, tokens
from chassis.binding import JSON
from chassis.db import Database, Taken, Transaction, Who
from chassis.identity import ROLE_SCOPES
from chassis.problems import Busy, Problem
from gateway import decide
from gateway.models import Client, UsedJti

router = APIRouter(tags=["identity"])

_CLIENT_ID = re.compile(r"([0-9]{6})\.[a-z0-9][a-z0-9-]{0,62}")
_FORM = "application/x-www-form-urlencoded"
_REPLAY = "used_jti_pkey"
_SWEEP = """
DELETE FROM used_jti WHERE (city, client_id, digest) IN (
  SELECT city, client_id, digest FROM used_jti
   WHERE city = $1 AND expires_at < $2 ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)
"""
_GRANTED = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "description": "seconds"},
        "scope": {"type": "string"},
    },
}


@router.post(
    "/oauth/token",
    summary="Get an access token",
    operation_id="post_token",
    openapi_extra={
        "responses": {"200": {"content": {JSON: {"schema": _GRANTED}}}}
        | described.problems(400, 401, 413, 415, 429, 500, 503),
        "requestBody": {
            "required": True,
            "content": {
                _FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type"],
                        "properties": {
                            "grant_type": {"const": "client_credentials"},
                            "client_assertion_type": {"const": decide.ASSERTION},
                            "client_assertion": {"type": "string"},
                            "scope": {"type": "string"},
                            "purpose": {"type": "string"},
                        },
                    }
                }
            },
        },
    },
)
async def post_token(request: Request) -> Response:
    """Give a client that proved who it is a token for ten minutes.

    `private_key_jwt` always; a client secret in the embedded run only. `scope` narrows what the
    client may do, `purpose` is one of those on its list.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise Problem("unsupported-media-type", {"zh": f"请使用 {_FORM}", "en": f"send {_FORM}"})
    asked = decide.asked_of(await request.body())
    if asked.get("grant_type") != "client_credentials":
        raise decide.refusal(
            "unsupported_grant_type" if "grant_type" in asked else "invalid_request"
        )
    client_id, secret = _named(request, asked)
    found = _CLIENT_ID.fullmatch(client_id)
    if found is None:
        raise decide.refusal("invalid_client")
    state = request.app.state
    database: Database = state.database
    who = Who(found[1], client_id, "token", client_id)
    try:
        async with database.begin(who) as tx:
            if secret is None:
                assertion = asked["client_assertion"]
                client = await _known_by_key(tx, client_id, assertion, state.issuer)
            elif state.secrets:
                client = await _known_by_secret(tx, client_id, secret)
            else:
                raise decide.refusal("invalid_client")
            scopes, purpose = decide.granted(client, asked.get("scope"), asked.get("purpose"))
            tx.audit("token.issue", "client", None, fields=[purpose, *scopes])
            now = int(tx.now.timestamp())
            claims = decide.access_claims(client, scopes, purpose, state.issuer, now)
    except asyncpg.LockNotAvailableError:
        raise Busy() from None
    except Taken as taken:
        if taken.constraint != _REPLAY:
            raise
        log.warning("assertion used twice", client=client_id)
        raise decide.refusal("invalid_client") from None
    signer: tokens.Signer = state.signer
    return JSONResponse(
        {
            "access_token": signer.mint(tokens.ACCESS, claims),
            "token_type": "Bearer",
            "expires_in": tokens.ACCESS_SECONDS,
            "scope": " ".join(scopes),
        },
        headers={"cache-control": "no-store"},
    )


@router.get(
    "/.well-known/jwks.json", summary="The keys tokens are signed with", operation_id="get_keys"
)
async def jwks(request: Request) -> dict[str, Any]:
    """Return the present and the next key."""
    public: dict[str, Any] = request.app.state.signer.public()
    return public


@router.get(
    "/.well-known/oauth-authorization-server",
    summary="What the token door can do",
    operation_id="get_metadata",
)
async def metadata(request: Request) -> dict[str, Any]:
    """Return the authorization server's metadata (RFC 8414)."""
    issuer: str = request.app.state.issuer
    methods = ["private_key_jwt"]
    if request.app.state.secrets:
        methods += ["client_secret_post", "client_secret_basic"]
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": [tokens.ES256, tokens.ED25519],
        "scopes_supported": sorted(set().union(*ROLE_SCOPES.values()) - ROLE_SCOPES["public"]),
    }


def _named(request: Request, asked: dict[str, str]) -> tuple[str, str | None]:
    """Return who the client says it is, and its secret if it sent one; one way at a time."""
    basic = request.headers.get("authorization")
    ways = [basic is not None, "client_secret" in asked, "client_assertion" in asked]
    if sum(ways) != 1:
        raise decide.refusal("invalid_request" if any(ways) else "invalid_client")
    if basic is not None:
        return _basic(basic)
    if "client_secret" in asked:
        return asked.get("client_id", ""), asked["client_secret"]
    if asked.get("client_assertion_type") != decide.ASSERTION:
        raise decide.refusal("invalid_request")
    # Whom to look up; that it is true is proven by the signature of the key found there.
    claimed = tokens.unproven_issuer(asked["client_assertion"])
    if asked.get("client_id", claimed) != claimed:
        raise decide.refusal("invalid_client")
    return claimed, None


def _basic(header: str) -> tuple[str, str]:
    scheme, _, text = header.partition(" ")
    try:
        user, colon, secret = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except ValueError:  # no letters, no base64, or no text in it
        raise decide.refusal("invalid_client") from None
    if scheme.lower() != "basic" or not colon:
        raise decide.refusal("invalid_client")
    return unquote_plus(user), unquote_plus(secret)


async def _known_by_secret(tx: Transaction, client_id: str, secret: str) -> Client:
    client = await tx.peek(Client, client_id)
    if client is None or not client.active or not decide.secret_fits(client, secret):
        raise decide.refusal("invalid_client")
    return client


async def _known_by_key(tx: Transaction, client_id: str, assertion: str, issuer: str) -> Client:
    client = await tx.peek(Client, client_id)
    if client is None or not client.active:
        raise decide.refusal("invalid_client")
    try:
        digest, ends = decide.proven(client, assertion, issuer, tx.now.timestamp())
    except tokens.Unacceptable as reason:
        log.warning("assertion refused", client=client_id, reason=str(reason))
        raise decide.refusal("invalid_client") from None
    await tx.execute(_SWEEP, tx.city, tx.now)
    # The unique key decides: of two that arrive at once one waits for the other and is refused.
    tx.keep(
        UsedJti(client_id=client_id, digest=digest, expires_at=datetime.fromtimestamp(ends, UTC))
    )
    return client
