"""The floor: pgbench doing the writes of one intake, in a database made by the same migrations."""

import asyncio
import re
from pathlib import Path

from deploy.databases import prepare
from deploy.embedded.postgres import Postgres
from deploy.migrate import migrate

FLOOR = "floor"
_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)
SCRIPT = Path(__file__).with_name("floor.sql")


async def casework_again(postgres: Postgres, name: str) -> None:
    """Make another database with casework's tables, policies and roles."""
    await prepare(postgres.url(), "casework", database=name)
    await migrate("casework", postgres.url(name, "casework_migrator"))


async def floor(postgres: Postgres, clients: int, seconds: int) -> tuple[float, float]:
    """Return transactions a second and their mean milliseconds, as the runtime role."""
    words = f"-n -M prepared -c {clients} -j {min(clients, 2)} -T {seconds} -f {SCRIPT}"
    process = await asyncio.create_subprocess_exec(
        str(postgres.programs / "pgbench"),
        *words.split(),
        *("-h", str(postgres.sockets), "-U", "casework_runtime", FLOOR),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    said = out.decode()
    if process.returncode or _FAILED.search(said)[1] != "0":
        raise RuntimeError(err.decode()[-2000:])
    return float(_RATE.search(said)[1]), float(_LATENCY.search(said)[1])
