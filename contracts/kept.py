"""What services keep of others: which cities there are, each city's packs, and waivers at the gates."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from chassis.db import Transaction
from chassis.events import Envelope
from chassis.packs import Jurisdiction, Waiver
from chassis.reactions import Reactions
from chassis.tables import CityKept, PackKept
from contracts.copies import WaiverCopy
from contracts.evaluation import WaiverGranted, WaiverRevoked
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


# ---------------------------------------------------------------------- waivers at a gate


def follow_waivers(reactions: Reactions, model: Any) -> None:
    """Let a service that holds a gate keep waivers as evaluation's events bring them."""

    @reactions.on(WaiverGranted)
    async def waiver_granted(event: WaiverGranted, _envelope: Envelope, tx: Transaction) -> None:
        tx.keep(
            model(
                id=event.waiver_id,
                rule=event.rule,
                subject_kind=event.subject_kind,
                subject_id=event.subject_id,
                starts_on=event.starts_on,
                until=event.until,
                who=event.granted_by,
                reason_code=event.reason_code,
            )
        )

    @reactions.on(WaiverRevoked)
    async def waiver_revoked(event: WaiverRevoked, _envelope: Envelope, tx: Transaction) -> None:
        kept = await tx.get(model, event.waiver_id)
        kept.until = event.last_on
        tx.keep(kept)


async def waived_at(
    tx: Transaction, model: Any, j: Jurisdiction, gate: str, subjects: Iterable[tuple[str, Any]]
) -> list[Waiver]:
    """Return the waivers of these subjects (kind, id) at a gate; nothing is read where no rule refuses."""
    if not j.gated(gate):
        return []
    wanted = {(kind, str(identity)) for kind, identity in subjects if identity is not None}
    found = await tx.find(model, subject_id=sorted({identity for _, identity in wanted}))
    return [
        Waiver(each.rule, each.starts_on, each.until, each.who, each.reason_code)
        for each in cast("list[WaiverCopy]", found)
        if (each.subject_kind, each.subject_id) in wanted
    ]
