"""Tokens: one good one, and every way known to us of forging one."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis import tokens
from chassis.identity import ROLE_SCOPES, Actor, Verifier, actor_of, allow, bearer
from chassis.problems import Problem
from tests.attack.vectors import (
    forgeries,
    good_header,
    internal,
    signed,
    wrong_claims,
    wrong_headers,
)

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


KIND = internal("casework")
CLAIMS = wrong_claims(T, KIND)


@pytest.mark.parametrize("forged", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_signed_token_with_wrong_claims_is_refused(signer, verifier, forged):
    with pytest.raises(Problem) as refused:
        verifier(signed(signer, good_header(signer, KIND), claims(**forged)))
    assert refused.value.slug == "unauthenticated"


HEADERS = wrong_headers(T, KIND)


@pytest.mark.parametrize("forged", HEADERS.values(), ids=HEADERS.keys())
def test_a_signed_token_with_a_wrong_header_is_refused(signer, verifier, forged):
    header = {
        name: value
        for name, value in (good_header(signer, KIND) | forged).items()
        if value is not ...
    }

    with pytest.raises(Problem) as refused:
        verifier(signed(signer, header, claims()))
    assert refused.value.slug == "unauthenticated"


FORGERIES = 22


@pytest.mark.parametrize("which", range(FORGERIES))
def test_a_forged_token_is_refused(signer, verifier, which):
    every = forgeries(signer, signer.folder / "jwks.json", KIND, claims)
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


def test_a_key_of_another_kind_in_the_set_brings_no_algorithm_along(signer, tmp_path):
    """The set may one day hold a key for something else; who reads tokens names the algorithm."""
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    held = signer.public()
    held["keys"].append(curve.as_dict(private=False) | {"alg": tokens.ES256, "use": "sig"})
    (tmp_path / "jwks.json").write_text(json.dumps(held))
    verifier = Verifier(tmp_path / "jwks.json", "casework", ISSUER, clock=lambda: NOW)
    header = {"alg": tokens.ES256, "typ": tokens.INTERNAL, "kid": "curve"}
    token = jwt.encode(header, claims(), curve, algorithms=[tokens.ES256]).encode()

    with pytest.raises(Problem) as refused:
        verifier(token)
    assert refused.value.slug == "unauthenticated"
    assert verifier(signer.mint(tokens.INTERNAL, claims()).encode()).subject == ACTOR.subject


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
