"""Activating a pack over HTTP: its author brings the version, somebody else approves it."""

from datetime import date
from typing import Any

from chassis.packs import Sources
from deploy.calls import Caller


async def activate(
    author: Caller, approver: Caller, sources: Sources, in_force: date
) -> dict[str, Any]:
    """Bring a version as its author and activate it as somebody else, from a day on."""
    draft = await author.post("/packs", {"layers": sources.merged(), "note": "shegong policies"})
    path = f"/packs/{draft['version']}/approve"
    active: dict[str, Any] = await approver.post(path, {"in_force": in_force.isoformat()})
    return active
