"""Who was erased, in a file outside every backup: a restore repeats it before the service opens.

One line each, on disk before the transaction that destroys the key commits. A person noted whose
key still stands (the commit failed) loses nothing by being erased again: it was asked for.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import orjson


@dataclass(frozen=True)
class Erased:
    """A person whose key was destroyed."""

    city: str
    person_id: UUID
    at: datetime


def erased_path(state: Path, part: str) -> Path:
    """Return where a part keeps its list."""
    return state / f"erased-{part}.jsonl"


def note_erased(path: Path, erased: Erased) -> None:
    """Append a line and wait until it is on disk."""
    line = orjson.dumps({"city": erased.city, "person_id": erased.person_id, "at": erased.at})
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # The newline comes first as well: a line torn by a power cut must not swallow this one.
        os.write(handle, b"\n" + line + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_erased(path: Path) -> list[Erased]:
    """Return everyone on the list; a line torn by a power cut was never acknowledged."""
    if not path.exists():
        return []
    people: list[Erased] = []
    for line in path.read_bytes().splitlines():
        try:
            held = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        at = datetime.fromisoformat(held["at"])
        people.append(Erased(held["city"], UUID(held["person_id"]), at))
    return people
