"""How a command proves who it is."""

import json

import httpx
import pytest
from joserfc.jwk import ECKey, OKPKey

from chassis import tokens
from deploy.calls import Caller, refused
from deploy.credentials import Signer, caller, public_key
from deploy.trouble import Trouble

CITY = "991200.bureau"


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as made:
        yield made


async def test_a_secret_is_sent_as_it_is_and_may_hold_a_colon(http):
    made = caller(http, f"{CITY}:a:b")

    assert (type(made), made.client_id, made.secret) == (Caller, CITY, "a:b")


@pytest.mark.parametrize("form", ["jwk", "pem"])
@pytest.mark.parametrize("kind", [OKPKey, ECKey])
async def test_a_private_key_signs_what_the_gateway_takes(http, tmp_path, kind, form):
    key = kind.generate_key("Ed25519" if kind is OKPKey else "P-256")
    file = tmp_path / "key"
    file.write_bytes(
        json.dumps(key.as_dict(private=True) | {"kid": "k"}).encode()
        if form == "jwk"
        else key.as_pem(private=True)
    )

    made = caller(http, f"{CITY}:@{file}")

    assert isinstance(made, Signer)
    claims = tokens.read(
        made._assertion("https://issuer").encode(),
        lambda _: tokens.key_from(key.as_dict(private=False)),
        typ={"client-authentication+jwt"},
        issuer=CITY,
        audience="https://issuer",
        algorithms=(tokens.ES256, tokens.ED25519),
        longest=60,
        now=tokens_now(),
    )
    assert claims["sub"] == CITY


def tokens_now():
    from chassis.clock import system_clock  # noqa: PLC0415 - the wall's time, as the gateway reads it

    return system_clock().timestamp()


@pytest.mark.parametrize("text", ["aa.bb.cc\n", '{"access_token": "aa.bb.cc"}'])
async def test_a_token_in_a_file_is_used_as_it_is(http, tmp_path, text):
    (tmp_path / "token").write_text(text)

    assert await caller(http, f"{CITY}:@{tmp_path / 'token'}").token() == "aa.bb.cc"


@pytest.mark.parametrize("text", ["", "{}", '{"kty": "OKP"}', "hello", None])
async def test_a_file_that_proves_nothing_is_named(http, tmp_path, text):
    file = tmp_path / "key"
    if text is not None:
        file.write_text(text)

    with pytest.raises(Trouble, match="key"):
        caller(http, f"{CITY}:@{file}")


async def test_a_public_key_proves_nobody(http, tmp_path):
    file = tmp_path / "key"
    public = public_key(file)
    again = public_key(file)
    file.write_text(json.dumps(public))

    assert public == again
    assert "d" not in public
    with pytest.raises(Trouble):
        caller(http, f"{CITY}:@{file}")


async def test_an_operator_nobody_knows_is_told_how_to_prove_it(http, tmp_path, monkeypatch):
    monkeypatch.setenv("SHEGONG_DATA", str(tmp_path))

    with pytest.raises(Trouble, match="@FILE"):
        caller(http, CITY)
    (tmp_path / "operators.json").write_text(json.dumps({CITY: "s"}))
    assert caller(http, CITY).secret == "s"


def test_a_refusal_is_in_chinese_and_in_english():
    body = {"type": "/problems/invalid", "detail": "内容不符合要求"}
    body["errors"] = [{"at": "/kind", "code": "missing", "say": "缺少该字段"}]

    told = refused(httpx.Response(422, json=body), "/packs")

    assert "缺少该字段" in told.zh
    assert told.en == "/packs: 422 /problems/invalid /kind missing"
