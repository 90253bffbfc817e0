"""Procurement signs and ends contracts; registry's station gets its operator, and says so."""

from datetime import date
from uuid import UUID

import orjson

from chassis.reactions import Outcome
from chassis.tables import DeadLetter, EventLog
from contracts.procurement import ContractEnded, ContractSigned
from services.registry.models import Operation, Station
from services.registry.reactions import reactions
from tests import told
from tests.conftest import who
from tests.registry.conftest import a_station, added


def signed(station, agency, number=1, starts=date(2026, 1, 10), ends=date(2027, 1, 9)):
    return ContractSigned(
        contract_id=UUID(int=number),
        station_id=station,
        agency_id=agency,
        purchaser_kind="township",
        signed_on=starts,
        starts_on=starts,
        ends_on=ends,
        renewal_of=None,
        staffing=3,
        facts={},
    )


def ended(station, agency, on, number=1):
    return ContractEnded(
        contract_id=UUID(int=number),
        station_id=station,
        agency_id=agency,
        ended_on=on,
        reason_code="agreed",
    )


async def station_events(database):
    async with database.begin(who()) as tx:
        rows = await tx.find(EventLog, EventLog.agg_type == "station", order_by=EventLog.version)
    return [orjson.loads(row.body)["data"] for row in rows]


async def test_a_signed_contract_gives_the_station_its_operator(served, bureau):
    station = await added(bureau, "stations", a_station())
    agency, tell = told.some_id(), told.Teller()
    heard = tell(signed(station, agency), told.some_id())

    first = await reactions.deliver([heard], served)
    again = await reactions.deliver([heard], served)

    assert (first[heard.id], again[heard.id]) == (Outcome.APPLIED, Outcome.DUPLICATE)
    shown = (await bureau.get(f"/v1/420100/stations/{station}")).json()
    assert (shown["operator_id"], shown["operator_since"]) == (str(agency), "2026-01-10")
    assert shown["version"] == 2
    data = (await station_events(served))[-1]
    assert (data["operator_id"], data["as_of"]) == (str(agency), "2026-01-10")


async def test_a_contract_that_ended_leaves_the_station_without(served, bureau):
    station = await added(bureau, "stations", a_station())
    agency, contract, tell = told.some_id(), told.some_id(), told.Teller()

    await reactions.deliver(
        [
            tell(signed(station, agency), contract),
            tell(ended(station, agency, date(2026, 11, 1)), contract),
        ],
        served,
    )

    async with served.begin(who()) as tx:
        assert (await tx.get(Station, station)).operator_id is None
        assert await tx.count(Operation) == 0


async def test_the_end_of_the_old_contract_does_not_take_the_new_operator_away(served, bureau):
    station = await added(bureau, "stations", a_station())
    old, new, tell = told.some_id(), told.some_id(), told.Teller()
    first, second = told.some_id(), told.some_id()
    opening = tell(signed(station, old, 1), first)
    closing = tell(ended(station, old, date(2026, 11, 1), 1), first)
    next_ = tell(signed(station, new, 2, date(2026, 11, 2), date(2027, 11, 1)), second)

    for envelope in (opening, next_, closing):
        await reactions.deliver([envelope], served)

    async with served.begin(who()) as tx:
        assert (await tx.get(Station, station)).operator_id == new


async def test_the_end_may_be_heard_before_the_beginning(served, bureau):
    station = await added(bureau, "stations", a_station())
    agency, contract, tell = told.some_id(), told.some_id(), told.Teller()
    opening = tell(signed(station, agency), contract)
    closing = tell(ended(station, agency, date(2026, 11, 1)), contract)

    early = await reactions.deliver([closing], served)
    await reactions.deliver([opening], served)

    assert early[closing.id] is Outcome.PARKED
    async with served.begin(who()) as tx:
        assert (await tx.get(Station, station)).operator_id is None
    assert [each["operator_id"] for each in await station_events(served)] == [
        None,
        str(agency),
        None,
    ]


async def test_a_station_registry_does_not_have_is_a_dead_letter_at_once(served):
    heard = told.Teller()(signed(told.some_id(), told.some_id()), told.some_id())

    outcome = await reactions.deliver([heard], served)

    assert outcome[heard.id] is Outcome.DEAD
    async with served.begin(who()) as tx:
        (letter,) = await tx.find(DeadLetter)
    assert letter.reason == "EventError: it names a station registry does not have"
