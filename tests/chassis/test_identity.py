"""Tokens: one good one, and every way known to us of forging one."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey, OKPKey

from chassis import tokens
from chassis.identity import ROLE_SCOPES, Actor, Verifier, actor_of, allow, bearer
from chassis.problems import Problem

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
T = int(NOW.timestamp())
ISSUER = "https://shegong.test"
STATION = uuid4()
ACTOR = Actor(
    subject="420100.worker-1",
    city="420100",
    role="worker",
    scopes=frozenset({"referrals:work", "referrals:read"}),
    division="420102",
    station_id=STATION,
    purpose="casework",
)


def claims(**other):
    said = ACTOR.claims() | {
        "iss": ISSUER,
        "aud": "casework",
        "iat": T,
        "exp": T + 120,
        "jti": "x1",
    }
    return {name: value for name, value in (said | other).items() if value is not ...}


def b64(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    signer = tokens.Signer.make(folder / "signing.json")
    signer.publish(folder / "jwks.json")
    signer.folder = folder
    return signer


@pytest.fixture
def verifier(signer):
    clock = SimpleNamespace(now=NOW)
    verifier = Verifier(signer.folder / "jwks.json", "casework", ISSUER, clock=lambda: clock.now)
    verifier.clock = clock
    return verifier


def signed(signer, header, said):
    """Sign whatever is given with the true key, as a library with no scruples would."""
    start = b64(header) + b"." + b64(said)
    return start + b"." + b64(signer._key.private_key.sign(start))


def test_a_good_token_gives_its_actor(signer, verifier):
    token = signer.mint(tokens.INTERNAL, claims()).encode()

    actor = verifier(token)

    assert actor.until == T + 120
    assert actor.claims() == ACTOR.claims()
    assert verifier(token) is actor


def test_the_next_key_is_already_trusted(signer, verifier):
    held = json.loads((signer.folder / "signing.json").read_text())
    held["present"] = held["keys"][1]["kid"]

    token = tokens.Signer(held).mint(tokens.INTERNAL, claims()).encode()

    assert verifier(token).subject == ACTOR.subject


def good_header(signer):
    return {"alg": "Ed25519", "typ": "at-int+jwt", "kid": signer._kid}


CLAIMS = {
    "of another issuer": {"iss": "https://elsewhere.test"},
    "without issuer": {"iss": ...},
    "for another service": {"aud": "registry"},
    "for several services": {"aud": ["casework", "registry"]},
    "for a list of the right service": {"aud": ["casework"]},
    "without audience": {"aud": ...},
    "expired": {"exp": T},
    "without end": {"exp": ...},
    "ending as text": {"exp": str(T + 60)},
    "ending as truth": {"exp": True},
    "ending as nothing": {"exp": None},
    "ending as not a number": {"exp": float("nan")},
    "ending never": {"exp": float("inf")},
    "that lives too long": {"exp": T + 600},
    "that has lived too long": {"iat": T - 3600},
    "from the future": {"iat": T + 60, "exp": T + 120},
    "without a beginning": {"iat": ...},
    "not valid yet": {"nbf": T + 60},
    "valid from a truth": {"nbf": True},
    "without subject": {"sub": ...},
    "with an empty subject": {"sub": ""},
    "with a subject of another kind": {"sub": 5},
    "without an id": {"jti": ...},
    "without city": {"city": ...},
    "of a city that is none": {"city": "wuhan"},
    "of a list of cities": {"city": ["420100", "330100"]},
    "of a city with a tail": {"city": "420100\n"},
    "of an unknown role": {"role": "root"},
    "of a list of roles": {"role": ["worker"]},
    "with scopes as a list": {"scope": ["referrals:work"]},
    "with a station that is no id": {"station_id": "everything"},
    "with a station of another kind": {"station_id": 7},
    "with a division of another kind": {"div": ["420102"]},
}


@pytest.mark.parametrize("forged", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_signed_token_with_wrong_claims_is_refused(signer, verifier, forged):
    with pytest.raises(Problem) as refused:
        verifier(signed(signer, good_header(signer), claims(**forged)))
    assert refused.value.slug == "unauthenticated"


HEADERS = {
    "no algorithm": {"alg": "none"},
    "no algorithm, shouted": {"alg": "NONE"},
    "the deprecated name": {"alg": "EdDSA"},
    "another algorithm": {"alg": "ES256"},
    "a keyed hash": {"alg": "HS256"},
    "algorithm missing": {"alg": ...},
    "a list of algorithms": {"alg": ["Ed25519"]},
    "an access token": {"typ": "at+jwt"},
    "an ordinary token": {"typ": "JWT"},
    "kind missing": {"typ": ...},
    "kind in capitals": {"typ": "AT-INT+JWT"},
    "an unknown key": {"kid": "unknown"},
    "key missing": {"kid": ...},
    "a path as key": {"kid": "../../dev/null"},
    "a number as key": {"kid": 1},
    "a critical extension": {"crit": ["exp"], "exp": T + 60},
    "a critical list that is empty": {"crit": []},
    "an unencoded payload": {"b64": False, "crit": ["b64"]},
    "a key address": {"jku": "https://evil.test/jwks"},
    "a certificate address": {"x5u": "https://evil.test/x5u"},
    "a key of its own": {"jwk": OKPKey.generate_key("Ed25519").as_dict(private=False)},
    "a certificate of its own": {"x5c": ["MIIB"]},
    "a compressed payload": {"zip": "DEF"},
    "an unknown name": {"extra": "1"},
}


@pytest.mark.parametrize("forged", HEADERS.values(), ids=HEADERS.keys())
def test_a_signed_token_with_a_wrong_header_is_refused(signer, verifier, forged):
    header = {
        name: value for name, value in (good_header(signer) | forged).items() if value is not ...
    }

    with pytest.raises(Problem) as refused:
        verifier(signed(signer, header, claims()))
    assert refused.value.slug == "unauthenticated"


def forgeries(signer):
    good = signer.mint(tokens.INTERNAL, claims()).encode()
    head, body, sign = good.split(b".")
    header = good_header(signer)
    public = signer._key.public_key.public_bytes_raw()
    other = OKPKey.generate_key("Ed25519")
    curve = ECKey.generate_key("P-256")

    def keyed(key):
        start = b64(header | {"alg": "HS256"}) + b"." + body
        return start + b"." + b64(hmac.digest(key, start, hashlib.sha256))

    from joserfc import jwt  # noqa: PLC0415

    return {
        "signature removed": head + b"." + body + b".",
        "two parts": head + b"." + body,
        "four parts": good + b".x",
        "none and no signature": b64(header | {"alg": "none"}) + b"." + body + b".",
        "public key as a shared secret": keyed(public),
        "public set as a shared secret": keyed((signer.folder / "jwks.json").read_bytes()),
        "empty shared secret": keyed(b""),
        "claims changed": head + b"." + b64(claims(city="330100")) + b"." + sign,
        "header changed": b64(header | {"kid": "x"}) + b"." + body + b"." + sign,
        "signature changed": head + b"." + body + b"." + b64(b"\0" * 64),
        "signature cut": good[:-10],
        "another's key, our name": jwt.encode(
            header, claims(), other, algorithms=["Ed25519"]
        ).encode(),
        "another curve": jwt.encode(
            header | {"alg": "ES256"}, claims(), curve, algorithms=["ES256"]
        ).encode(),
        "claims that are a list": signed(signer, header, [claims()]),
        "claims that are no JSON": signed(signer, header, b"{"),
        "a header that is a list": b64([header]) + b"." + body + b"." + sign,
        "a header that is no JSON": b64(b"{") + b"." + body + b"." + sign,
        "a header nested without end": b64(b"[" * 3000) + b"." + body + b"." + sign,
        "nothing": b"",
        "dots": b"..",
        "not a token": "王".encode(),
        "an endless token": b"a" * 10_000 + b"." + body + b"." + sign,
    }


FORGERIES = 22


@pytest.mark.parametrize("which", range(FORGERIES))
def test_a_forged_token_is_refused(signer, verifier, which):
    every = forgeries(signer)
    assert len(every) == FORGERIES

    name, token = list(every.items())[which]
    with pytest.raises(Problem) as refused:
        verifier(token)
    assert refused.value.slug == "unauthenticated", name


def test_a_verified_token_is_forgotten_when_it_expires(signer, verifier):
    token = signer.mint(tokens.INTERNAL, claims()).encode()
    verifier(token)

    verifier.clock.now = NOW + timedelta(seconds=120)

    with pytest.raises(Problem):
        verifier(token)


def test_what_is_remembered_is_bounded(signer, verifier, monkeypatch):
    monkeypatch.setattr("chassis.identity._KEPT", 3)
    for number in range(5):
        verifier(signer.mint(tokens.INTERNAL, claims(jti=str(number))).encode())

    assert len(verifier._kept) == 3


def test_an_unknown_key_has_the_file_read_again_but_not_at_every_knock(tmp_path):
    path, ticks = tmp_path / "jwks.json", SimpleNamespace(now=0.0)
    first = tokens.Signer.make(tmp_path / "one.json")
    second = tokens.Signer.make(tmp_path / "two.json")
    keys = tokens.KeyFile(path, ticks=lambda: ticks.now)

    assert keys(first._kid) is None
    first.publish(path)
    assert keys(first._kid) is None
    ticks.now = 30
    assert keys(first._kid) is not None

    second.publish(path)
    ticks.now = 59
    assert keys(second._kid) is None
    ticks.now = 60
    assert keys(second._kid) is not None
    assert keys(first._kid) is None


def test_the_last_good_keys_outlive_a_broken_file(tmp_path):
    path, ticks = tmp_path / "jwks.json", SimpleNamespace(now=0.0)
    signer = tokens.Signer.make(tmp_path / "one.json")
    signer.publish(path)
    keys = tokens.KeyFile(path, ticks=lambda: ticks.now)
    assert keys(signer._kid)

    path.write_text("{")
    ticks.now = 31

    assert keys("new") is None
    assert keys(signer._kid)


def test_published_keys_hold_nothing_private(signer):
    assert len(signer.public()["keys"]) == 2
    assert not [jwk for jwk in signer.public()["keys"] if "d" in jwk]
    assert (signer.folder / "signing.json").stat().st_mode & 0o777 == 0o600


def test_a_scope_a_role_may_not_have_is_dropped():
    actor = actor_of(claims(scope="referrals:work policy:author", role="worker"))

    assert actor.scopes == {"referrals:work"}


@pytest.mark.parametrize("role", ROLE_SCOPES)
def test_a_role_gets_through_its_own_scopes_and_no_other(role):
    for scope in set().union(*ROLE_SCOPES.values()):
        actor = Actor("s", "420100", role, ROLE_SCOPES[role])
        request = SimpleNamespace(state=SimpleNamespace(actor=actor))
        if scope in ROLE_SCOPES[role]:
            assert allow(scope)(request) is actor
        else:
            with pytest.raises(Problem) as refused:
                allow(scope)(request)
            assert refused.value.slug == "forbidden"


def test_a_scope_nobody_has_is_a_mistake_at_start():
    with pytest.raises(ValueError, match="referrals:wrok"):
        allow("referrals:wrok")


def test_another_citys_path_is_refused():
    with pytest.raises(Problem) as refused:
        ACTOR.must_be_of("330100")
    assert refused.value.slug == "forbidden"
    ACTOR.must_be_of("420100")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eDp5", "token abc"])
def test_an_authorization_that_is_no_bearer_is_refused(header):
    with pytest.raises(Problem) as refused:
        bearer(header)
    assert refused.value.slug == "unauthenticated"


def test_a_bearer_token_is_found_whatever_the_case_of_its_scheme():
    assert bearer("bearer a.b.c") == b"a.b.c"
    assert bearer(b"Bearer a.b.c") == b"a.b.c"
