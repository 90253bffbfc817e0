"""The data folder: ours alone, and held by one run at a time.

    postgres/  nats/  run/     the servers' files and the socket
    logs/                      what each process wrote
    vault.json signing.json    secrets, made once: without them personal data cannot be read
    jwks.json                  the gateway's public keys
    state/                     outside every backup: epochs, lists of the erased
    run.json                   where things are, while they run
    demo.json                  clients of the demo
    lock                       who holds the folder

The lock is inherited by the servers: it is free only when the last process that writes here is gone.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.trouble import Trouble

PATIENCE = 15.0
"""Seconds for the servers of a run that was killed to finish."""


@dataclass(frozen=True)
class Folder:
    """A data folder that we hold."""

    path: Path
    lock: int

    def __truediv__(self, name: str) -> Path:
        return self.path / name


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[Folder]:
    """Hold a data folder while the block lasts."""
    path = _make(path)
    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _take(path, lock)
        # Only now: servers of an earlier run that still end must find their way in.
        path.chmod(0o700)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield Folder(path, lock)
    finally:
        os.close(lock)


def _make(path: Path) -> Path:
    path = path.expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        foreign = path.stat().st_uid != os.geteuid()
        strange = not (path / "lock").exists() and any(path.iterdir())
        if not foreign and not strange:
            for name in ("logs", "state"):
                (path / name).mkdir(mode=0o700, exist_ok=True)
            usable = os.access(path, os.W_OK | os.X_OK)
        else:
            usable = True
    except (FileExistsError, NotADirectoryError):
        raise Trouble(
            f"{path} 不是文件夹：请用 --data 选择其他位置",
            f"{path} is not a folder: choose another with --data",
        ) from None
    except OSError:
        usable = foreign = strange = False
    if foreign:
        raise Trouble(
            f"数据文件夹 {path} 属于其他用户：请以该用户运行，或用 --data 选择其他位置",
            f"data folder {path} belongs to another user: run as that user, "
            "or choose another with --data",
        )
    if strange:
        raise Trouble(
            f"{path} 中有其他文件，不是本系统的数据文件夹：请用 --data 选择空文件夹",
            f"{path} holds other files and is not a data folder of ours: "
            "choose an empty one with --data",
        )
    if not usable:
        raise Trouble(
            f"没有权限写入数据文件夹 {path}：请修改权限，或用 --data 选择其他位置",
            f"no permission to write in data folder {path}: change it, "
            "or choose another with --data",
        )
    return path


async def _take(path: Path, lock: int) -> None:
    patience = asyncio.get_running_loop().time() + PATIENCE
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        holder = int(os.pread(lock, 20, 0) or b"0")
        if _alive(holder) or asyncio.get_running_loop().time() > patience:
            raise Trouble(
                f"数据文件夹 {path} 正被进程 {holder} 使用：先停止它（kill {holder}），"
                "或用 --data 选择其他位置",
                f"data folder in use by pid {holder}: stop it (kill {holder}), "
                "or choose another with --data",
            )
        # Its supervisor is gone and the kernel is ending its servers: there is no event to wait for.
        await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
