"""Clocks that have run out are counted, by city and urgency, and found by an index."""

from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from chassis.tables import CityKept
from chassis.watch import look_at_all
from services.casework.watch import OVERDUE, overdue
from tests.conftest import HANGZHOU, WUHAN, who

PATH = "/v1/420100/referrals"


def counted(city=WUHAN, urgency="hours_24"):
    labels = {"city": city, "urgency": urgency}
    return REGISTRY.get_sample_value("referrals_overdue", labels)


@pytest.fixture
async def later(casework, now):
    """Count as if so many hours had passed."""
    async with casework.begin(who("000000")) as tx:
        for code in (WUHAN, HANGZHOU):
            tx.keep(CityKept(code=code, kind="city", name={}, prefixes=[]))

    async def count(hours):
        object.__setattr__(casework, "clock", lambda: now + timedelta(hours=hours))
        await look_at_all(casework, overdue)

    return count


async def sent(court, ask, **other):
    answer = await court.post(PATH, json=ask | other)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_a_referral_nobody_has_answered_in_time_is_counted_until_somebody_does(
    court, worker, ask, later
):
    one = await sent(court, ask)
    await sent(court, ask, partner_ref="2", urgency="hours_72")

    await later(23)
    assert (counted(), counted(urgency="hours_72")) == (0, 0)

    await later(25)
    assert (counted(), counted(urgency="hours_72")) == (1, 0)
    assert counted(HANGZHOU) == 0

    await worker.post(f"{PATH}/{one}/accept", json={})
    await later(26)
    assert counted() == 0


async def test_one_without_a_station_is_counted_and_one_that_waits_for_its_partner_is_not(
    court, worker, ask, later
):
    await sent(court, ask, division="420103")
    waiting = await sent(court, ask, partner_ref="2")
    asked = await worker.post(f"{PATH}/{waiting}/request-information", json={"question": "?"})
    assert asked.status_code == 200, asked.text

    await later(100)

    assert counted() == 1


MANY = """
INSERT INTO referral (city, id, version, tracking_no, partner_id, partner_kind, partner_ref,
  partner_ref_digest, person_id, sensitivity, domain, urgency, legal_kind, legal_cite, division,
  division_system, station_id, routed_because, status, received_at, reply_by, reply_by_provisional,
  attachments, narrative)
SELECT '420100', gen_random_uuid(), 1, g, gen_random_uuid(), 'court', '', g::text::bytea,
  gen_random_uuid(), 'ordinary', 'other', 'hours_24', 'statute', '1', '420102007', 'nbs',
  lpad((g % 20)::text, 32, '0')::uuid, '[]', CASE WHEN g % 100 = 0 THEN 'routed' ELSE 'closed' END,
  now(), now(), false, '[]', repeat('x', 200)::bytea FROM generate_series(1, 10000) g
"""


async def test_what_was_answered_is_not_read_to_count_what_was_not(casework, postgres):
    """A station's referrals are found by status: one search for each station, of a city's few."""
    async with casework.begin(who()) as tx:
        [(name,)] = await tx.fetch("SELECT current_database()")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute("SET session_replication_role = replica")  # nobody these are about is there
    await owner.execute(MANY)
    await owner.execute("ANALYZE referral")
    await owner.close()

    async with casework.begin(who()) as tx:
        plan = "\n".join(line for (line,) in await tx.fetch(f"EXPLAIN {OVERDUE}", WUHAN, tx.now))

    assert "using referral_station" in plan
    assert "status" in plan.partition("Index Cond: ")[2].splitlines()[0]
