"""A machine with two disks: PostgreSQL on one, NATS on the other, as the platform runs them.

A disk each, because file systems are kind: what one program on a disk syncs takes along what others
only wrote.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.process import exited, spawn, stop, until_ready
from deploy.trouble import Trouble
from tests.deploy.waiting import alive, until
from tests.e2e.house import family
from tests.fault.power_cut.disk import Disk, cut, made

POSTGRES_BYTES, NATS_BYTES = 1 << 30, 1 << 30
IMAGES = ("postgres", "nats")


class LazyNats(Nats):
    """A broker as it comes: it acknowledges, and syncs every two minutes."""

    def _configuration(self):
        found = super()._configuration()
        del found["jetstream"]["sync_interval"]
        return found


def new_disks(folder):
    """Make two empty disks."""
    folder.mkdir()
    sizes = (POSTGRES_BYTES, NATS_BYTES)
    return [made(folder / name, size) for name, size in zip(IMAGES, sizes, strict=True)]


class Machine:
    """The servers while there is power."""

    def __init__(self, postgres, nats, disks, processes):
        self.postgres, self.nats = postgres, nats
        self._disks, self._processes = disks, processes

    async def cut(self, folder):
        """Take what is on the disks in this instant, and let everything go on for now.

        Held still are all processes with all their threads: what they have not told anybody before
        this returns, they did not acknowledge.
        """
        pids = [pid for process in self._processes for pid in family(process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            await until(lambda: all(_still(pid) for pid in pids))
            return await asyncio.to_thread(cut, self._disks, folder)
        except BaseException:
            self.resume()
            raise

    def resume(self):
        for process in self._processes:
            for pid in family(process.pid):
                os.kill(pid, signal.SIGCONT)

    async def die(self):
        """End every process of the servers without a word."""
        gone = [pid for process in self._processes for pid in family(process.pid)]
        for pid in gone:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._processes:
            await exited(process)
        await until(lambda: not any(alive(pid) for pid in gone))


@asynccontextmanager
async def machine(images, folder, *, settings=None, lazy=False):
    """Switch a machine on over these images; on the way out its power is off."""
    with ExitStack() as stack:
        disks = [
            stack.enter_context(Disk(image, folder / f"{image.name}.at").mounted())
            for image in images
        ]
        folders = [disk.at / "data" for disk in disks]
        for data in folders:
            data.mkdir(mode=0o700, exist_ok=True)
        # As `shegong up` has it: who holds the lock knows that a server's own mark is a dead one's.
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        stack.callback(os.close, lock)
        postgres = Postgres(folders[0], keep=[lock], settings=settings)
        nats = (LazyNats if lazy else Nats)(folders[1], keep=[lock], users=["casework"])
        processes: list[subprocess.Popen[bytes]] = []
        found = Machine(postgres, nats, disks, processes)
        try:
            await asyncio.gather(*(_up(server, processes) for server in (postgres, nats)))
            yield found
        finally:
            await found.die()
            postgres.clean()


async def _up(server, processes):
    await server.prepare()
    command = server.command()
    within = 10 if isinstance(server, LazyNats) else 60
    try:
        processes.append(spawn(command))
        await until_ready(processes[-1], command, server.ready, within)
    except Trouble:
        # A lazy broker may find a stream that it cannot read. What the runbook says: an empty one.
        if not isinstance(server, LazyNats):
            raise
        await stop(processes.pop(), signal.SIGKILL, grace=1)
        shutil.rmtree(server.store)
        await server.prepare()
        processes.append(spawn(command))
        await until_ready(processes[-1], command, server.ready, within)


def _still(pid):
    """Say whether every thread of a process is stopped, or ended."""
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if thread.read_text().rpartition(")")[2].split()[0] not in "TtZX":
                return False
    return True
