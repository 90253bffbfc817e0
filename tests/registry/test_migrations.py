"""What older releases wrote is whole after the migrations since."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import asyncpg
import orjson
import pytest

from chassis import initials
from deploy.databases import prepare
from deploy.migrate import migrate
from services.registry.decide.bodies import via
from services.registry.models import ENTERED
from tests.conftest import _as_admin

OLD = """
INSERT INTO station VALUES
  ('420100', gen_random_uuid(), 1, '一元街道社工站', 'open', 'township', 'procured', '420102007', 'nbs',
   '一元街道', '420102', '[]', NULL, NULL, '2021-12-01', '2022-01-01', '{"rooms": ["case"]}'),
  ('330100', gen_random_uuid(), 4, '清波站', 'suspended', 'township', 'procured', '330102001', 'nbs',
   '清波街道', '330102', '[]', NULL, NULL, '2021-12-01', '2023-01-01', '{}'),
  ('340100', uuidv7(), 1, '新站', 'planned', 'township', 'procured', '340102001', 'nbs',
   '新街道', '340102', '[]', NULL, NULL, NULL, (now() AT TIME ZONE 'Asia/Shanghai')::date, '{}');
INSERT INTO partner VALUES
  ('420100', gen_random_uuid(), 1, '法院', 'court', 'active', '[]', NULL, '2022-01-01');
INSERT INTO agency VALUES
  ('420100', gen_random_uuid(), 1, '博雅中心', 'social_work', 'active', '52420100MJH000001W', '420102',
   '社会工作', '2022-01-01');
INSERT INTO worker VALUES
  ('420100', gen_random_uuid(), 3, '张小明', 'active', 'none', NULL, NULL, NULL, 'assistant',
   '2021-12-01', NULL, 'bachelor', NULL, 2.5, '2022-01-01', '{}')
"""
NAMED = ("station", "agency", "partner", "worker")


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

    undated, *rows = await old.fetch("SELECT * FROM station ORDER BY city <> '340100', city DESC")
    [stage] = orjson.loads(undated["stages"])
    assert (stage["status"], stage["on"], stage["assumed"]) == (
        "planned",
        undated["as_of"].isoformat(),
        True,
    )
    assert [(row["initials"], orjson.loads(row["stages"])) for row in rows] == [
        ("yyjdsgz", [{"status": "open", "on": "2021-12-01"}]),
        ("qbz", [{"status": "suspended", "on": "2023-01-01"}]),
    ]
    assert {row["profile"] for row in rows} == {"{}"}
    assert orjson.loads(rows[0]["facts"]) == {"rooms": ["case"]}
    assert await old.fetchval("SELECT initials FROM partner") == "fy"
    assert await old.fetchval("SELECT initials FROM agency") == "byzx"
    worker = await old.fetchrow("SELECT * FROM worker")
    assert (worker["initials"], worker["version"], worker["sw_years"]) == ("zxm", 3, 2.5)
    assert {worker[name] for name in ("specialities", "pay", "offence_checks")} == {"[]"}


async def test_names_are_spelt_in_batches_while_the_service_goes_on_writing(
    postgres, old, monkeypatch
):
    """And cut off in the middle, it is done again and ends."""
    migrator = postgres.url("registry_old", "registry_migrator")
    await migrate("registry", migrator, to="0013")
    asked = []

    def spelt(name):
        asked.append(name)
        with ThreadPoolExecutor(1) as beside:  # this thread is the migration's
            beside.submit(asyncio.run, _written(postgres.url("registry_old"))).result()
        if len(asked) == 2:
            raise ZeroDivisionError
        return real(name)

    real = initials.initials
    monkeypatch.setattr(initials, "initials", spelt)
    with pytest.raises(ZeroDivisionError):
        await migrate("registry", migrator, to="0014")
    await migrate("registry", migrator, to="0014")

    left = [await old.fetchval(f"SELECT count(*) FROM {t} WHERE initials = ''") for t in NAMED]
    assert left == [0, 0, 0, 0]
    assert len(asked) > len(set(asked))


async def _written(url):
    """Change a row of every table, as the service does, and wait for nobody."""
    service = await asyncpg.connect(url, server_settings={"lock_timeout": "1s"})
    for table in NAMED:
        await service.execute(f"UPDATE {table} SET version = version + 1")
    await service.close()


OFFICES = """
INSERT INTO officer (city, id, body_kind, body_id, role, id_type, starts_on) VALUES
  ('420100', '00000000-0000-0000-0000-0000000000a1', 'agency',
   '00000000-0000-0000-0000-00000000000a', 'controller', 'resident_id', '2024-01-01'),
  ('420100', '00000000-0000-0000-0000-0000000000b1', 'agency',
   '00000000-0000-0000-0000-00000000000b', 'manager', 'resident_id', '2024-01-01');
INSERT INTO blind_index (city, field, digest, person_id)
SELECT city, 'officer_id_number', 'x', id FROM officer;
INSERT INTO link (city, id, version, kind, from_kind, from_id, to_kind, to_id, starts_on, ends_on,
                  as_of) VALUES
  ('420100', '00000000-0000-0000-0000-0000000000c1', 1, 'related', 'agency',
   '00000000-0000-0000-0000-00000000000b', 'agency', '00000000-0000-0000-0000-00000000000a',
   '2024-01-01', NULL, '2024-01-01'),
  ('420100', '00000000-0000-0000-0000-0000000000c2', 1, 'related', 'agency',
   '00000000-0000-0000-0000-00000000000b', 'agency', '00000000-0000-0000-0000-00000000000a',
   '2022-01-01', '2022-12-31', '2022-01-01');
INSERT INTO event_log (city, agg_type, agg_id, epoch, version, event_id, type, body, client,
                       subject, purpose, at)
SELECT '420100', kind, id::uuid, 1, version, gen_random_uuid(), 'x', 'x', 'x', 'x', 'x', at::timestamptz
  FROM (VALUES
    ('agency', '00000000-0000-0000-0000-00000000000b', 2, '2026-03-01T00:00:00Z'),
    ('link', '00000000-0000-0000-0000-0000000000c1', 1, '2026-03-01T00:00:00Z'),
    ('link', '00000000-0000-0000-0000-0000000000c2', 1, '2026-02-01T00:00:00Z'))
  AS e(kind, id, version, at)
"""


async def test_a_tie_that_offices_made_is_known_from_one_somebody_entered(postgres, old):
    await migrate("registry", postgres.url("registry_old", "registry_migrator"), to="0016")
    async with old.transaction():
        await old.execute("SET LOCAL app.subject = 'x'; SET LOCAL app.purpose = 'x'")
        await old.execute(OFFICES)

    await migrate("registry", postgres.url("registry_old", "registry_migrator"))

    rows = await old.fetch("SELECT via FROM link ORDER BY starts_on")
    offices = [UUID("00000000-0000-0000-0000-0000000000" + each) for each in ("b1", "a1")]
    assert [row["via"] for row in rows] == [ENTERED, via(*offices)]


async def test_what_two_places_said_of_a_station_is_what_its_profile_says(postgres, old):
    url = postgres.url("registry_old", "registry_migrator")
    await migrate("registry", url, to="0018")
    await old.execute("""
        UPDATE station SET facts = '{"office_m2": 99, "rooms": ["case", "group"], "volunteers": true}',
               profile = '{"premises": {"office_m2": 30, "site": null}, "rooms": [{"kind": "case"}]}'
        WHERE city = '420100'
    """)

    await migrate("registry", url)

    facts = await old.fetchval("SELECT facts FROM station WHERE city = '420100'")
    assert orjson.loads(facts) == {"office_m2": 30, "rooms": ["case"], "volunteers": True}


async def test_visits_entered_twice_stay_and_what_is_entered_since_is_once(postgres, old):
    url = postgres.url("registry_old", "registry_migrator")
    await migrate("registry", url, to="0019")
    await old.execute("""
        INSERT INTO worker (city, id, version, name, status, id_type, cert, as_of, facts)
        VALUES ('420100', gen_random_uuid(), 1, '督导', 'active', 'none', 'none', '2022-01-01', '{}');
        INSERT INTO supervisor (city, id, version, worker_id, hired_by, full_time, starts_on, as_of)
        SELECT city, id, 1, id, 'district', false, '2022-01-01', '2022-01-01'
        FROM worker WHERE name = '督导';
        INSERT INTO supervision (city, id, version, status, station_id, supervisor_id, kind, days,
                                 as_of, last_day)
        SELECT s.city, gen_random_uuid(), 1, 'held', s.id, p.id, 'on_site',
               jsonb_build_array(jsonb_build_object('day', day, 'hours', 8)), day::date, day::date
        FROM (SELECT * FROM station WHERE city = '420100' LIMIT 1) s JOIN supervisor p USING (city),
             unnest(ARRAY['2026-03-02', '2026-03-02', '2026-03-03']) AS day;
    """)

    await migrate("registry", url)

    rows = await old.fetch("SELECT first_day FROM supervision ORDER BY first_day NULLS LAST")
    assert [str(row["first_day"]) for row in rows] == ["2026-03-02", "2026-03-03", "None"]
    with pytest.raises(asyncpg.ExclusionViolationError):
        await old.execute("UPDATE supervision SET first_day = last_day")


async def test_postings_that_clash_are_tolerated_until_their_days_change(postgres, old):
    url = postgres.url("registry_old", "registry_migrator")
    await migrate("registry", url, to="0020")
    await old.execute("""
        INSERT INTO posting (city, id, worker_id, station_id, starts_on, full_time, on_station, dispatched)
        SELECT w.city, gen_random_uuid(), w.id, s.id, '2024-01-01', whole, true, false
        FROM (SELECT * FROM worker LIMIT 1) w
        JOIN LATERAL (SELECT * FROM station WHERE city = w.city LIMIT 1) s ON true,
             unnest(ARRAY[true, false]) AS whole
    """)

    await migrate("registry", url)

    told = await old.fetch("SELECT tolerated FROM posting WHERE starts_on = '2024-01-01'")
    assert [row["tolerated"] for row in told] == [True, True]
    with pytest.raises(asyncpg.ExclusionViolationError):
        await old.execute("UPDATE posting SET tolerated = false")
