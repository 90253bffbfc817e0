"""OWASP API Security Top 10 (2023): what the other tests do not try, and the table of them all."""

import asyncio
import re
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.config import PARTS
from chassis.http import UnitOfWork
from tests.attack.target import CITY, OTHER, PATHS, PLATFORM, QUICK, is_problem
from tests.attack.test_bodies import REFERRALS, STATIONS, referral
from tests.docs.readme import HOUSE
from tests.tenancy.parts import SERVICES

TABLE = HOUSE / "docs/security.md"
SOME_ID = "0190c5d0-24bb-7c80-8bd5-9a20c8a1d76d"
ROW = re.compile(r"\| (API[0-9]+) [^|]*\| ([^|]*) \|")


def test_the_table_names_each_of_the_ten_with_five_tests_that_exist():
    rows = dict(ROW.findall(TABLE.read_text(encoding="utf-8")))
    assert list(rows) == [f"API{number}" for number in range(1, 11)]
    for risk, cell in rows.items():
        tests = re.findall(r"`([a-z_]+)/(test_[a-z_]+)::(test_[a-z0-9_]+)`", cell)
        assert len(set(tests)) == len(tests) >= 5, risk
        for folder, module, name in tests:
            text = Path(HOUSE, "tests", folder, f"{module}.py").read_text(encoding="utf-8")
            assert f"def {name}(" in text, f"{risk}: {folder}/{module}::{name}"


# ---------------------------------------------------------------------- API1, API5: whose, and who


@pytest.mark.parametrize("role", ["worker", "agency", "auditor", "partner", "station_head"])
async def test_only_who_keeps_clients_may_make_one(target, role):
    wish = {"name": "evil", "kind": "court", "role": "city_bureau"}

    answer = await target.ask(role, "POST", f"/v1/{CITY}/api-clients", json=wish)

    assert is_problem(answer, 403) == "forbidden"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
async def test_a_method_nobody_wrote_does_nothing(target, method):
    answer = await target.ask("city_bureau", method, STATIONS)

    assert is_problem(answer, 405) == "method-not-allowed"
    assert answer.headers["allow"] == "GET, POST"


async def test_a_city_cannot_serve_cities(target):
    wish = {"code": "110100", "kind": "city", "name": {"zh": "x", "en": "x"}, "prefixes": ["1101"]}

    own = await target.ask("city_bureau", "POST", f"/v1/{CITY}/jurisdictions", json=wish)
    platform = await target.ask("city_bureau", "POST", f"/v1/{PLATFORM}/jurisdictions", json=wish)

    assert (is_problem(own, 403), is_problem(platform, 403)) == ("forbidden", "forbidden")


# ---------------------------------------------------------------------- API3: properties


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", SOME_ID),
        ("city", OTHER),
        ("version", 7),
        ("status", "closed"),
        ("tracking_no", "420100-260101-AAAAAAAAA"),
        ("partner_id", SOME_ID),
        ("station_id", SOME_ID),
        ("sensitivity", "low"),
        ("reply_by", "2099-01-01T00:00:00Z"),
    ],
)
async def test_what_is_ours_to_say_cannot_be_sent(target, name, value):
    answer = await target.ask("partner", "POST", REFERRALS, content=referral(**{name: value}))

    assert is_problem(answer, 422) == "invalid"
    assert [e["at"] for e in answer.json()["errors"]] == [f"/{name}"]


# ---------------------------------------------------------------------- API4, API6: how much


async def test_a_page_has_an_end_whatever_is_asked(target):
    answer = await target.ask("auditor", "GET", f"/v1/{CITY}/divisions?limit=200")

    assert len(answer.json()["items"]) <= 200
    is_problem(await target.ask("auditor", "GET", f"/v1/{CITY}/divisions?limit=201"), 422)


async def test_a_flood_of_one_request_is_one_referral(target):
    body, key = referral(), uuid4().hex
    before = await target.rows_of("casework")

    answers = await asyncio.gather(
        *(
            target.ask("partner", "POST", REFERRALS, content=body, headers={"idempotency-key": key})
            for _ in range(20)
        )
    )

    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409, 429, 503}
    assert len({answer.content for answer in made}) == 1
    assert await target.rows_of("casework") == before + 1


async def test_one_number_of_a_partner_is_one_referral_whatever_the_key(target):
    body = referral(partner_ref=f"one-{uuid4().hex}")

    first = await target.ask("partner", "POST", REFERRALS, content=body)
    again = await target.ask("partner", "POST", REFERRALS, content=body)

    assert first.status_code == 201
    assert is_problem(again, 409) == "duplicate-reference"


async def test_tracking_numbers_tell_no_volume(target):
    answers = [await target.ask("partner", "POST", REFERRALS, content=referral()) for _ in range(3)]
    numbers = [answer.json()["tracking_no"].rsplit("-", 1)[1] for answer in answers]

    assert len({number[:4] for number in numbers}) == 3


async def test_a_city_without_a_pack_takes_no_other_away(target):
    wish = {
        "code": "999100",
        "kind": "city",
        "name": {"zh": "新", "en": "New"},
        "prefixes": ["9991"],
    }
    made = await target.ask("platform_admin", "POST", f"/v1/{PLATFORM}/jurisdictions", json=wish)
    assert made.status_code in (201, 409), made.text

    async with asyncio.timeout(QUICK):
        while True:
            shown = (await target.http.get("/v1/cities")).json()["items"]
            if "999100" in [city["code"] for city in shown]:
                break
    for part in PARTS:
        ready = await target.http.get(target.where(part) + "/health/ready")
        assert ready.status_code == 200, (part, ready.text)


# ---------------------------------------------------------------------- API7: addresses


@pytest.mark.parametrize("field", ["jwks_uri", "callback", "url", "webhook", "redirect_uri"])
async def test_a_client_brings_keys_and_never_an_address_of_keys(target, field):
    wish = {
        "name": "ssrf",
        "kind": "court",
        "role": "city_bureau",
        field: "http://169.254.169.254/",
    }

    answer = await target.ask("city_bureau", "POST", f"/v1/{CITY}/api-clients", json=wish)

    assert is_problem(answer, 422) == "invalid"


@pytest.mark.parametrize(
    "path", ["http://169.254.169.254/latest", "http://evil.test/v1/420100/stations"]
)
async def test_an_absolute_address_leads_nowhere_else(target, path):
    token = target.tokens["city_bureau"]
    request = f"GET {path} HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"

    [answer] = await target.raw(request.encode())

    # The address' host is not looked at: our own path answers, or nothing is there.
    assert answer.status == (200 if path.endswith("stations") else 404)


def test_no_service_can_call_out():
    rules = (HOUSE / "pyproject.toml").read_text(encoding="utf-8")
    assert 'forbidden_modules = ["httpx", "aiohttp", "requests", "urllib"]' in rules


# ---------------------------------------------------------------------- API8: set up wrongly


@pytest.mark.parametrize("part", PARTS)
async def test_an_answer_says_nothing_of_what_runs(target, part):
    answer = await target.http.get(target.where(part) + "/nothing")

    assert is_problem(answer, 404) == "not-found"
    assert not {"server", "x-powered-by", "via"} & set(answer.headers)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("path", ["/docs/", "/redoc", "/.env", "/.git/config", "/admin", "/debug"])
async def test_there_is_no_back_door(target, part, path):
    assert (await target.http.get(target.where(part) + path)).status_code == 404


async def test_another_origin_is_not_invited(target):
    asked = {"origin": "https://evil.test", "access-control-request-method": "POST"}

    before = await target.http.options(STATIONS, headers=asked)
    answer = await target.ask("worker", "GET", STATIONS, headers={"origin": "https://evil.test"})

    assert before.status_code in (401, 405)
    for each in (before, answer):
        assert not [name for name in each.headers if name.startswith("access-control-")]


async def test_answers_are_not_kept_and_not_guessed(target):
    answer = await target.ask("worker", "GET", f"{STATIONS}?limit=1")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


# ---------------------------------------------------------------------- API9: what there is


@pytest.mark.parametrize("path", ["/v0", "/v2", "/v1beta", "/api/v1", "/internal", "/V1"])
async def test_there_is_one_version_and_it_is_described(target, path):
    answer = await target.ask("city_bureau", "GET", f"{path}/{CITY}/stations")

    assert is_problem(answer, 404) == "not-found"


async def test_what_answers_is_what_is_described(target):
    told = (await target.http.get("/openapi.json")).json()["paths"]
    answers = {
        (method.lower(), route.path)
        for service in SERVICES.values()
        for router in service.routers
        for route in router.routes
        if isinstance(route, UnitOfWork)
        for method in route.methods
    }

    assert answers <= {(method, path) for path, item in told.items() for method in item}


# ---------------------------------------------------------------------- API10: whom we believe


@pytest.mark.parametrize("part", PARTS[:-1])
async def test_a_part_answers_nobody_but_the_gateway(target, part):
    outside = target.tokens["city_bureau"]

    answer = await target.http.get(
        target.where(part) + PATHS[part],
        headers={"authorization": f"Bearer {outside}"},
        timeout=QUICK,
    )

    assert answer.status_code == 401
