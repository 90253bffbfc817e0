"""What older releases wrote is whole after the migrations since."""

import asyncpg
import orjson
import pytest

from deploy.databases import prepare
from deploy.migrate import migrate
from tests.conftest import _as_admin

OLD = """
INSERT INTO station VALUES
  ('420100', gen_random_uuid(), 1, '一元街道社工站', 'open', 'township', 'procured', '420102007', 'nbs',
   '一元街道', '420102', '[]', NULL, NULL, '2021-12-01', '2022-01-01', '{"rooms": ["case"]}'),
  ('330100', gen_random_uuid(), 4, '清波站', 'suspended', 'township', 'procured', '330102001', 'nbs',
   '清波街道', '330102', '[]', NULL, NULL, '2021-12-01', '2023-01-01', '{}');
INSERT INTO partner VALUES
  ('420100', gen_random_uuid(), 1, '法院', 'court', 'active', '[]', NULL, '2022-01-01')
"""


@pytest.fixture
async def old(postgres):
    """A database as the first release left it."""
    name = "registry_old"
    await prepare(postgres.url(), "registry", database=name)
    await migrate("registry", postgres.url(name, "registry_migrator"), to="0001")
    admin = await asyncpg.connect(postgres.url(name))
    await admin.execute(OLD)
    yield admin
    await admin.close()
    await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


async def test_stations_and_partners_of_the_first_release_are_found_and_have_a_past(postgres, old):
    await migrate("registry", postgres.url("registry_old", "registry_migrator"))

    rows = await old.fetch("SELECT * FROM station ORDER BY city DESC")
    assert [(row["initials"], orjson.loads(row["stages"])) for row in rows] == [
        ("yyjdsgz", [{"status": "open", "on": "2021-12-01"}]),
        ("qbz", [{"status": "suspended", "on": "2023-01-01"}]),
    ]
    assert {row["profile"] for row in rows} == {"{}"}
    assert orjson.loads(rows[0]["facts"]) == {"rooms": ["case"]}
    assert await old.fetchval("SELECT initials FROM partner") == "fy"
