"""The whole platform as one child process, as `make up` runs it, and what a test asks of it."""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import nats
import orjson
from nats.js.errors import NotFoundError

from chassis.config import PARTS, surroundings
from deploy.calls import Caller, door
from deploy.embedded.ports import free_ports
from deploy.embedded.run import SOURCE


async def eventually(ask, within=20):
    """Ask until the answer is something, and return it; what is asked may not answer yet."""
    until = time.monotonic() + within
    # Looked at between two questions as well: a driver that closes may swallow a cancellation.
    async with asyncio.timeout(within + 5):
        while True:
            if found := await ask():
                return found
            if time.monotonic() > until:
                raise TimeoutError(ask.__qualname__)
            await asyncio.sleep(0.03)


def family(pid):
    """Return a process and all that it and its children have started."""
    children = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            children += thread.read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


_running: "list[House]" = []


async def one_house() -> "House":
    """Return the platform all tests share, with the demo in it as a newcomer has it."""
    if not _running:
        # A socket's path must stay short, and pytest's own folders are long.
        folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
        _running.append(House(folder / "data"))
        _running[0].cold = await _running[0].up()
    return _running[0]


async def no_house():
    """Take the shared platform down and away; nothing if somebody has already."""
    while _running:
        house = _running.pop()
        try:
            await house.down()
        finally:
            if house.process.poll() is None:
                house.process.kill()
                await asyncio.to_thread(house.process.wait, 10)
            shutil.rmtree(house.data.parent, ignore_errors=True)


class House:
    """`shegong up` over one folder: started, asked, stopped, started again."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self._settings = data, settings
        [self.port] = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.cold = 0.0
        """Seconds the first start took."""
        self._log = data.with_suffix(".log")
        self._from = 0

    # ------------------------------------------------------------------ up and down

    async def up(self, within=240):
        """Start everything, and return after how many seconds it said that it is ready."""
        started = time.monotonic()
        self._from = self._log.stat().st_size if self._log.exists() else 0
        self._launch()

        async def ready():
            assert self.process.poll() is None, self.said()
            return "ready (" in self.said()

        await eventually(ready, within)
        return time.monotonic() - started

    def _launch(self):
        # As a newcomer's shell has it: what is imported is compiled once, and not at every start.
        env = surroundings() | {"PYTHONUNBUFFERED": "1"} | self._settings
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        where = ["--data", str(self.data), "--port", str(self.port)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli", "up", *where],
                stdout=log,
                stderr=log,
                cwd=SOURCE,
                env=env,
            )

    async def down(self, how=signal.SIGTERM):
        """Ask it to stop, and return after how many seconds it was gone."""
        started = time.monotonic()
        self.process.send_signal(how)
        await asyncio.to_thread(self.process.wait, 30)
        return time.monotonic() - started

    def said(self):
        """Return what it has printed since it was started last."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode()

    # ------------------------------------------------------------------ who is there

    @property
    def note(self):
        return orjson.loads((self.data / "run.json").read_bytes())

    @property
    def demo(self):
        return orjson.loads((self.data / "demo.json").read_bytes())

    @property
    def pids(self):
        return self.note["pids"]

    def client(self, city, name):
        return next(c for c in self.demo["clients"] if c["client_id"] == f"{city}.{name}")

    def part(self, part):
        """Return where a part answers, behind the gateway."""
        return f"http://{self.note['env'][f'SHEGONG_LISTEN_{part.upper()}']}"

    def lines(self, part):
        """Return a part's log, line by line."""
        written = (self.data / "logs" / f"{part}.log").read_bytes().splitlines()
        return [orjson.loads(line) for line in written if line.startswith(b"{")]

    # ------------------------------------------------------------------ what is inside

    def database(self, part):
        """Return where a part's database is, as who may see everything."""
        admin = urlsplit(self.note["env"]["SHEGONG_ADMIN_DATABASE_URL"])
        return admin._replace(path=f"/{part}").geturl()

    @asynccontextmanager
    async def rows(self, part):
        """Look into a part's database, past every policy."""
        one = await asyncpg.connect(self.database(part))
        try:
            yield one
        finally:
            await one.close()

    async def count(self):
        """Return how many rows of work there are: one more is a write."""
        found = {}
        for part in PARTS:
            async with self.rows(part) as one:
                for table in ("event_log", "receipt", "applied", "fact"):
                    if await one.fetchval("SELECT to_regclass($1)", table):
                        found[part, table] = await one.fetchval(f"SELECT count(*) FROM {table}")
        return found

    @asynccontextmanager
    async def broker(self):
        """Look into JetStream, as who may see everything."""
        client = await nats.connect(self.note["env"]["SHEGONG_NATS_URL_ADMIN"])
        try:
            yield client.jetstream()
        finally:
            await client.close()

    async def published(self, subject):
        """Return the last message of a subject in JetStream, or None."""
        async with self.broker() as js:
            try:
                return await js.get_last_msg(subject.partition(".")[0].upper(), subject)
            except NotFoundError:
                return None

    async def stream(self, producer):
        """Return every message a producer's stream holds; none while there is no stream."""
        found = []
        async with self.broker() as js:
            try:
                last = (await js.stream_info(producer.upper())).state.last_seq
            except NotFoundError:
                return []
            for seq in range(1, last + 1):
                with suppress(NotFoundError):  # its time had come
                    found.append(await js.get_msg(producer.upper(), seq))
        return found


class Guest:
    """Somebody at the gateway: opens the door once and speaks for any client of the demo."""

    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        self.house, self.http = house, http

    def of(self, city, name) -> Caller:
        """Return one of the demo's clients."""
        client = self.house.client(city, name)
        return Caller(self.http, client["client_id"], client["client_secret"])


@asynccontextmanager
async def at_the_door(house: House):
    async with door(house.url) as http:
        yield Guest(house, http)
