"""What procurement keeps of registry: cities, packs, and the stations and agencies of contracts."""

from chassis.db import Transaction
from chassis.events import Envelope
from chassis.reactions import Reactions
from contracts.kept import follow_cities, follow_waivers
from contracts.registry import AgencyChanged, StationChanged
from services.procurement.models import AgencyKept, StationKept, WaiverKept

reactions = Reactions("procurement")
follow_cities(reactions)
follow_waivers(reactions, WaiverKept)


@reactions.on(StationChanged)
async def station_changed(event: StationChanged, _envelope: Envelope, tx: Transaction) -> None:
    """Keep a station as a contract's judge may see it."""
    tx.keep(
        StationKept(
            id=event.station_id,
            name=event.name,
            status=event.status,
            tier=event.tier,
            mode=event.mode,
            division=event.division,
            district=event.district,
            facts=event.facts,
        )
    )


@reactions.on(AgencyChanged)
async def agency_changed(event: AgencyChanged, _envelope: Envelope, tx: Transaction) -> None:
    """Keep an agency."""
    tx.keep(
        AgencyKept(
            id=event.agency_id,
            name=event.name,
            kind=event.kind,
            status=event.status,
            business_scope=event.business_scope,
        )
    )
