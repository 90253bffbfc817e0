"""Which station a referral goes to: nearness, townships served, load, and a person where there is none."""

import asyncio
from types import SimpleNamespace
from uuid import UUID

import orjson
import pytest
from prometheus_client import REGISTRY

from chassis.known import SECONDS, Known
from chassis.looks import asked
from chassis.looks import division as meant
from chassis.looks import heard as in_force
from chassis.rows import shape
from services.casework import decide
from services.casework.models import Person, Referral, StationKept
from services.casework.queries import candidates
from services.casework.reactions import reactions
from tests.casework.conftest import GROUND, OTHER, PATH, STATION, heard, station
from tests.conftest import NOW, who


async def test_without_a_station_a_person_must_choose(court, bureau, casework, ask):
    sent = (await court.post(PATH, json=ask | {"division": "420103"})).json()
    assert (sent["status"], sent["station"]) == ("unrouted", None)
    waiting = (await bureau.get(f"{PATH}?status=unrouted")).json()["items"]
    assert [w["id"] for w in waiting] == [sent["id"]]

    moved = await bureau.post(
        f"{PATH}/{sent['id']}/transfer", json={"station_id": str(STATION), "reason": "最近"}
    )

    assert moved.json()["status"] == "routed"
    async with casework.begin(who()) as tx:
        assert (await tx.find(Person))[0].station_id == STATION


async def test_a_referral_without_a_station_is_counted_once_however_often_it_was_tried(court, ask):
    def counted():
        return REGISTRY.get_sample_value("referrals_unrouted_total", {"city": "420100"}) or 0

    before = counted()
    await asyncio.gather(
        *(
            court.post(PATH, json=ask | {"division": "420103"}, headers={"idempotency-key": "a"})
            for _ in range(8)
        )
    )

    assert counted() == before + 1


async def test_hearing_of_a_station_again_changes_nothing(casework):
    twice = heard(station(OTHER, name="二"), OTHER)
    await reactions.deliver([twice], casework)
    await reactions.deliver([twice, heard(station(OTHER, name="三"), OTHER, version=2)], casework)

    async with casework.begin(who()) as tx:
        assert (await tx.get(StationKept, OTHER)).name == "三"


@pytest.mark.parametrize(
    ("division", "to"),
    [("420102003", OTHER), ("420102008", OTHER), ("420102007", STATION), ("420102009", None)],
)
async def test_a_station_takes_referrals_of_every_township_it_serves(
    court, casework, ask, division, to
):
    """And of none beside them: where it stands counts only while it says nothing else."""
    serves = station(OTHER, "420102009", serves=["420102003", "420102008"])
    await reactions.deliver([heard(serves, OTHER)], casework)

    answer = (await court.post(PATH, json=ask | {"division": division})).json()

    assert (answer["station"] or {}).get("id") == (to and str(to))


async def test_a_station_for_a_township_is_nearer_than_one_for_the_district(court, casework, ask):
    serves = station(OTHER, "420103", serves=["420102", "420103"])
    await reactions.deliver([heard(serves, OTHER)], casework)

    own = (await court.post(PATH, json=ask)).json()
    other = (
        await court.post(PATH, json=ask | {"division": "420102008", "partner_ref": "x"})
    ).json()

    assert own["station"]["id"] == str(STATION)
    assert other["station"]["id"] == str(OTHER)


async def test_two_stations_share_by_load(court, casework, ask):
    await reactions.deliver([heard(station(OTHER), OTHER)], casework)

    chosen = [
        (await court.post(PATH, json=ask | {"partner_ref": f"r{n}"})).json() for n in range(4)
    ]

    assert sorted(c["station"]["name"] for c in chosen) == ["站1", "站1", "站2", "站2"]
    assert chosen[1]["routed_because"][-1]["code"] == "load"


async def test_an_intake_looks_at_no_more_rows_however_many_came_before(court, casework, ask):
    await reactions.deliver([heard(station(OTHER, "420102008"), OTHER)], casework)
    both = [heard(station(each, "420103001"), each) for each in (UUID(int=3), UUID(int=4))]
    await reactions.deliver(both, casework)
    for number, division in enumerate((GROUND, "420103001", "420103001")):
        await court.post(PATH, json=ask | {"partner_ref": f"r{number}", "division": division})

    few = [await _visited(casework, division) for division in (GROUND, "420103001")]
    await _grown(casework, 2 * decide.FULL)
    many = [await _visited(casework, division) for division in (GROUND, "420103001")]

    assert few == [0, 2]
    assert many == [0, 2 * decide.FULL]


async def _visited(casework, division):
    """Return how many referrals the intake's one read looks at."""
    look = candidates("nbs", division, NOW.date())
    text, args = asked([look, in_force(NOW.date())])
    async with casework.begin(who()) as tx:
        [[plan]] = await tx.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", *tx._key, *args)
    return sum(_rows(orjson.loads(plan)[0]["Plan"]))


def _rows(node):
    if node.get("Relation Name") == "referral":
        yield node["Actual Rows"] * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from _rows(below)


async def _grown(casework, times):
    """Have every referral there is so many times more."""
    names = ", ".join(n for n in shape(Referral).every if n not in ("id", "partner_ref_digest"))
    new = names.replace("tracking_no", "tracking_no || n AS tracking_no")
    async with casework.begin(who()) as tx:
        await tx.execute(
            f"INSERT INTO referral (id, partner_ref_digest, {names})"
            f" SELECT gen_random_uuid(), gen_random_uuid()::text::bytea, {new}"
            " FROM referral, generate_series(1, $1::int) AS n",
            times,
        )


def test_where_all_are_full_they_take_turns():
    stations = [
        SimpleNamespace(id=UUID(int=n), serves=[], division=GROUND, domains=[]) for n in (1, 2)
    ]
    full = {each.id: decide.FULL for each in stations}

    chosen = [decide.route("other", GROUND, stations, {}, full, turn) for turn in (0, 1, 2, 3)]
    first = decide.route("other", GROUND, stations, {}, full | {UUID(int=2): 3}, 1)

    assert {routed.station.id for routed in chosen} == {UUID(int=1), UUID(int=2)}
    assert "200" in chosen[0].because[-1]["say"]["en"]
    assert first.station.id == UUID(int=2)


async def test_what_a_code_means_is_asked_for_once_a_minute_and_one_that_is_none_each_time(
    casework,
):
    ticks = [0.0]
    casework.divisions = Known(lambda: ticks[0])

    async def trips(code):
        sent = []
        async with casework.begin(who()) as tx:
            tx._db.add_query_logger(sent.append)
            try:
                [found] = await tx.look(meant("nbs", code))
            finally:
                tx._db.remove_query_logger(sent.append)
        return found and found.code, len(sent)

    assert [await trips(GROUND) for _ in range(3)] == [(GROUND, 1), (GROUND, 0), (GROUND, 0)]
    assert [await trips("420199") for _ in range(2)] == [(None, 1), (None, 1)]
    ticks[0] = SECONDS
    assert await trips(GROUND) == (GROUND, 1)
