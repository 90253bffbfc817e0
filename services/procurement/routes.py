"""Procurement over HTTP: gather the facts, decide, record."""

from collections.abc import Sequence
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import func

from chassis import problems
from chassis.asked import Day, Listed, Paged
from chassis.http import IfMatch, Router, Tx, language, match
from chassis.identity import Actor, allow
from contracts.kept import waived_at
from services.procurement import decide
from services.procurement.asks import ContractReceipt, EndContract, SignContract, Warned
from services.procurement.models import AgencyKept, Contract, ContractView, StationKept, WaiverKept
from services.procurement.reach import contracts_of, reaches
from services.procurement.rules import SIGN

router = Router(tags=["procurement"])

CanRead = Annotated[Actor, Depends(allow("procurement:read"))]
"""Whoever may see contracts; which ones is `reach.contracts_of`."""
CanWrite = Annotated[Actor, Depends(allow("procurement:write"))]
"""A bureau that signs and ends contracts in its own area."""
Language = Annotated[str, Depends(language)]


class ContractsAsked(Paged):
    """Which contracts."""

    station_id: UUID | None = None
    agency_id: UUID | None = None
    on: Day | None = None
    """Only those in force that day."""


class Contracts(Listed):
    """A page of contracts."""

    items: Sequence[ContractView]


@router.post("/contracts", status_code=201)
async def post_contract(
    ask: SignContract, tx: Tx, actor: CanWrite, said: Language
) -> ContractReceipt:
    """Record a signed contract; a rule of the city's document may refuse it, naming its clause."""
    station = await tx.peek(StationKept, ask.station_id)
    if station is None or not reaches(actor, station):
        raise problems.UnknownReference("/station_id")
    agency = await tx.peek(AgencyKept, ask.agency_id)
    if agency is None:
        raise problems.UnknownReference("/agency_id")
    prior = None
    if ask.renewal_of is not None:
        named = cast("Any", Contract).id == ask.renewal_of
        prior = await tx.one(Contract, named, contracts_of(actor))
        if prior is None:
            raise problems.UnknownReference("/renewal_of")
    j = await tx.pack(ask.signed_on)
    waivers = await waived_at(tx, WaiverKept, j, SIGN, [("station", station.id)])
    contract, signed, warnings = decide.sign_contract(
        ask, station, agency, prior, j, tx.today, waivers
    )
    tx.record(contract, signed)
    return ContractReceipt(
        **contract.model_dump(include=set(ContractReceipt.model_fields) - {"warnings"}),
        warnings=[Warned.model_validate(line | {"say": line["say"][said]}) for line in warnings],
    )


@router.get("/contracts")
async def get_contracts(
    asked: Annotated[ContractsAsked, Query()], tx: Tx, actor: CanRead
) -> Contracts:
    """List contracts within the caller's reach."""
    row = cast("Any", Contract)
    where = [contracts_of(actor)]
    if asked.station_id is not None:
        where.append(row.station_id == asked.station_id)
    if asked.agency_id is not None:
        where.append(row.agency_id == asked.agency_id)
    if asked.on is not None:
        last = func.least(row.ends_on, row.ended_on)
        where += [row.starts_on <= asked.on, last >= asked.on]
    page = await tx.page(Contract, *where, after=asked.after, limit=asked.limit)
    return Contracts.model_construct(items=page.items, next=page.next)


@router.get("/contracts/{contract_id}")
async def get_contract(contract_id: UUID, tx: Tx, actor: CanRead) -> ContractView:
    """Show one contract."""
    return await _contract(contract_id, tx, actor)


@router.post("/contracts/{contract_id}/end")
async def post_end(
    contract_id: UUID, ask: EndContract, tx: Tx, actor: CanWrite, version: IfMatch
) -> ContractView:
    """End a contract before its last day."""
    contract = await _contract(contract_id, tx, actor)
    match(contract, version)
    return tx.record(*decide.end_contract(ask, contract))


async def _contract(contract_id: UUID, tx: Tx, actor: Actor) -> Contract:
    found = await tx.one(Contract, cast("Any", Contract).id == contract_id, contracts_of(actor))
    if found is None:
        raise problems.NotFound()
    return found
