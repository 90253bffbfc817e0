"""A partner's own program at the gateway: its key, its retries, what it may not do."""

from uuid import uuid4

import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey

from chassis.clock import system_clock
from tests.e2e.sent import HANGZHOU, NAME, WUHAN, referral

FORM = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def assertion(client_id, key, audience, **more):
    now = int(system_clock().timestamp())
    said = {"iss": client_id, "sub": client_id, "aud": audience, "jti": uuid4().hex}
    said |= {"iat": now, "exp": now + 50} | more
    head = {"alg": "Ed25519", "typ": "client-authentication+jwt", "kid": key.kid}
    return jwt.encode(head, said, key, algorithms=["Ed25519"])


async def test_a_court_proves_itself_by_its_key_and_refers(house, guest):
    key = OKPKey.generate_key("Ed25519", {"kid": "2026-a"})
    bureau = guest.of(WUHAN, "city-bureau-1")
    made = await bureau.post(
        "/api-clients",
        {
            "name": f"court-{uuid4().hex[:8]}",
            "kind": "court",
            "role": "partner",
            "partner_id": house.client(WUHAN, "court-1")["partner_id"],
            "keys": [key.as_dict(private=False)],
        },
    )
    metadata = (await guest.http.get("/.well-known/oauth-authorization-server")).json()
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]

    async def ask(proof):
        form = {"grant_type": "client_credentials", "client_assertion_type": FORM}
        return await guest.http.post(
            metadata["token_endpoint"], data=form | {"client_assertion": proof}
        )

    proof = assertion(made["id"], key, metadata["issuer"])
    granted = await ask(proof)
    assert granted.status_code == 200
    bearer = {"authorization": f"Bearer {granted.json()['access_token']}"}
    sent = await guest.http.post(
        f"/v1/{WUHAN}/referrals",
        content=orjson.dumps(referral(WUHAN)),
        headers=bearer | {"content-type": "application/json", "idempotency-key": uuid4().hex},
    )
    assert sent.status_code == 201
    assert sent.headers["location"] == f"/v1/{WUHAN}/referrals/{sent.json()['id']}"
    assert sent.headers["etag"] == '"1"'

    elsewhere = assertion(made["id"], key, metadata["token_endpoint"])
    other = assertion(made["id"], OKPKey.generate_key("Ed25519", {"kid": "2026-a"}), house.url)
    for refused in (proof, elsewhere, other):
        answer = await ask(refused)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
    abroad = await guest.http.get(f"/v1/{HANGZHOU}/referrals", headers=bearer)
    assert abroad.json()["type"] == "/problems/forbidden"


async def test_the_same_post_again_gets_the_same_bytes_through_the_gateway(guest):
    partner = guest.of(WUHAN, "court-1")
    body, key = referral(WUHAN), uuid4().hex
    first = await partner.ask("POST", "/referrals", body, **{"idempotency-key": key})
    again = await partner.ask("POST", "/referrals", body, **{"idempotency-key": key})

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for name in ("location", "etag", "content-type"):
        assert first.headers[name] == again.headers[name]
    assert NAME not in first.text

    changed = body | {"urgency": "immediate"}
    reused = await partner.ask("POST", "/referrals", changed, **{"idempotency-key": key})
    assert (reused.status_code, reused.json()["type"]) == (422, "/problems/key-reused")
    doubled = await partner.ask("POST", "/referrals", body, **{"idempotency-key": uuid4().hex})
    assert (doubled.status_code, doubled.json()["type"]) == (409, "/problems/duplicate-reference")
    assert first.json()["tracking_no"] in doubled.text
