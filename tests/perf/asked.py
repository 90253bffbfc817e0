"""What is asked: unique referrals by the demo's partners, and the tokens to send them with."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

import asyncpg
import httpx
import orjson

from deploy.calls import Caller
from deploy.demo_data import CITIES, PARTNERS

PER_CITY = 20
"""Stations opened beside the demo's two, so that no station holds thousands of referrals."""
NARRATIVE = (
    "来访人自述近期多次遭受家庭成员殴打并被限制外出，法院已签发人身安全保护令，"
    "请社工站尽快联系并评估风险。"
) * 4
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True)
class Partner:
    """A partner with its token, and the ground it refers people to."""

    city: str
    token: str
    domain: str
    grounds: tuple[str, ...]


async def furnish(demo: dict, base_url: str, casework_url: str) -> dict[str, tuple[str, ...]]:
    """Open more stations in every city; return the townships that have one, by city."""
    found: dict[str, tuple[str, ...]] = {}
    database = await asyncpg.connect(casework_url)
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as http:
        for city in CITIES:
            prefix = city.grounds[0][0][: 4 if city.code.endswith("00") else 6]
            if city.code == "340100":
                prefix = "340103"
            rows = await database.fetch(
                "SELECT code FROM division d WHERE system = 'nbs' AND level = 4"
                " AND code LIKE $1 || '%' AND vintage = (SELECT max(vintage) FROM division"
                "  WHERE system = 'nbs' AND code = left(d.code, 6)) ORDER BY code LIMIT $2",
                prefix,
                PER_CITY,
            )
            bureau = _caller(http, demo, f"{city.code}.city-bureau-1")
            taken = {ground for ground, _ in city.grounds}
            more = [row["code"] for row in rows if row["code"] not in taken]
            for code in more:
                await bureau.post("/stations", _station(code))
            found[city.code] = (*taken, *more)
    await database.close()
    return found


async def partners(demo: dict, base_url: str, grounds: dict[str, tuple[str, ...]]) -> list[Partner]:
    """Return every partner of the demo with a fresh token."""
    made = []
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as http:
        for city, kind in itertools.product(CITIES, PARTNERS):
            caller = _caller(http, demo, f"{city.code}.{kind.replace('_', '-')}-1")
            domain = "disability" if kind == "disabled_federation" else "family_violence"
            made.append(Partner(city.code, await caller.token(), domain, grounds[city.code]))
    return made


async def token(demo: dict, base_url: str, client: str) -> str:
    """Return one client's token."""
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as http:
        return await _caller(http, demo, client).token()


def _caller(http: httpx.AsyncClient, demo: dict, name: str) -> Caller:
    found = next(c for c in demo["clients"] if c["client_id"] == name)
    return Caller(http, name, found["client_secret"])


def referrals(who: list[Partner]) -> Iterator[bytes]:
    """Return requests without end, each a new person and a new reference, of a partner in turn."""
    run, draw = token_hex(4), random.Random(1)
    for number in itertools.count():
        partner = who[number % len(who)]
        body = orjson.dumps(_referral(partner, run, number, draw))
        key = f"{run}-{number}"
        yield _post(f"/v1/{partner.city}/referrals", partner.token, key, body)


def _referral(partner: Partner, run: str, number: int, draw: random.Random) -> dict:
    place = partner.grounds[number % len(partner.grounds)]
    born = f"19{draw.randrange(50, 99)}{draw.randrange(1, 13):02}{draw.randrange(1, 29):02}"
    digits = f"{place[:6]}{born}{draw.randrange(1000):03}"
    check = _CHECKS[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]
    return {
        "partner_ref": f"(2026)民保令{run}-{number}号",
        "domain": partner.domain,
        "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": place,
        "division_system": "nbs",
        "subject": {
            "name": f"测试{number}",
            "id_type": "resident_id",
            "id_number": digits + check,
            "phone": f"138{number % 100_000_000:08}",
            "address": f"某某街道某某路{number}号",
        },
        "narrative": NARRATIVE,
        "attachments": [],
    }


def _post(path: str, bearer: str, key: str, body: bytes) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {bearer}\r\n"
        f"content-type: application/json\r\nidempotency-key: {key}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body


def reads(paths: list[tuple[str, str]]) -> Iterator[bytes]:
    """Return GETs of (path, token) in turn, without end."""
    made = [
        f"GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {bearer}\r\n\r\n".encode()
        for path, bearer in paths
    ]
    return itertools.cycle(made)


def _station(division: str) -> dict:
    return {
        "name": f"性能测试社工站{division}",
        "tier": "township",
        "mode": "procured",
        "status": "open",
        "division": division,
        "division_system": "nbs",
        "open_on": "2022-01-10",
        "effective_on": "2022-01-10",
    }
