"""What the platform was given before it could be ready: divisions, packs in force, the demo.

To give it (`deploy.furnish`) takes half the house in memory. The supervisor, who stays, only looks
whether it is still there, and else has it done by a process that ends.
"""

import hashlib
import sys
from pathlib import Path

import orjson

from chassis.config import setting, surroundings
from deploy.embedded.ports import HOST
from deploy.embedded.probe import get
from deploy.embedded.process import Command, finished, last_line
from deploy.trouble import Trouble

SOURCE = Path(__file__).parents[2]
"""Where `-m deploy.cli` is found, installed or not."""
NOTE = "furnished.json"
OK = 200


def policies() -> Path:
    """Return the folder of packs that are made active."""
    return Path(setting("SHEGONG_POLICIES", str(SOURCE / "policies"))).resolve()


def shipped() -> str:
    """Return a hash of every pack's text: whether there is something new to make active."""
    digest = hashlib.sha256()
    for file in sorted(policies().glob("*/pack.yaml")):
        digest.update(f"{file.parent.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


async def as_left(data: Path, gateway: int) -> set[str] | None:
    """Return the cities whose packs are in force, or None if something is still to be given."""
    try:
        note = orjson.loads((data / NOTE).read_bytes())
    except FileNotFoundError:
        return None
    status, said = await get(HOST, gateway, "/v1/cities")
    if note["shipped"] != shipped() or status != OK:
        return None
    shown = {c["code"]: (c["pack"] or {}).get("version") for c in orjson.loads(said)["items"]}
    active: dict[str, str] = note["active"]
    return set(active) if active.items() <= shown.items() else None


async def furnish(data: Path, *, demo: bool) -> set[str]:
    """Have the platform given what it lacks; return the cities whose packs are in force."""
    log = data / "logs" / "furnish.log"
    argv = [sys.executable, "-m", "deploy.furnish", str(data), *(["demo"] if demo else [])]
    env = surroundings() | {"SHEGONG_POLICIES": str(policies())}
    if code := await finished(Command("furnish", argv, log, env, cwd=SOURCE)):
        raise Trouble(
            f"政策与演示数据未能载入（{code}）：{last_line(log)}；日志 {log}",
            f"packs and demo could not be loaded ({code}); see {log}",
        )
    return set(orjson.loads((data / NOTE).read_bytes())["active"])
