"""Whether the parts are ready, and have heard the packs of the cities that have one."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from chassis.config import PARTS
from deploy.embedded.probe import get
from deploy.trouble import Trouble

OK = 200
WITHIN = 60.0


async def all_ready(
    data: Path, env: Mapping[str, str], cities: Iterable[str], within: float = WITHIN
) -> None:
    """Wait until every part is ready and has heard the packs of these cities."""
    until = asyncio.get_running_loop().time() + within
    for part in PARTS:
        host, _, port = env[f"SHEGONG_LISTEN_{part.upper()}"].rpartition(":")
        wanted: set[str] = set() if part == "gateway" else set(cities)
        await _ready(data, part, (host, int(port)), wanted, until)


async def _ready(
    data: Path, part: str, at: tuple[str, int], cities: set[str], until: float
) -> None:
    said = b""
    try:
        async with asyncio.timeout_at(until):
            while True:
                status, said = await get(*at, "/health/ready")
                if status == OK and cities <= orjson.loads(said)["packs"].keys():
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        told: dict[str, Any] = orjson.loads(said) if said else {"missing": ["?"], "packs": {}}
        missing = ", ".join([*told["missing"], *sorted(cities - told["packs"].keys())])
        log = data / "logs" / f"{part}.log"
        raise Trouble(
            f"{part} 没有就绪（缺：{missing}）；日志 {log}",
            f"{part} was not ready in time (missing: {missing}); see {log}",
        ) from None
