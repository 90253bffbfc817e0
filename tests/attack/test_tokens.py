"""Forged and stale tokens against the gateway and every part, over HTTP: none opens anything."""

from pathlib import Path

import pytest

from chassis import tokens
from chassis.clock import system_clock
from chassis.config import PARTS
from tests.attack import vectors
from tests.attack.target import CITY, PATHS, PLATFORM, is_problem

NOBODY = tokens.Signer({"present": "x", "keys": [tokens._new_key() | {"kid": "x"}]})
NAMES = [
    *(f"claims {name}" for name in vectors.wrong_claims(0, vectors.internal("casework"))),
    *(f"header {name}" for name in vectors.wrong_headers(0, vectors.internal("casework"))),
    *vectors.forgeries(NOBODY, Path(__file__), vectors.internal("casework"), dict),
]


def said_by(target, kind):
    """Return what a token that opens says, and the way to say something else."""
    client = target.clients[f"{CITY}.city-bureau-1"]
    now = int(system_clock().timestamp())
    good = {
        "iss": target.issuer,
        "aud": kind.audience,
        "sub": client["client_id"],
        "client_id": client["client_id"],
        "city": CITY,
        "role": "city_bureau",
        "scope": " ".join(client["scopes"]),
        "purpose": "service",
        "iat": now,
        "exp": now + 100,
        "jti": "vector",
    }
    return now, lambda **other: {n: v for n, v in (good | other).items() if v is not ...}


@pytest.fixture(scope="module", params=PARTS)
def door(request, target):
    """A part, the kind of token it takes, and all that it must refuse."""
    part = request.param
    kind = vectors.access(target.issuer) if part == "gateway" else vectors.internal(part)
    now, claims = said_by(target, kind)
    keys = target.house.data / "jwks.json"
    forged = vectors.every(target.signer, keys, kind, now, claims)
    return (
        part,
        vectors.signed(target.signer, vectors.good_header(target.signer, kind), claims()),
        forged,
    )


async def knock(target, part, token: bytes):
    return await target.http.get(
        target.where(part) + PATHS[part],
        headers={b"authorization": (b"Bearer " + token).strip(), b"accept-language": b"en"},
    )


def test_there_are_enough_of_them():
    assert len(set(NAMES)) == len(NAMES) >= 60


async def test_a_token_with_nothing_wrong_opens(target, door):
    part, good, _ = door

    assert (await knock(target, part, good)).status_code == 200


@pytest.mark.parametrize("name", NAMES)
async def test_a_forged_or_stale_token_opens_nothing(target, door, name):
    part, _, forged = door

    answer = await knock(target, part, forged[name])

    assert is_problem(answer, 401) == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"
    # One of two sentences, whatever is wrong: none came, or it is not valid.
    assert answer.json()["detail"] in (
        "An access token is missing",
        "The token is not valid or has expired",
    )


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("other", PARTS)
async def test_a_token_for_one_part_opens_no_other(target, part, other):
    if part == other:
        pytest.skip("its own")
    token = target.tokens["city_bureau"] if part == "gateway" else target.internal(part)

    assert (await knock(target, other, token.encode())).status_code == 401


@pytest.mark.parametrize("part", PARTS)
async def test_an_internal_token_opens_no_door_from_outside(target, part):
    for path in PATHS.values():
        answer = await target.http.get(
            path, headers={"authorization": f"Bearer {target.internal(part)}"}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize("part", PARTS[:-1])
async def test_a_true_token_of_another_city_opens_no_path_of_this_one(target, part):
    token = target.internal(part, "stranger")

    assert is_problem(await knock(target, part, token.encode()), 403) == "forbidden"


@pytest.mark.parametrize("part", PARTS[:-1])
async def test_the_platform_reaches_no_city(target, part):
    token = target.internal(part, "platform_admin")

    assert is_problem(await knock(target, part, token.encode()), 403) == "forbidden"
    assert target.clients[f"{PLATFORM}.admin"]["role"] == "platform_admin"
