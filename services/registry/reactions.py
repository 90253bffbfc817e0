"""What registry does when procurement says who runs a station."""

from datetime import date
from uuid import UUID

from chassis.db import Transaction
from chassis.events import Envelope, EventError
from chassis.reactions import Reactions
from contracts.procurement import ContractEnded, ContractSigned
from services.registry.decide.stations import operate_station
from services.registry.models import Operation, Station

reactions = Reactions("registry")


@reactions.on(ContractSigned)
async def contract_signed(event: ContractSigned, envelope: Envelope, tx: Transaction) -> None:
    """Make the agency the station's operator, from the contract's first day."""
    del envelope
    station = await _station(tx, event.station_id)
    tx.keep(
        Operation(
            contract_id=event.contract_id,
            station_id=event.station_id,
            agency_id=event.agency_id,
            starts_on=event.starts_on,
            ends_on=event.ends_on,
        )
    )
    await _operate(tx, station, event.starts_on)


@reactions.on(ContractEnded)
async def contract_ended(event: ContractEnded, envelope: Envelope, tx: Transaction) -> None:
    """Count the contract no longer, from the day it ended."""
    del envelope
    station = await _station(tx, event.station_id)
    contract = await tx.get(Operation, event.contract_id)
    if event.ended_on <= tx.today:
        tx.drop(contract)
    else:
        contract.ends_on = event.ended_on
        tx.keep(contract)
    await _operate(tx, station, event.ended_on)


async def _operate(tx: Transaction, station: Station, since: date) -> None:
    contracts = await tx.find(Operation, Operation.station_id == station.id)
    if changed := operate_station(station, contracts, tx.today, since):
        tx.record(*changed)


async def _station(tx: Transaction, station_id: UUID) -> Station:
    """Return a station; registry owns them, so one it does not have will not turn up later."""
    station = await tx.peek(Station, station_id)
    if station is None:
        raise EventError("it names a station registry does not have")
    return station
