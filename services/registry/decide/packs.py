"""Two people activate a pack: whoever brought a version does not approve it."""

from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from chassis.packs import Jurisdiction
from chassis.packs.model import Duty
from chassis.problems import At, Forbidden, Invalid
from contracts.registry import PackActivated
from services.registry.models import Pack, PackVersion


def pack_id(city: str) -> UUID:
    """Return the id of a city's pack: a city has one, in many versions."""
    return uuid5(NAMESPACE_OID, f"pack:{city}")


def author_pack(
    pack: Jurisdiction, text: str, note: str, *, city: str, by: str, now: datetime
) -> PackVersion:
    """Keep a version that compiled, as a draft, for somebody else to approve."""
    if pack.id != city:
        raise Invalid(
            [
                At(
                    "/layers",
                    "other-city",
                    "该政策包属于其他辖区",
                    "this is the pack of another jurisdiction",
                )
            ]
        )
    stated = [
        {"source": "stated", "vintage": str(each.year), "count": each.value}
        for each in pack.denominators.get("townships", [])
        if each.source == "stated" and each.value is not None
    ]
    return PackVersion(
        version=pack.version,
        status="draft",
        in_force=None,
        author=by,
        authored_at=now,
        approver=None,
        approved_at=None,
        note=note,
        text=text,
        townships=stated,
        duties=[_duty(pack, key, each) for key, each in pack.duties.items()],
    )


def _duty(pack: Jurisdiction, key: str, duty: Duty) -> dict[str, Any]:
    """Return a duty as the register will have it, its place named by the document's title."""
    document, _, clause = duty.cite.partition(" ")
    named = [each for (_, name), each in pack.documents.items() if name == document]
    return {
        "pack_key": key,
        "department": duty.who,
        "what": duty.what.zh,
        "what_en": duty.what.en,
        "cite": f"{named[-1].title} {clause}".strip() if named else duty.cite,
        "clause": ", ".join(duty.ids) or None,
        "due_on": duty.due.isoformat() if duty.due else None,
        "every": duty.every,
        "since": named[-1].in_force.isoformat() if named else None,
    }


def not_the_author(draft: PackVersion, by: str) -> None:
    """Refuse an approval by who wrote the version, whatever became of it since."""
    if draft.author == by:
        raise Forbidden(
            "政策包须由编制人以外的人批准",
            "A pack is approved by somebody other than its author",
        )


def approve_pack(
    draft: PackVersion, pack: Pack | None, in_force: date, *, city: str, by: str, now: datetime
) -> tuple[Pack, PackActivated]:
    """Activate a version from a day on; the days before stay as they were judged."""
    not_the_author(draft, by)
    if pack is not None and in_force < pack.in_force:
        raise Invalid(
            [
                At(
                    "/in_force",
                    "before-active",
                    f"不能早于现行版本的生效日 {pack.in_force}",
                    f"is before the active version's first day, {pack.in_force}",
                )
            ]
        )
    draft.status, draft.in_force = "active", in_force
    draft.approver, draft.approved_at = by, now
    if pack is None:
        pack = Pack(id=pack_id(city), active=draft.version, in_force=in_force)
    else:
        pack.active, pack.in_force = draft.version, in_force
    return pack, PackActivated(version=draft.version, in_force=in_force, text=draft.text)
