"""Activating a pack over HTTP: its author brings the version, somebody else approves it."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson

from chassis.config import setting
from chassis.packs import Sources
from deploy.calls import Caller, door
from deploy.trouble import Trouble


async def activate(
    author: Caller, approver: Caller, sources: Sources, in_force: date
) -> dict[str, Any]:
    """Bring a version as its author and activate it as somebody else, from a day on."""
    draft = await author.post("/packs", {"layers": sources.merged(), "note": "shegong policies"})
    path = f"/packs/{draft['version']}/approve"
    active: dict[str, Any] = await approver.post(path, {"in_force": in_force.isoformat()})
    return active


async def activate_beside(
    sources: Sources, in_force: date, author: str | None, approver: str | None
) -> dict[str, Any]:
    """Activate in the platform that runs from the data folder, as its own operators by default."""
    data = Path(setting("SHEGONG_DATA", "./.shegong"))
    try:
        base_url: str = orjson.loads((data / "run.json").read_bytes())["base_url"]
        held: dict[str, str] = orjson.loads((data / "operators.json").read_bytes())
    except FileNotFoundError:
        raise Trouble(
            f"{data} 中没有运行的平台：请先 make up",
            f"no platform runs from {data}: make up first",
        ) from None
    async with door(base_url) as http:
        callers = []
        for given, name in ((author, "policy-author"), (approver, "policy-approver")):
            client = f"{sources.code}.{name}"
            who, _, secret = (given or f"{client}:{held.get(client, '')}").partition(":")
            callers.append(Caller(http, who, secret))
        return await activate(callers[0], callers[1], sources, in_force)
