"""Calling the platform as one of its clients: what the command line and the demo do, over HTTP."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from deploy.trouble import Trouble

WAIT = 30.0


def door(base_url: str) -> httpx.AsyncClient:
    """Open the way to a gateway; what it answers in Chinese is said in English by its names."""
    return httpx.AsyncClient(base_url=base_url, timeout=WAIT, headers={"accept-language": "zh-CN"})


@dataclass
class Caller:
    """One client with its secret; its token is asked for when first needed."""

    http: httpx.AsyncClient
    client_id: str
    secret: str = field(default="", repr=False)
    purpose: str | None = None
    _token: str | None = field(default=None, repr=False)

    @property
    def city(self) -> str:
        """The city a client id begins with."""
        return self.client_id.partition(".")[0]

    async def token(self) -> str:
        """Return an access token."""
        if self._token is None:
            form = {"grant_type": "client_credentials"}
            if self.purpose:
                form["purpose"] = self.purpose
            answer = await self._proven(form)
            if answer.is_error:
                raise refused(answer, self.client_id)
            self._token = str(answer.json()["access_token"])
        return self._token

    async def _proven(self, form: Mapping[str, str]) -> httpx.Response:
        """Ask for a token, saying who asks."""
        who = (self.client_id, self.secret)
        return await self.http.post("/oauth/token", data=dict(form), auth=who)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request under the client's city and return whatever is answered."""
        sent = {"authorization": f"Bearer {await self.token()}"}
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            sent["content-type"] = "application/json"
        if method == "POST":
            # The same request has the same key, so a run cut short is simply run again.
            said = method.encode() + path.encode() + (content or b"")
            sent["idempotency-key"] = hashlib.sha256(said).hexdigest()
        at = f"/v1/{self.city}{path}"
        return await self.http.request(method, at, content=content, headers=sent | headers)

    async def get(self, path: str, **headers: str) -> Any:
        """Read, or stop with the problem that was answered."""
        return answered(await self.ask("GET", path, **headers), path)

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        """Write, or stop with the problem that was answered."""
        return answered(await self.ask("POST", path, body, **headers), path)

    async def patch(self, path: str, body: Any, version: int) -> Any:
        """Change what was seen at a version, or stop with the problem that was answered."""
        return answered(await self.ask("PATCH", path, body, **{"if-match": f'"{version}"'}), path)


def answered(answer: httpx.Response, path: str) -> Any:
    """Return an answer's content; a problem stops with its own words."""
    if answer.is_error:
        raise refused(answer, path)
    return answer.json() if answer.content else None


def refused(answer: httpx.Response, what: str) -> Trouble:
    """Turn a problem into one clear line: in the language answered, and in English by its names."""
    try:
        body = answer.json()
        slug, wrong = body["type"], body.get("errors", [])
        errors = "; ".join(f"{e['at']}: {e['say']}" for e in wrong)
        zh = f"{slug} {body['detail']} {errors}".strip()
        en = " ".join([slug, *(f"{e['at']} {e['code']}" for e in wrong)])
    except (ValueError, KeyError, TypeError):
        zh = en = answer.text[:200]
    return Trouble(f"{what}：{answer.status_code} {zh}", f"{what}: {answer.status_code} {en}")
