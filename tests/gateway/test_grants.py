"""The token door: who proves to be a client gets its token, everybody else the same answer."""

import asyncio
import base64
import json
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64encode

from chassis import tokens
from chassis.clock import system_clock
from chassis.db import Who
from chassis.identity import ROLE_SCOPES, Verifier
from gateway.bootstrap import add_client
from gateway.decide import ASSERTION
from gateway.models import Client, NewClient, UsedJti
from tests.conftest import HANGZHOU, WUHAN
from tests.gateway.conftest import ISSUER, gateway

pytestmark = pytest.mark.usefixtures("court")

ME = f"{WUHAN}.court-keys"
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "edwards"})
OTHER = OKPKey.generate_key("Ed25519", {"kid": "edwards"})


@pytest.fixture(scope="module")
async def court(house):
    """Register a partner that proves itself by two keys."""
    keys = [CURVE.as_dict(private=False), EDWARDS.as_dict(private=False)]
    wish = {"kind": "court", "role": "partner", "partner_id": uuid4(), "keys": keys}
    ask = NewClient(name="court-keys", purposes=["service", "statistics"], **wish)
    await add_client(house.database, WUHAN, ask)
    await add_client(house.database, HANGZHOU, ask)


def now():
    return int(system_clock().timestamp())


def assertion(key=EDWARDS, header=None, **other):
    alg = "ES256" if key.key_type == "EC" else "Ed25519"
    head = {"alg": alg, "typ": "client-authentication+jwt", "kid": key.kid} | (header or {})
    said = {
        "iss": ME,
        "sub": ME,
        "aud": ISSUER,
        "jti": uuid4().hex,
        "iat": now(),
        "exp": now() + 50,
    } | other
    said = {name: value for name, value in said.items() if value is not ...}
    head = {name: value for name, value in head.items() if value is not ...}
    return jwt.encode(head, said, key, algorithms=[alg], default_type=None)


def by_hand(header):
    """Sign a header no library would sign."""
    head, body, _ = assertion().split(".")
    head = {"alg": "Ed25519", "typ": "JWT", "kid": "edwards"} | header
    start = b".".join([urlsafe_b64encode(json.dumps(head).encode()), body.encode()])
    signature = urlsafe_b64encode(EDWARDS.private_key.sign(start))
    return b".".join([start, signature]).decode()


async def ask(gate, given=None, **other):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion() if given is None else given,
    } | other
    return await gate.client.post(
        "/oauth/token", data={k: v for k, v in form.items() if v is not ...}
    )


@pytest.mark.parametrize("key", [CURVE, EDWARDS], ids=["P-256", "Ed25519"])
@pytest.mark.parametrize("typ", ["client-authentication+jwt", "JWT", ...])
async def test_a_client_that_proves_itself_gets_a_token(gate, keys, key, typ):
    answer = await ask(gate, assertion(key, {"typ": typ}))

    assert answer.status_code == 200, answer.text
    got = answer.json()
    assert (got["token_type"], got["expires_in"]) == ("Bearer", 600)
    assert answer.headers["cache-control"] == "no-store"
    actor = Verifier(keys / "jwks.json", ISSUER, ISSUER, tokens.ACCESS)(
        got["access_token"].encode()
    )
    assert (actor.subject, actor.city, actor.role) == (ME, WUHAN, "partner")
    assert actor.scopes == ROLE_SCOPES["partner"]
    assert actor.partner_id is not None
    head = json.loads(base64.urlsafe_b64decode(got["access_token"].split(".")[0] + "=="))
    assert (head["alg"], head["typ"]) == ("Ed25519", "at+jwt")


FORGED = {
    "for the token address": lambda: assertion(aud=f"{ISSUER}/oauth/token"),
    "for a list": lambda: assertion(aud=[ISSUER]),
    "for two servers": lambda: assertion(aud=[ISSUER, "http://other.test"]),
    "for another server": lambda: assertion(aud="http://other.test"),
    "for nobody": lambda: assertion(aud=...),
    "for the issuer with a slash": lambda: assertion(aud=f"{ISSUER}/"),
    "about another subject": lambda: assertion(sub=f"{WUHAN}.court-1"),
    "without subject": lambda: assertion(sub=...),
    "by another issuer": lambda: assertion(iss=f"{WUHAN}.bureau-1", sub=f"{WUHAN}.bureau-1"),
    "by nobody": lambda: assertion(iss=...),
    "by an unknown client": lambda: assertion(iss=f"{WUHAN}.none", sub=f"{WUHAN}.none"),
    "by no client id": lambda: assertion(iss="x' OR 1=1", sub="x' OR 1=1"),
    "in another city": lambda: assertion(iss=f"{HANGZHOU}.court-1", sub=f"{HANGZHOU}.court-1"),
    "expired": lambda: assertion(exp=now() - 1),
    "without end": lambda: assertion(exp=...),
    "that lives an hour": lambda: assertion(exp=now() + 3600),
    "that began long ago": lambda: assertion(iat=now() - 3600),
    "from the future": lambda: assertion(iat=now() + 30),
    "not valid yet": lambda: assertion(nbf=now() + 30),
    "without an id": lambda: assertion(jti=...),
    "with an id of another kind": lambda: assertion(jti=5),
    "with an endless id": lambda: assertion(jti="x" * 300),
    "with another's key": lambda: assertion(OTHER),
    "with a key that is not named": lambda: assertion(EDWARDS, {"kid": ...}),
    "with an unknown key name": lambda: assertion(EDWARDS, {"kid": "none"}),
    "with the other key's name": lambda: assertion(EDWARDS, {"kid": "curve"}),
    "as an access token": lambda: assertion(EDWARDS, {"typ": "at+jwt"}),
    "as an internal token": lambda: assertion(EDWARDS, {"typ": "at-int+jwt"}),
    "with a key of its own": lambda: assertion(OTHER, {"jwk": OTHER.as_dict(private=False)}),
    "with a key address": lambda: assertion(OTHER, {"jku": "https://evil.test/jwks"}),
    "with a critical extension": lambda: by_hand({"crit": ["exp"], "exp": 9}),
    "with a shared secret": lambda: jwt.encode(
        {"alg": "HS256", "kid": "edwards"},
        {"iss": ME, "sub": ME, "aud": ISSUER, "jti": "1", "exp": now() + 50},
        OctKey.import_key(json.dumps(EDWARDS.as_dict(private=False))),
    ),
    "with RSA": lambda: jwt.encode(
        {"alg": "RS256", "kid": "edwards"},
        {"iss": ME, "sub": ME, "aud": ISSUER, "jti": "1", "exp": now() + 50},
        RSAKey.generate_key(2048),
    ),
    "unsigned": lambda: assertion().rpartition(".")[0] + ".",
    "cut": lambda: assertion()[:-9],
    "no token": lambda: "x.y.z",
    "not in letters": lambda: "王.王.王",
    "endless": lambda: "a" * 20_000,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_or_stale_assertion_gets_the_same_answer(gate, forge):
    answer = await ask(gate, forge())

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["error"], body["type"]) == ("invalid_client", "/problems/unauthenticated")
    unknown = await ask(gate, assertion(iss=f"{WUHAN}.nobody", sub=f"{WUHAN}.nobody"))
    assert body | {"trace_id": None} == unknown.json() | {"trace_id": None}


async def test_an_assertion_works_once(gate):
    given = assertion()

    first, second = await ask(gate, given), await ask(gate, given)

    assert (first.status_code, second.status_code) == (200, 401)


async def test_of_many_that_come_at_once_with_one_assertion_one_gets_in(gate):
    given = assertion()

    answers = await asyncio.gather(*(ask(gate, given) for _ in range(12)))

    assert sorted(a.status_code for a in answers) == [200, *[401] * 11]


async def test_the_same_id_from_two_clients_is_two_assertions(gate):
    jti = uuid4().hex
    other = f"{HANGZHOU}.court-keys"

    mine = await ask(gate, assertion(jti=jti))
    theirs = await ask(gate, assertion(jti=jti, iss=other, sub=other))

    assert (mine.status_code, theirs.status_code) == (200, 200)


async def test_used_assertions_are_forgotten_when_they_could_not_be_used_anyway(gate):
    who = Who(WUHAN, "test", "test")
    async with gate.database.begin(who) as tx:
        old = tx.now - timedelta(minutes=5)
        tx.keep(UsedJti(client_id=ME, digest=b"old", expires_at=old))

    await ask(gate)

    async with gate.database.begin(who) as tx:
        assert await tx.count(UsedJti, UsedJti.digest == b"old") == 0
        assert await tx.count(UsedJti, UsedJti.client_id == ME) > 0


async def test_a_token_asks_for_less_but_never_for_more(gate):
    less = await ask(gate, scope="referrals:read", purpose="statistics")
    more = await ask(gate, scope="referrals:read policy:author")
    none = await ask(gate, scope=" ")
    why = await ask(gate, purpose="curiosity")

    assert less.json()["scope"] == "referrals:read"
    assert [a.status_code for a in (more, none, why)] == [400, 400, 400]
    assert [a.json()["error"] for a in (more, why)] == ["invalid_scope", "invalid_request"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ...}, "invalid_request"),
        ({"client_assertion": ...}, "invalid_client"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_secret": "x"}, "invalid_request"),
        ({"client_id": f"{WUHAN}.bureau-1"}, "invalid_client"),
    ],
)
async def test_a_request_that_is_not_one_is_refused(gate, form, error):
    answer = await ask(gate, **form)

    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == error


async def test_a_field_given_twice_is_refused(gate):
    body = urlencode(
        [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", assertion()),
            ("scope", "referrals:read"),
            ("scope", "referrals:submit"),
        ]
    )
    form = {"content-type": "application/x-www-form-urlencoded"}

    twice = await gate.client.post("/oauth/token", content=body, headers=form)
    as_json = await gate.client.post("/oauth/token", json={"grant_type": "client_credentials"})

    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    assert as_json.status_code == 415


async def test_a_secret_opens_in_the_embedded_run_both_ways_and_only_if_right(gate):
    client_id = f"{WUHAN}.bureau-1"
    form = {"grant_type": "client_credentials"}

    async def basic(secret):
        return await gate.client.post("/oauth/token", data=form, auth=(client_id, secret))

    assert (await basic(gate.secrets[client_id])).status_code == 200
    assert (await basic("wrong")).status_code == 401
    assert (await basic(gate.secrets[f"{HANGZHOU}.bureau-1"])).status_code == 401
    posted = {"client_id": client_id, "client_secret": gate.secrets[client_id]}
    assert (await gate.client.post("/oauth/token", data=form | posted)).status_code == 200


async def test_a_client_without_a_secret_is_not_opened_by_any(gate):
    form = {"grant_type": "client_credentials", "client_id": ME, "client_secret": "None"}

    assert (await gate.client.post("/oauth/token", data=form)).status_code == 401


async def test_outside_the_embedded_run_no_secret_opens(gate, keys, tmp_path):
    client_id = f"{WUHAN}.bureau-1"
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": gate.secrets[client_id],
    }
    async with gateway(gate.database_url, keys, gate.parts, tmp_path, secrets="") as strict:
        answer = await strict.client.post("/oauth/token", data=form)
        proven = await ask(strict)
        said = await strict.client.get("/.well-known/oauth-authorization-server")

    assert (answer.status_code, proven.status_code) == (401, 200)
    assert said.json()["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


async def test_what_is_kept_of_a_secret_is_not_the_secret(gate):
    async with gate.database.begin(Who(WUHAN, "test", "test")) as tx:
        client = await tx.get(Client, f"{WUHAN}.bureau-1")

    assert gate.secrets[client.id].encode() not in client.secret_hash
    assert len(client.secret_hash) == 32


async def test_a_client_is_put_right_by_putting_it_there_again(gate):
    ask = NewClient(
        name="again", kind="auditor", role="auditor", scopes=["audit:read"], purposes=["audit"]
    )
    _, first = await add_client(gate.database, WUHAN, ask, secret=True)
    ask.scopes = ["registry:read"]
    client, second = await add_client(gate.database, WUHAN, ask, secret=True)

    form = {"grant_type": "client_credentials", "client_id": client.id}
    old = await gate.client.post("/oauth/token", data=form | {"client_secret": first})
    new = await gate.client.post("/oauth/token", data=form | {"client_secret": second})

    assert (old.status_code, new.status_code) == (401, 200)
    assert new.json()["scope"] == "registry:read"


async def test_the_keys_are_published_without_their_secrets(gate):
    answer = await gate.client.get("/.well-known/jwks.json")

    assert answer.json() == gate.signer.public()
    assert len(answer.json()["keys"]) == 2
    assert '"d"' not in answer.text


async def test_the_metadata_names_every_address_under_the_issuer(gate):
    said = (await gate.client.get("/.well-known/oauth-authorization-server")).json()

    assert said["issuer"] == ISSUER
    assert said["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert "EdDSA" not in said["token_endpoint_auth_signing_alg_values_supported"]
