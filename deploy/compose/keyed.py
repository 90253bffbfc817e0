"""A client that proves itself by its private key (`private_key_jwt`), as everybody in production."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jwt

from chassis import tokens
from chassis.ids import uuid7
from deploy.calls import Caller
from gateway.decide import ASSERTION, ASSERTION_SECONDS


@dataclass
class KeyCaller(Caller):
    """One client with its private key; `issuer` is whom the proof is for."""

    key: Mapping[str, Any] = field(default_factory=dict, repr=False)
    issuer: str = ""

    async def _proven(self, form: Mapping[str, str]) -> httpx.Response:
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": uuid7().hex,
        }
        held = tokens.key_from(self.key)
        algorithm = tokens.algorithm_of(held)
        header = {"alg": algorithm, "typ": "client-authentication+jwt", "kid": self.key["kid"]}
        proof = {
            "client_assertion_type": ASSERTION,
            "client_assertion": jwt.encode(header, claims, held, algorithms=[algorithm]),
        }
        return await self.http.post("/oauth/token", data=dict(form) | proof)
