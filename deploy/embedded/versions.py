"""Which servers we run on: PostgreSQL 18, and a NATS with the fixes of 2026."""

import re
import subprocess
from pathlib import Path

from deploy.trouble import Trouble

POSTGRES = 18
Version = tuple[int, int, int]


def require_postgres(said: str, where: str) -> None:
    """Stop with one line unless this is the PostgreSQL we are built for."""
    found = re.search(r"(\d+)(?:\.\d+)?", said)
    if not found or int(found[1]) != POSTGRES:
        raise Trouble(
            f"{where} 是 PostgreSQL {found[0] if found else said!r}，需要 {POSTGRES}："
            "请运行 make up 重建环境，或把连接指向版本 18",
            f"{where} is not PostgreSQL {POSTGRES}: rebuild with make up, or point at a version 18",
        )


def require_nats(said: str, where: str) -> None:
    """Stop with one line on a NATS that loses streams or lacks the 2026 fixes."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said)
    version = tuple(int(part) for part in found.groups()) if found else (0, 0, 0)
    if version < (2, 12, 12) or (2, 13, 0) <= version < (2, 14, 3):
        raise Trouble(
            f"{where} 是 NATS {found[0] if found else said!r}，需要 2.12.12 以上或 2.14.3 以上："
            "请运行 make up 重建环境",
            f"{where} is too old: NATS must be 2.12.12 or later, from 2.13 on 2.14.3 or later; "
            "rebuild with make up",
        )


def says(program: Path) -> str:
    """Return what a program says about its version."""
    try:
        run = subprocess.run(  # noqa: S603 - a server of ours
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        raise Trouble(
            f"无法运行 {program}：请运行 make up 重建环境",
            f"{program} does not run here: rebuild with make up",
        ) from None
    return run.stdout.strip()
