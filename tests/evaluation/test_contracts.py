"""Contracts heard from procurement: they staff a station while in force, and are judged themselves."""

from datetime import date, datetime

from chassis.events import Envelope
from contracts.procurement import ContractEnded, ContractSigned
from services.evaluation import gather, queries
from services.evaluation.reactions import reactions
from tests import told
from tests.conftest import who
from tests.evaluation.test_assemble import bought
from tests.evaluation.test_compliance import LATE
from tests.http import actor


async def signed(city, **more):
    """Tell of a station and its contract."""
    station, contract, agency = told.some_id(), told.some_id(), told.some_id()
    await city.hear(told.station(station), station)
    said = bought(contract_id=contract, station_id=station, agency_id=agency, **more)
    event = ContractSigned.model_validate({k: said[k] for k in ContractSigned.model_fields})
    await city.hear(event, contract)
    return contract, station, agency


async def test_a_contract_is_judged_on_what_it_says(wuhan):
    contract, _, agency = await signed(wuhan, facts={"takeover_plan_on": "2022-02-01"})

    verdicts = await wuhan.verdicts(f"contract:{contract}", as_of="2022-06-30")
    own = await wuhan.ask(
        actor("agency", agency_id=agency), "compliance", subject=f"contract:{contract}"
    )
    foreign = await wuhan.ask(
        actor("agency", agency_id=told.some_id()), "compliance", subject=f"contract:{contract}"
    )

    assert verdicts["takeover-plan"]["verdict"] == "broken"
    assert verdicts["midterm"]["verdict"] == "met"
    assert (own.status_code, foreign.status_code) == (200, 404)


async def test_a_contract_ended_today_was_in_force_yesterday(wuhan):
    contract, station, agency = await signed(wuhan)
    end = ContractEnded(
        contract_id=contract,
        station_id=station,
        agency_id=agency,
        ended_on=date(2022, 6, 30),
        reason_code="agreed",
    )
    await wuhan.hear(end, contract, at=LATE)

    before = await _promised(wuhan, station, "2022-06-30")
    after = await _promised(wuhan, station, "2022-07-01")
    as_known_then = await _promised(wuhan, station, "2022-07-01", "2026-11-05T00:00:00Z")

    assert (before, after, as_known_then) == (3, None, 3)


async def _promised(city, station, day, known_at=None):
    """Return the staffing by contract of a day, as known at an instant."""
    instant = datetime.fromisoformat(known_at) if known_at else LATE
    when = queries.When(date.fromisoformat(day), instant)
    async with city.database.begin(who()) as tx:
        state = await queries.one(tx, "station", station, when)
        [found] = await gather.families(tx, [state], when)
        return found.cases[0].facts["station"].get("staffing_by_contract")


async def test_an_end_told_after_a_restore_finds_what_was_signed_before_it(wuhan):
    contract, station, agency = await signed(wuhan)
    end = ContractEnded(
        contract_id=contract,
        station_id=station,
        agency_id=agency,
        ended_on=date(2022, 6, 30),
        reason_code="agreed",
    )
    restored = Envelope.wrap(
        end, city="420100", aggregate_id=contract, version=2, epoch=2, time=LATE
    )

    outcomes = await reactions.deliver([restored], wuhan.database)

    assert [*outcomes.values()] == ["applied"]
    assert await _promised(wuhan, station, "2022-07-01") is None
