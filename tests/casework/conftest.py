"""Casework with one city's pack, two stations, workers, a court and a women's federation."""

import asyncio
import itertools
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from chassis.divisions import load, read_extract
from chassis.events import Envelope
from chassis.ids import uuid7
from chassis.packs import load_folder
from chassis.shelf import Shelf
from contracts import registry as told
from services.casework.app import service
from services.casework.reactions import reactions
from tests.conftest import NOW, opened
from tests.http import actor, client

POLICIES = Path(__file__).parents[2] / "policies"
EXTRACT = Path(__file__).parents[2] / "deploy/data/divisions/five.csv.gz"
PATH = "/v1/420100/referrals"
GROUND = "420102007"
STATION, OTHER = UUID(int=1), UUID(int=2)
COURT, WOMEN = UUID(int=11), UUID(int=12)

_versions = itertools.count(1)


def heard(event, aggregate_id, city="420100", version=1):
    return Envelope.wrap(event, city=city, aggregate_id=aggregate_id, version=version, time=NOW)


def pack(city):
    sources = load_folder(POLICIES, city)
    return told.PackActivated(
        version=sources.version, in_force=date(2021, 1, 1), text=sources.merged()
    )


def station(station_id, division=GROUND, **more):
    facts = {
        "station_id": station_id,
        "as_of": date(2026, 1, 1),
        "name": f"站{station_id.int}",
        "status": "open",
        "tier": "township",
        "mode": "procured",
        "division": division,
        "division_system": "nbs",
        "district": division[:6],
        "domains": [],
        "operator_id": None,
        "operator_since": None,
        "open_on": date(2022, 1, 1),
        "facts": {},
    }
    return told.StationChanged(**(facts | more))


def partner(partner_id, kind="court", **more):
    facts = {"name": kind, "kind": kind, "status": "active", "domains": []}
    return told.PartnerChanged(partner_id=partner_id, as_of=date(2026, 1, 1), **(facts | more))


@pytest.fixture
async def casework(fresh, postgres, vault, tmp_path):
    name = await fresh("casework")
    owner = await asyncpg.connect(postgres.url(name))
    rows = await asyncio.to_thread(
        lambda: [
            r
            for r in read_extract(EXTRACT)
            if r.code[:4] in ("42", "4201") or r.code.startswith("4201")
        ]
    )
    await load(owner, rows)
    await owner.close()
    async with opened(postgres, name, "casework", vault, clock=lambda: NOW) as database:
        database.shelf = Shelf(service.subjects)
        database.erased = tmp_path / "erased.jsonl"
        await reactions.deliver(
            [
                heard(pack("420100"), uuid7()),
                heard(station(STATION), STATION),
                heard(partner(COURT), COURT),
                heard(partner(WOMEN, "womens_federation"), WOMEN),
            ],
            database,
        )
        yield database


@pytest.fixture
async def court(casework):
    async with client(service, casework, actor("partner", partner_id=COURT)) as made:
        yield made


@pytest.fixture
async def women(casework):
    async with client(
        service, casework, replace(actor("partner", partner_id=WOMEN), subject="420100.women-1")
    ) as made:
        yield made


@pytest.fixture
async def worker(casework):
    async with client(service, casework, actor("worker", station_id=STATION)) as made:
        yield made


@pytest.fixture
async def bureau(casework):
    async with client(service, casework, actor("city_bureau")) as made:
        yield made


@pytest.fixture
def ask():
    return {
        "partner_ref": "（2026）鄂0102民初1号",
        "domain": "family_violence",
        "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": GROUND,
        "subject": {
            "name": "王小明",
            "id_type": "resident_id",
            "id_number": "11010519491231002X",
            "phone": "13800138000",
        },
        "narrative": "夜间从家中离开",
        "attachments": [],
    }
