"""What casework keeps of registry: cities, packs, stations, workers in post, partners."""

from typing import Any, cast

from chassis.db import Transaction
from chassis.events import Envelope
from chassis.reactions import Reactions
from contracts.kept import follow_cities, follow_waivers
from contracts.registry import (
    PackActivated,
    PartnerChanged,
    StationChanged,
    WorkerChanged,
)
from services.casework.models import PartnerKept, PostingKept, StationKept, WaiverKept, WorkerKept

reactions = Reactions("casework")
follow_cities(reactions)
follow_waivers(reactions, WaiverKept)


@reactions.on(PackActivated)
async def pack_activated(_event: PackActivated, _envelope: Envelope, tx: Transaction) -> None:
    """Look at the city's clocks: its calendar may know days now that were unpublished."""
    tx.follows_up = True


@reactions.on(StationChanged)
async def station_changed(event: StationChanged, _envelope: Envelope, tx: Transaction) -> None:
    """Keep what routing must know of a station."""
    tx.keep(
        StationKept(
            id=event.station_id,
            name=event.name,
            status=event.status,
            tier=event.tier,
            division=event.division,
            division_system=event.division_system,
            serves=list(event.serves),
            domains=list(event.domains),
            operator_id=event.operator_id,
        )
    )


@reactions.on(WorkerChanged)
async def worker_changed(event: WorkerChanged, _envelope: Envelope, tx: Transaction) -> None:
    """Keep where a worker serves, and with which certificate."""
    tx.keep(WorkerKept(id=event.worker_id, status=event.status, cert=event.cert))
    wanted = {(p.station_id, p.starts_on): p.ends_on for p in event.postings}
    for kept in await tx.find(PostingKept, cast("Any", PostingKept).worker_id == event.worker_id):
        at = (kept.station_id, kept.starts_on)
        if at not in wanted:
            tx.drop(kept)
        else:
            kept.ends_on = wanted.pop(at)
            tx.keep(kept)
    for (station_id, starts_on), ends_on in wanted.items():
        tx.keep(
            PostingKept(
                worker_id=event.worker_id,
                station_id=station_id,
                starts_on=starts_on,
                ends_on=ends_on,
            )
        )


@reactions.on(PartnerChanged)
async def partner_changed(event: PartnerChanged, _envelope: Envelope, tx: Transaction) -> None:
    """Keep a partner."""
    tx.keep(
        PartnerKept(
            id=event.partner_id,
            kind=event.kind,
            status=event.status,
            domains=list(event.domains),
        )
    )
