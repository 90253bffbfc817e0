"""`shegong policies diff --data CITY`: whose verdicts another pack changes, as evaluation knows them."""

import asyncio
import json
import shutil
from datetime import date

import asyncpg
import pytest
from click.testing import CliRunner

from chassis.packs import load_folder
from contracts.registry import PackActivated
from deploy.policies import policies
from deploy.policies.history import read_only
from deploy.trouble import Trouble
from services.registry.models import PackVersion
from tests import told
from tests.conftest import NOW, opened, who

CITY = "420100"
ON = "2024-06-01"


@pytest.fixture
def folder(tmp_path):
    """Return a pack that asks for two workers on the station."""
    shutil.copytree(told.POLICIES / "cn", tmp_path / "cn")
    made = CliRunner().invoke(policies, ["new", CITY, "--area", "4201", "--root", str(tmp_path)])
    assert made.exit_code == 0, made.output
    return tmp_path / CITY


@pytest.fixture
def milder(folder, tmp_path_factory):
    """Return the same pack asking for one."""
    root = tmp_path_factory.mktemp("milder")
    shutil.copytree(folder.parent, root, dirs_exist_ok=True)
    pack = root / CITY / "pack.yaml"
    pack.write_text(pack.read_text().replace("unit: person, value: 2", "unit: person, value: 1"))
    return root / CITY


@pytest.fixture
async def city(heard, folder):
    """Return evaluation after it heard that pack, of a station with one worker and one with two."""
    sources = load_folder(folder.parent, CITY)
    text = sources.merged()
    active = PackActivated(version=sources.version, in_force=date(2024, 1, 1), text=text)
    await heard.hear(active, told.some_id())
    heard.active = sources.version
    heard.one, heard.two = await station(heard, 1), await station(heard, 2)
    return heard


async def station(heard, workers):
    at = told.some_id()
    await heard.hear(told.station(at), at)
    for _ in range(workers):
        worker = told.some_id()
        await heard.hear(told.worker(worker, told.posting(at)), worker)
    return at


@pytest.fixture
async def diff(postgres, name, fresh, monkeypatch, city):
    """Run the command beside these databases, as it runs beside a platform."""
    registry = await fresh("registry")
    for part, database in (("evaluation", name), ("registry", registry)):
        url = postgres.url(database, f"{part}_runtime")
        monkeypatch.setenv(f"SHEGONG_DATABASE_URL_{part.upper()}", url)

    async def run(*words):
        asked = ["diff", *map(str, words), "--on", ON]
        result = await asyncio.to_thread(CliRunner().invoke, policies, asked)
        if isinstance(result.exception, Trouble):
            raise result.exception
        return result.output

    run.registry, run.city = registry, city
    return run


async def test_whose_verdicts_change_is_listed_and_counted(city, diff, milder):
    said = await diff("active", milder, "--data", CITY)
    found = json.loads(await diff("active", milder, "--data", CITY, "--json"))

    assert f"~ {CITY} parameters on_station_min" in said
    assert "/ 1 subjects and 1 verdicts change, of" in said
    assert "       1  on-station: 不符合 broken → 符合 met" in said
    assert f"station:{city.one} 一元街道社工站 420102007" in said
    assert "驻站社工1人，不少于1人 / 1 on-station workers, at least 1 are due" in said
    assert str(city.two) not in said
    [only] = found["subjects"]
    assert only["subject"] == f"station:{city.one}"
    assert [(c["rule"], c["from"], c["to"]) for c in only["changes"]] == [
        ("on-station", "broken", "met")
    ]
    assert found["judged"]["subjects"] == 2 + 3 + 1  # stations, workers, the city


async def test_a_kind_or_a_division_narrows_it(diff, milder):
    async def subjects(*more):
        said = await diff("active", milder, "--data", CITY, "--json", *more)
        return json.loads(said)["judged"]["subjects"]

    assert await subjects("--kind", "station") == 2
    assert await subjects("--kind", "city") == 1
    assert await subjects("--kind", "station", "--district", "420103") == 0
    asked = ("active", milder, "--data", CITY, "--kind", "staton")
    assert "did you mean `station`" in await diff(*asked)


async def test_a_version_and_a_draft_are_found_by_their_hash(postgres, city, diff, folder, milder):
    sources = load_folder(milder.parent, CITY)
    async with (
        opened(postgres, diff.registry, "registry", None, clock=lambda: NOW) as registry,
        registry.begin(who()) as tx,
    ):
        tx.keep(
            PackVersion(
                version=sources.version,
                status="draft",
                in_force=None,
                approver=None,
                approved_at=None,
                author="a",
                authored_at=NOW,
                note="",
                text=sources.merged(),
                townships=[],
                duties=[],
            )
        )

    assert "1 subjects and 1 verdicts" in await diff(city.active, sources.version, "--data", CITY)
    assert "0 subjects and 0 verdicts" in await diff("active", folder, "--data", CITY)
    assert "packs of two jurisdictions" in await diff(
        "active", told.POLICIES / "330100", "--data", CITY
    )
    with pytest.raises(Trouble, match="no folder and no version"):
        await diff("0123456789ab", milder, "--data", CITY)


@pytest.mark.usefixtures("city")
async def test_comparing_cannot_write(database):
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with read_only(database, CITY) as tx:
            await tx.fetch("DELETE FROM fact")
    async with database.begin(who()) as tx:
        assert await tx.fetch("SELECT FROM fact")
