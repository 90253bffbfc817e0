"""Wait for other processes: they cannot set an event of ours."""

import asyncio
from pathlib import Path


async def until(true, within=20):
    """Wait until something about another process is true."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def alive(pid):
    """Say whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
