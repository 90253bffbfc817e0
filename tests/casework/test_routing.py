"""Which station a referral goes to: nearness, townships served, load, and a person where there is none."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from services.casework.models import Person, StationKept
from services.casework.reactions import reactions
from tests.casework.conftest import OTHER, PATH, STATION, heard, station
from tests.conftest import who


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
