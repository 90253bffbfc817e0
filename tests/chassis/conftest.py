"""The trial part's database."""

import asyncpg
import pytest

from deploy.databases import prepare
from tests.chassis.trial import DDL
from tests.conftest import _as_admin, _numbers, opened


@pytest.fixture(scope="session")
async def trial_template(postgres):
    await prepare(postgres.url(), "trial", database="trial_template")
    migrator = await asyncpg.connect(postgres.url("trial_template", "trial_migrator"))
    await migrator.execute("SET ROLE trial_owner")
    for statement in DDL:
        await migrator.execute(statement)
    await migrator.close()
    return "trial_template"


@pytest.fixture
async def trial_name(postgres, trial_template):
    name = f"trial_{next(_numbers)}"
    await _as_admin(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{trial_template}"')
    yield name
    await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def trial(postgres, trial_name, vault):
    async with opened(postgres, trial_name, "trial", vault) as database:
        yield database
