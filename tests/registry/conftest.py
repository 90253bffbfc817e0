"""Registry with a few divisions, two cities served, and Wuhan's shipped pack activated."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from uuid import UUID

import asyncpg
import pytest

from chassis.divisions import Division, kind_of, load
from services.registry.app import service
from services.registry.division_changes import DivisionChange, load_changes
from tests import told
from tests.conftest import HANGZHOU, NOW, WUHAN, opened
from tests.http import actor, client

VINTAGE = date(2023, 9, 11)
NAMES = {
    "42": "湖北省",
    "4201": "武汉市",
    "420102": "江岸区",
    "420102007": "一元街道",
    "420102007001": "和平社区居民委员会",
    "420102007002": "扬子社区居民委员会",
    "420102008": "车站街道",
    "420103": "江汉区",
    "420103001": "民族街道",
    "33": "浙江省",
    "3301": "杭州市",
    "330102": "上城区",
    "330102001": "清波街道",
}


def _parent(code: str) -> str:
    return next((code[:n] for n in (9, 6, 4, 2) if n < len(code)), "")


ROWS = [
    Division(
        *("nbs", VINTAGE, code, name),
        {2: 1, 4: 2, 6: 3, 9: 4, 12: 5}[len(code)],
        _parent(code),
        kind_of(code),
    )
    for code, name in NAMES.items()
]


CHANGED = [
    DivisionChange(1983, "merged", "420198", "旧区", "420102", "江岸区", "", "撤区设区"),
    DivisionChange(1984, "converted", "420122", "旧县", "420112", "东西湖区", "", "撤县设区"),
    DivisionChange(
        1990, "merged", "420112", "东西湖区", "420102", "江岸区", "国函〔1990〕1号", "撤区设区"
    ),
    DivisionChange(1980, "merged", "420112", "早年区", "420199", "甲区", "", "撤区设区"),
    DivisionChange(1992, "merged", "420199", "甲区", "420102", "江岸区", "", "撤区设区"),
    DivisionChange(1993, "renamed", "420199", "乙区", "420199", "丙区", "", "更名"),
    DivisionChange(1995, "converted", "429001", "外县", "420102", "江岸区", "", "撤县设区"),
    DivisionChange(1996, "renamed", "330102", "上城区", "330102", "下城区", "", "更名"),
]


def ticking():
    """Return a clock that never says the same twice: what comes later is later."""
    seconds = count()
    return lambda: NOW + timedelta(seconds=next(seconds))


@pytest.fixture
async def database(postgres, fresh, vault, tmp_path):
    name = await fresh("registry")
    migrator = await asyncpg.connect(postgres.url(name, "registry_migrator"))
    await migrator.execute("SET ROLE registry_owner")
    await load(migrator, ROWS)
    await load_changes(migrator, CHANGED)
    await migrator.close()
    async with opened(postgres, name, "registry", vault, clock=ticking()) as made:
        made.erased = tmp_path / "erased"
        yield made


@pytest.fixture
async def served(database):
    """Two cities are served; neither has a pack yet."""
    async with client(service, database, actor("platform_admin", "000000")) as admin:
        for code, prefix, zh, en in (
            (WUHAN, "4201", "武汉市", "Wuhan"),
            (HANGZHOU, "3301", "杭州市", "Hangzhou"),
        ):
            answer = await admin.post(
                "/v1/000000/jurisdictions",
                json={
                    "code": code,
                    "kind": "city",
                    "name": {"zh": zh, "en": en},
                    "prefixes": [prefix],
                },
            )
            assert answer.status_code == 201, answer.text
    return database


@pytest.fixture
async def author(served):
    async with client(service, served, person("author")) as made:
        yield made


@pytest.fixture
async def approver(served):
    async with client(service, served, person("approver")) as made:
        yield made


@pytest.fixture
async def wuhan(author, approver, served):
    """Wuhan with its shipped pack in force."""
    version, text = told.shipped(WUHAN)
    drafted = await author.post(f"/v1/{WUHAN}/packs", json={"layers": text})
    assert drafted.status_code == 201, drafted.text
    active = await approver.post(
        f"/v1/{WUHAN}/packs/{version}/approve", json={"in_force": "2021-01-01"}
    )
    assert active.status_code == 200, active.text
    return served


@pytest.fixture
async def bureau(served):
    async with client(service, served, actor("city_bureau")) as made:
        yield made


def person(name: str, role: str = "city_bureau", city: str = WUHAN, **more):
    """Return somebody of a role by a name of their own."""
    return replace(actor(role, city, **more), subject=f"{city}.{name}")


def a_station(**more):
    said = {
        "name": "一元街道社工站",
        "tier": "township",
        "mode": "procured",
        "status": "open",
        "division": "420102007",
        "open_on": "2021-12-01",
        "effective_on": "2021-12-01",
    }
    return said | more


def an_agency(**more):
    said = {
        "name": "武汉市某社会工作服务中心",
        "kind": "social_work",
        "credit_code": "52420100MJH000000R",
        "registered_in": "420102",
        "business_scope": "社会工作服务",
    }
    return said | more


async def added(caller, kind, body, city=WUHAN) -> UUID:
    """Enter something and return its id."""
    answer = await caller.post(f"/v1/{city}/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])
