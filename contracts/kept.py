"""What every service keeps of registry: which cities there are, and each city's packs."""

from datetime import datetime

from chassis.db import Transaction
from chassis.events import Envelope
from chassis.reactions import Reactions
from chassis.tables import CityKept, PackKept
from contracts.registry import JurisdictionChanged, PackActivated


def keep_city(event: JurisdictionChanged, tx: Transaction) -> None:
    """Keep a jurisdiction; the event comes under the platform's tenant."""
    tx.keep(
        CityKept(code=event.code, kind=event.kind, name=event.name, prefixes=list(event.prefixes))
    )


def keep_pack(event: PackActivated, tx: Transaction, told: datetime | None = None) -> None:
    """Keep a version of this city's pack, known from when it was told (now, where it is told).

    Not from when it was heard: a pack sent again must not become unknown to `known_at` of before.
    """
    at = told or tx.now
    tx.keep(PackKept(version=event.version, in_force=event.in_force, heard_at=at, text=event.text))


def follow_cities(reactions: Reactions) -> None:
    """Let a service keep cities and packs as registry's events bring them."""

    @reactions.on(JurisdictionChanged)
    async def jurisdiction_changed(
        event: JurisdictionChanged, _envelope: Envelope, tx: Transaction
    ) -> None:
        keep_city(event, tx)

    @reactions.on(PackActivated)
    async def pack_activated(event: PackActivated, envelope: Envelope, tx: Transaction) -> None:
        keep_pack(event, tx, envelope.time)
