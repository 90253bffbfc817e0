"""What a part does by itself: its relay, its consumers, its upkeep, and work of its own."""

import asyncio
import signal

from chassis import bus, log
from chassis.config import Settings
from chassis.consumer import Consumer
from chassis.db import Database
from chassis.relay import Relay
from chassis.service import Service, Work
from chassis.upkeep import Upkeep


class Workers:
    """The tasks that relay and react; a task that dies unexpectedly takes the process along."""

    def __init__(self) -> None:
        self._relay: Relay | None = None
        self._consumer: Consumer | None = None
        self._upkeep: Upkeep | None = None
        self._work: Work | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, service: Service, settings: Settings, database: Database) -> None:
        """Begin all of it."""
        self._relay = Relay(
            settings.relay_database_url,
            service.part,
            settings.nats_url,
            limits=bus.Limits(max_bytes=settings.stream_bytes),
        )
        database.on_commit.append(self._relay.wake)
        self._tasks.append(asyncio.create_task(self._relay.run(), name="relay"))
        if service.reactions is not None:
            self._consumer = Consumer(
                service.reactions, database, settings.nats_url, settings.relay_database_url
            )
            self._tasks.append(asyncio.create_task(self._consumer.run(), name="consumer"))
        self._upkeep = Upkeep(database)
        self._tasks.append(asyncio.create_task(self._upkeep.run(), name="upkeep"))
        if service.work is not None:
            self._work = service.work(database)
            self._tasks.append(asyncio.create_task(self._work.run(), name="work"))
        for task in self._tasks:
            task.add_done_callback(_died)

    async def stop(self) -> None:
        """Let each finish its turn, five seconds at most."""
        for worker in (self._consumer, self._work, self._relay, self._upkeep):
            if worker is not None:
                worker.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


def _died(task: "asyncio.Task[None]") -> None:
    if task.cancelled() or task.exception() is None:
        return
    # Half a process looks healthy and does nothing: better to be started anew as a whole.
    log.error("worker died", exc=task.exception(), worker=task.get_name())
    signal.raise_signal(signal.SIGTERM)
