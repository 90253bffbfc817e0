"""What older releases kept is believed of the right days after the migrations since."""

import asyncpg
import pytest

from deploy.databases import prepare
from deploy.migrate import migrate
from tests.conftest import _as_admin

NAME = "evaluation_old"
OLD = """
INSERT INTO fact (city, kind, subject_id, epoch, version, valid_from, known_from, state)
SELECT '420100', kind, subject::uuid, 1, version, '2026-05-01', now(), state::jsonb
  FROM (VALUES
    ('filing', '00000000-0000-0000-0000-000000000001', 1,
     '{"filed_on": "2026-03-09", "returned_on": null}'),
    ('filing', '00000000-0000-0000-0000-000000000001', 2,
     '{"filed_on": "2026-03-09", "returned_on": "2026-03-20"}'),
    ('filing', '00000000-0000-0000-0000-000000000001', 3,
     '{"filed_on": "2026-04-10", "returned_on": null}'),
    ('target', '00000000-0000-0000-0000-000000000002', 1, '{"status": "active"}'),
    ('target', '00000000-0000-0000-0000-000000000002', 2, '{"status": "withdrawn"}'),
    ('duty', '00000000-0000-0000-0000-000000000004', 1, '{"status": "open"}'),
    ('duty', '00000000-0000-0000-0000-000000000004', 2, '{"status": "dropped"}'),
    ('station', '00000000-0000-0000-0000-000000000003', 1, '{"status": "open"}'))
  AS o(kind, subject, version, state)
"""


@pytest.fixture
async def old(postgres):
    """A database that believed filings and targets from the day of their entry."""
    await prepare(postgres.url(), "evaluation", database=NAME)
    await migrate("evaluation", postgres.url(NAME, "evaluation_migrator"), to="0004")
    admin = await asyncpg.connect(postgres.url(NAME))
    await admin.execute(OLD)
    yield admin
    await admin.close()
    await _as_admin(postgres, f'DROP DATABASE "{NAME}" WITH (FORCE)')


async def test_filings_and_targets_kept_before_are_of_all_days_or_of_those_they_say(postgres, old):
    await migrate("evaluation", postgres.url(NAME, "evaluation_migrator"))

    rows = await old.fetch(
        "SELECT kind, version, valid_from::text AS since FROM fact ORDER BY kind, version"
    )
    assert [(row["kind"], row["version"], row["since"]) for row in rows] == [
        ("duty", 1, "0001-01-01"),
        ("duty", 2, "2026-05-01"),
        ("filing", 1, "0001-01-01"),
        ("filing", 2, "0001-01-01"),
        ("filing", 3, "2026-04-10"),
        ("station", 1, "2026-05-01"),
        ("target", 1, "0001-01-01"),
        ("target", 2, "2026-05-01"),
    ]
