"""Real servers for every test: one PostgreSQL and one NATS a session, a fresh database a test."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import asyncpg
import pytest
from xdist.scheduler import LoadScopeScheduling

from chassis.db import Database, Who
from chassis.vault import Vault
from deploy.databases import prepare
from deploy.embedded.nats import Nats, nats_server
from deploy.embedded.postgres import Postgres, postgres_server
from deploy.migrate import migrate

WUHAN, HANGZHOU = "420100", "330100"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""A Friday morning in Wuhan."""
TOGETHER = {"e2e": "house", "fault": "house", "attack": "attack"}
"""Folders whose tests share a platform: one process of several runs them all."""
LONGEST = ("house", "attack", "deploy/test_run.py", "tenancy/test_canary.py")
"""Groups that begin first, so that no process is left with one of them at the end."""
TOLD = "told"
"""A line for the end, among what a test's report carries from one process to another."""


def group_of(path):
    """Return which tests one process runs: all of a platform, or all of a file."""
    _, folder, *_ = path.split("/")
    return TOGETHER.get(folder, path.removeprefix("tests/"))


class ByGroup(LoadScopeScheduling):
    """Gives each process a group at a time."""

    def _split_scope(self, nodeid):
        return group_of(nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)  # `make mutants` runs without the plugin
def pytest_xdist_make_scheduler(config, log):
    return ByGroup(config, log)


def pytest_collection_modifyitems(config, items):
    """Begin with what takes longest, where several processes share the tests (`make test`)."""
    if hasattr(config, "workerinput"):
        rank = {group: place for place, group in enumerate(LONGEST)}
        groups = {item: group_of(item.nodeid.partition("::")[0]) for item in items}
        items.sort(key=lambda item: rank.get(groups[item], len(rank)))


@pytest.fixture
def tell(request):
    """Say a line that is shown when all tests have ended, whichever process ran this one."""

    def say(*said):
        request.node.user_properties.append((TOLD, said))

    return say


def pytest_terminal_summary(terminalreporter):
    """Show what tests have told, under their headings."""
    told = {}
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if getattr(report, "when", None) == "teardown":
            for name, said in report.user_properties:
                if name == TOLD:
                    *head, line = said
                    told.setdefault(tuple(head), []).append(line)
    for (heading, *head), lines in told.items():
        terminalreporter.section(heading)
        for line in (*head, *lines):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def now():
    return NOW


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """One server for the session; speed over durability, since a test's data is thrown away."""
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    # Not among pytest's own folders: another session that starts shuts them to all but itself,
    # and as root the server is another user, who then loses the way to its files.
    with tempfile.TemporaryDirectory(prefix="shegong-pg-") as folder:
        async with postgres_server(Path(folder), settings=fast) as server:
            yield server


@pytest.fixture(scope="session")
async def nats(tmp_path_factory) -> AsyncIterator[Nats]:
    """One broker for the session."""
    async with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def vault(tmp_path_factory) -> Vault:
    return Vault.make(tmp_path_factory.mktemp("vault") / "vault.json")


Make = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
async def templates(postgres) -> Callable[[str], Awaitable[str]]:
    """Return the name of a part's migrated database, made once a session."""
    made: dict[str, str] = {}

    async def template(part: str) -> str:
        if part not in made:
            name = f"{part}_template"
            await prepare(postgres.url(), part, database=name)
            await migrate(part, postgres.url(name, f"{part}_migrator"))
            made[part] = name
        return made[part]

    return template


_numbers = itertools.count(1)


@pytest.fixture
async def fresh(postgres, templates) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Return the name of a fresh copy of a part's database; dropped after the test."""
    made: list[str] = []

    async def copy(part: str) -> str:
        template = await templates(part)
        name = f"{part}_{next(_numbers)}"
        await _as_admin(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        who = ", ".join(f"{part}_{role}" for role in ("runtime", "relay", "migrator"))
        await _as_admin(postgres, f'GRANT CONNECT ON DATABASE "{name}" TO {who}')
        made.append(name)
        return name

    yield copy
    for name in made:
        await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _as_admin(postgres: Postgres, sql: str) -> None:
    admin = await asyncpg.connect(postgres.url())
    try:
        await admin.execute(sql)
    finally:
        await admin.close()


@asynccontextmanager
async def opened(postgres: Postgres, name: str, part: str, vault: Vault | None, **more):
    """Open a database as its runtime role."""
    database = await Database.connect(
        postgres.url(name, f"{part}_runtime"), part=part, vault=vault, **more
    )
    database.wait = 2.0  # whatever else this machine does meanwhile
    try:
        yield database
    finally:
        await database.close()


def who(city: str = WUHAN, subject: str = "420100.court-1", purpose: str = "test") -> Who:
    return Who(city, subject, purpose, subject)


def path_of(name: str) -> Path:
    return Path(__file__).parent / name
