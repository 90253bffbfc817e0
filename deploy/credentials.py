"""How a command proves who it is: a secret, a private key, or a token that was fetched before.

CLIENT                    an operator of the platform that runs from the data folder
CLIENT:SECRET             in the embedded run
CLIENT:@FILE              a private key (JWK or PEM), or a file that holds an access token
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from chassis.clock import system_clock
from chassis.config import setting
from deploy.calls import Caller, answered, door
from deploy.trouble import Trouble

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METADATA = "/.well-known/oauth-authorization-server"
SECONDS = 50
"""How long an assertion holds; the gateway takes a minute at most."""
Key = OKPKey | ECKey


@dataclass
class Signer(Caller):
    """A client that proves itself by its private key, as a partner's program does."""

    key: Key = field(kw_only=True, repr=False)

    async def _proven(self, form: Mapping[str, str]) -> httpx.Response:
        issuer = answered(await self.http.get(METADATA), METADATA)["issuer"]
        proof = {"client_assertion_type": ASSERTION, "client_assertion": self._assertion(issuer)}
        return await self.http.post("/oauth/token", data=dict(form) | proof)

    def _assertion(self, issuer: str) -> str:
        now = int(system_clock().timestamp())
        claims: dict[str, str | int] = {"iss": self.client_id, "sub": self.client_id, "aud": issuer}
        claims |= {"jti": uuid4().hex, "iat": now, "exp": now + SECONDS}
        alg = "Ed25519" if isinstance(self.key, OKPKey) else "ES256"
        head = {"alg": alg, "typ": "client-authentication+jwt"}
        if kid := self.key.as_dict(private=False).get("kid"):
            head["kid"] = str(kid)
        return jwt.encode(head, claims, self.key, algorithms=[alg])


def caller(http: httpx.AsyncClient, given: str) -> Caller:
    """Return the client that was named, ready to prove itself."""
    who, colon, proof = given.partition(":")
    if not colon:
        return Caller(http, who, _held(who))
    if not proof.startswith("@"):
        return Caller(http, who, proof)
    file = Path(proof[1:])
    try:
        text = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{file} 无法读取", f"{file} cannot be read") from error
    if (token := _token(text)) is not None:
        return Caller(http, who, _token=token)
    return Signer(http, who, key=_key(file, text))


def _token(text: str) -> str | None:
    """Return the access token a file holds: alone, or in the answer it came in."""
    if text.startswith("{"):
        found = _json(text).get("access_token")
        return str(found) if found else None
    return text if text.count(".") == 2 and "\n" not in text else None  # noqa: PLR2004 - a JWS


def _json(text: str) -> dict[str, Any]:
    try:
        made = json.loads(text)
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}


def _key(file: Path, text: str) -> Key:
    said: Any = _json(text) if text.startswith("{") else text
    for kind in (OKPKey, ECKey):
        try:
            key: Key = kind.import_key(said)
        except (JoseError, ValueError, KeyError, TypeError):
            continue
        if key.is_private:
            return key
    raise Trouble(
        f"{file} 不是私钥（JWK 或 PEM，Ed25519 或 P-256），也不是令牌",
        f"{file} is no private key (JWK or PEM, Ed25519 or P-256) and no token",
    )


def _held(who: str) -> str:
    """Return the secret of an operator or a demo client of the platform beside."""
    data = Path(setting("SHEGONG_DATA", "./.shegong"))
    known: dict[str, str] = {}
    for name in ("demo.json", "operators.json"):
        if (note := data / name).exists():
            said = orjson.loads(note.read_bytes())
            clients = said.get("clients")
            known |= {c["client_id"]: c["client_secret"] for c in clients} if clients else said
    if who not in known:
        raise Trouble(
            f"不知道 {who} 的密钥：请写作 {who}:SECRET 或 {who}:@私钥文件",
            f"nothing proves {who}: give {who}:SECRET or {who}:@FILE of its private key",
        )
    return known[who]


def public_key(file: Path) -> dict[str, Any]:
    """Return the public half of the key in a file; where there is none, one is made."""
    if not file.exists():
        made = OKPKey.generate_key("Ed25519")
        private = made.as_dict(private=True) | {"kid": uuid4().hex[:12]}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
            kept.write(orjson.dumps(private))
    said: dict[str, Any] = _key(file, file.read_text("ascii").strip()).as_dict(private=False)
    return said


async def token_of(given: str, url: str | None) -> str:
    """Fetch an access token from the platform at an address, or from the one beside."""
    async with door(url or beside()) as http:
        return await caller(http, given).token()


def beside() -> str:
    """Return where the platform answers that runs from the data folder."""
    data = Path(setting("SHEGONG_DATA", "./.shegong"))
    try:
        url: str = orjson.loads((data / "run.json").read_bytes())["base_url"]
    except FileNotFoundError:
        raise Trouble(
            f"{data} 中没有运行的平台：请先 make up，或用 --url 指明地址",
            f"no platform runs from {data}: make up first, or name one with --url",
        ) from None
    return url
