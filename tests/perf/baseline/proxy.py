"""A gateway as a tutorial would write it: verify, mint, pass on with httpx."""

import time
from pathlib import Path

import httpx
from fastapi import FastAPI, HTTPException, Request, Response

from chassis import tokens
from chassis.config import setting
from chassis.ids import uuid7

app = FastAPI()
keys = tokens.KeyFile(Path(setting("SHEGONG_JWKS")))
signer = tokens.Signer.open(Path(setting("SHEGONG_SIGNING_KEYS")))
issuer = setting("SHEGONG_ISSUER")
http = httpx.AsyncClient(base_url=setting("BASELINE_SERVICE"), timeout=30)


@app.api_route("/v1/{path:path}", methods=["GET", "POST"])
async def passed(path: str, request: Request) -> Response:
    now = time.time()
    try:
        said = tokens.read(
            request.headers["authorization"].removeprefix("Bearer ").encode(),
            keys,
            typ={tokens.ACCESS},
            issuer=issuer,
            audience=issuer,
            algorithms={tokens.ED25519},
            longest=tokens.ACCESS_SECONDS,
            now=now,
            needed=("iat", "exp", "sub", "jti"),
        )
    except tokens.Unacceptable:
        raise HTTPException(401) from None
    inside = said | {
        "aud": "casework",
        "iat": int(now),
        "jti": uuid7().hex,
        "exp": int(now + tokens.INTERNAL_SECONDS),
    }
    headers = {
        "authorization": f"Bearer {signer.mint(tokens.INTERNAL, inside)}",
        "content-type": request.headers.get("content-type", ""),
        "idempotency-key": request.headers.get("idempotency-key", ""),
    }
    answer = await http.request(
        request.method, f"/v1/{path}", headers=headers, content=await request.body()
    )
    return Response(answer.content, answer.status_code, media_type="application/json")
