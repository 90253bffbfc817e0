"""What the machine says: processor time and memory by process, and how busy it is with others."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def family(*roots: int) -> dict[int, int]:
    """Return the root above every process that descends from one of these."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
            except (OSError, IndexError):
                continue
    found = {}
    for pid in parents:
        above = pid
        while above not in roots and above in parents:
            above = parents[above]
        if above in roots:
            found[pid] = above
    return found


def cpu(pids: dict[str, int]) -> dict[str, float]:
    """Return the seconds of processor time used so far, by name, children counted with parents."""
    names = {pid: name for name, pid in pids.items()}
    used = dict.fromkeys(pids, 0.0)
    for pid, root in family(*names).items():
        try:
            stat = _stat(pid)
        except OSError:
            continue
        # Its own time, and that of children that have ended: a database's connections do.
        used[names[root]] += sum(map(int, stat[11:15])) / _TICK
    return used


def _stat(pid: int) -> list[str]:
    # After the name in brackets, which may hold anything: state, parent, …
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@contextmanager
def used(pids: dict[str, int]):
    """Fill in the seconds of processor time each of these processes used in the block."""
    before, spent = cpu(pids), {}
    yield spent
    after = cpu(pids)
    spent |= {name: after[name] - before[name] for name in pids}


def memory(root: int) -> dict[str, float]:
    """Return the proportional memory of a process and all below it, in MB, by command."""
    found: dict[str, float] = {}
    for pid in family(root):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        pss = next(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
        name = _named([word.decode(errors="replace") for word in words])
        found[name] = found.get(name, 0.0) + pss / 1024
    return found


def _named(words: list[str]) -> str:
    if "serve" in words:
        return words[words.index("serve") + 1]
    if "up" in words:
        return "supervisor"
    return "PostgreSQL" if "postgres" in words[0] else "NATS" if "nats" in words[0] else words[0]


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


async def quiet(most: float, within: float, rest) -> float:
    """Wait until others leave the machine alone, but not for ever; return the load then."""
    until = time.monotonic() + within
    while load() > most and time.monotonic() < until:
        await rest(2)
    return load()
