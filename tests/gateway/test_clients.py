"""Who may call: kept by a city's bureau, for its own city, within what a role may have."""

from uuid import uuid4

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from chassis.clock import system_clock
from chassis.db import Who
from deploy.migrate import check
from gateway.models import Client
from tests.conftest import HANGZHOU, WUHAN

KEY = OKPKey.generate_key("Ed25519", {"kid": "one"})
PATH = f"/v1/{WUHAN}/api-clients"


def wish(**other):
    said = {
        "name": f"court-{uuid4().hex[:8]}",
        "kind": "court",
        "role": "partner",
        "partner_id": str(uuid4()),
        "keys": [KEY.as_dict(private=False)],
    } | other
    return {name: value for name, value in said.items() if value is not ...}


async def post(gate, body, *, path=PATH, name="bureau-1", city=WUHAN, key=None):
    headers = await gate.bearer(name, city=city) | {"idempotency-key": key or uuid4().hex}
    return await gate.client.post(path, json=body, headers=headers)


async def test_a_bureau_registers_a_partner_with_its_public_key(gate):
    asked = wish()

    made = await post(gate, asked)

    assert made.status_code == 201, made.text
    view = made.json()
    assert view["id"] == f"{WUHAN}.{asked['name']}"
    assert made.headers["location"] == f"{PATH}/{view['id']}"
    assert view["kids"] == ["one"]
    assert view["scopes"] == ["referrals:read", "referrals:submit"]
    assert not {"keys", "secret_hash"} & view.keys()
    headers = await gate.bearer("bureau-1")
    assert (await gate.client.get(f"{PATH}/{view['id']}", headers=headers)).json() == view
    listed = (await gate.client.get(PATH, headers=headers)).json()
    assert view in listed["items"]


async def test_a_retry_gets_the_same_client_and_a_second_of_its_name_is_refused(gate):
    asked, key = wish(), uuid4().hex

    first, again = await post(gate, asked, key=key), await post(gate, asked, key=key)
    other = await post(gate, asked)

    assert first.content == again.content
    assert (other.status_code, other.json()["type"]) == (409, "/problems/duplicate-reference")


CURVE = ECKey.generate_key("P-256", {"kid": "two"})
WRONG = {
    "a role that is none": ({"role": "root"}, "/role"),
    "the platform's role in a city": ({"role": "platform_admin"}, "/role"),
    "a scope too many": ({"scopes": ["policy:author"]}, "/scopes"),
    "a partner that is nobody": ({"partner_id": ...}, "/partner_id"),
    "a worker without a station": ({"role": "worker", "worker_id": str(uuid4())}, "/station_id"),
    "a district without its area": ({"role": "district_bureau"}, "/division"),
    "an agency that is nobody": ({"role": "agency"}, "/agency_id"),
    "no key": ({"keys": ...}, "/keys"),
    "a private key": ({"keys": [KEY.as_dict(private=True)]}, "/keys/0"),
    "a key without a name": ({"keys": [OKPKey.generate_key("Ed25519").as_dict()]}, "/keys/0/kid"),
    "a kind of key we do not take": (
        {"keys": [RSAKey.generate_key(2048, {"kid": "r"}).as_dict(private=False)]},
        "/keys/0",
    ),
    "a key that is none": (
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "x", "x": "!"}]},
        "/keys/0",
    ),
    "two keys of one name": (
        {"keys": [KEY.as_dict(private=False), CURVE.as_dict(private=False) | {"kid": "one"}]},
        "/keys/1/kid",
    ),
    "a name in another city's": ({"name": "330100.court"}, "/name"),
    "a field we do not know": ({"secret": "x"}, "/secret"),
    "a purpose of two words": ({"purposes": ["two words"]}, "/purposes"),
}


@pytest.mark.parametrize(("other", "at"), WRONG.values(), ids=WRONG.keys())
async def test_a_wish_that_does_not_fit_names_the_place(gate, other, at):
    if at == "/keys/0/kid":
        key = OKPKey.generate_key("Ed25519").as_dict(private=False)
        key.pop("kid", None)
        other = {"keys": [key]}
    answer = await post(gate, wish(**other))

    assert answer.status_code == 422, answer.text
    assert at in [error["at"] for error in answer.json()["errors"]]


async def test_only_who_keeps_clients_sees_or_makes_them(gate):
    for name in ("court-1", "worker-1"):
        headers = await gate.bearer(name)
        assert (await gate.client.get(PATH, headers=headers)).status_code == 403
        assert (await post(gate, wish(), name=name)).status_code == 403


async def test_a_bureau_keeps_the_clients_of_its_own_city(gate):
    made = (await post(gate, wish())).json()["id"]
    other = f"/v1/{HANGZHOU}/api-clients"
    headers = await gate.bearer("bureau-1", city=HANGZHOU)

    foreign = await gate.client.get(f"{other}/{made}", headers=headers)
    absent = await gate.client.get(f"{other}/{HANGZHOU}.nobody", headers=headers)
    across = await post(gate, wish(), path=other)

    assert (foreign.status_code, absent.status_code, across.status_code) == (404, 404, 403)
    assert foreign.json() | {"trace_id": None} == absent.json() | {"trace_id": None}
    listed = (await gate.client.get(other, headers=headers)).json()["items"]
    assert made not in [client["id"] for client in listed]


async def test_a_client_put_out_gets_no_token_and_within_a_minute_no_answer(gate, monkeypatch):
    token = await gate.bearer("court-1")
    stations = f"/v1/{WUHAN}/referrals/changes"
    assert (await gate.client.get(stations, headers=token)).status_code == 200

    out = await post(gate, {}, path=f"{PATH}/{WUHAN}.court-1/deactivate")

    assert out.status_code == 200
    assert out.json()["active"] is False
    form = {
        "grant_type": "client_credentials",
        "client_id": f"{WUHAN}.court-1",
        "client_secret": gate.secrets[f"{WUHAN}.court-1"],
    }
    assert (await gate.client.post("/oauth/token", data=form)).status_code == 401
    later = system_clock().timestamp() + 61
    monkeypatch.setattr(gate.app.exchange, "_clock", lambda: later)
    assert (await gate.client.get(stations, headers=token)).status_code == 401


async def test_new_keys_replace_the_old_ones(gate):
    made = (await post(gate, wish())).json()["id"]
    new = OKPKey.generate_key("Ed25519", {"kid": "new"}).as_dict(private=False)

    changed = await post(gate, {"keys": [new]}, path=f"{PATH}/{made}/keys")
    wrong = await post(gate, {"keys": [new | {"d": "x"}]}, path=f"{PATH}/{made}/keys")

    assert changed.json()["kids"] == ["new"]
    assert wrong.status_code == 422


async def test_the_platform_keeps_its_own_clients_and_no_people(gate):
    path = "/v1/000000/api-clients"
    admin = {"name": "admin-1", "city": "000000"}

    partner = await post(gate, wish(), path=path, **admin)
    second = await post(
        gate, wish(role="platform_admin", kind="platform_admin", partner_id=...), path=path, **admin
    )

    assert (partner.status_code, second.status_code) == (422, 201)


async def test_the_platform_starts_a_city_with_its_bureau_and_nobody_else(gate):
    path, admin = "/v1/000000/api-clients", {"name": "admin-1", "city": "000000"}
    bureau = wish(role="city_bureau", kind="city_bureau", partner_id=..., city="652301")

    made = await post(gate, bureau, path=path, **admin)
    lost_and_retried = await post(gate, bureau, path=path, **admin)
    taken = await post(gate, bureau | {"purposes": ["other"]}, path=path, **admin)
    worker = await post(gate, wish(city="652301"), path=path, **admin)
    sideways = await post(gate, bureau)

    assert (made.status_code, made.json()["id"]) == (201, f"652301.{bureau['name']}")
    assert lost_and_retried.json() == made.json()
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/duplicate-reference")
    assert (worker.status_code, sideways.status_code) == (422, 422)
    async with gate.database.begin(Who("652301", "test", "test")) as tx:
        assert await tx.peek(Client, made.json()["id"]) is not None
    async with gate.database.begin(Who("000000", "test", "test")) as tx:
        assert await tx.peek(Client, made.json()["id"]) is None


async def test_the_platform_gives_a_city_no_second_bureau(gate):
    path, admin = "/v1/000000/api-clients", {"name": "admin-1", "city": "000000"}
    bureau = wish(role="city_bureau", kind="city_bureau", partner_id=..., city="330100")

    refused = await post(gate, bureau, path=path, **admin)

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    async with gate.database.begin(Who("330100", "test", "test")) as tx:
        assert await tx.peek(Client, f"330100.{bureau['name']}") is None


async def test_models_and_migrations_agree(postgres, gate):
    assert await check("gateway", postgres.url(gate.name, "gateway_migrator")) == []
