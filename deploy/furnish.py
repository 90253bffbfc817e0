"""What a new platform is given, in a process that ends: `python -m deploy.furnish DATA [demo]`.

Divisions and packs first (`deploy.bootstrap`); the demo once every part has heard of the packs.
"""

import sys
from pathlib import Path

import orjson

from deploy import bootstrap, demo_load
from deploy.compose.once import once
from deploy.embedded.furnished import NOTE, shipped
from deploy.embedded.ready import all_ready


async def furnish(data: Path, *, demo: bool) -> None:
    """Bring the platform that runs from a folder to where it can be ready, and tell its demo."""
    note = orjson.loads((data / "run.json").read_bytes())
    given = shipped()
    active = await bootstrap.prepare_platform(data, note["base_url"], note["env"])
    if demo:
        await all_ready(data, note["env"], set(active))
        await demo_load.load(data, note["base_url"], note["env"])
    bootstrap.write_private(data / NOTE, {"shipped": given, "active": active})


if __name__ == "__main__":
    once(furnish(Path(sys.argv[1]), demo="demo" in sys.argv[2:]))
