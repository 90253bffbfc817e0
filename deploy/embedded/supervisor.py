"""Keeps processes running: starts them, watches them, starts them again, stops them all.

It knows nothing of what they are: a command, a question that says when it is ready, and that is all.
"""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deploy.embedded.process import Command, exited, spawn, stop, until_ready
from deploy.trouble import Trouble

Say = Callable[[str, str], None]
"""Tell the person at the terminal one thing, in Chinese and English."""

FIRST, LONGEST = 0.2, 10.0
LOOK = 5.0
STEADY = 30.0
"""A process that lived this long (seconds) crashed for a new reason: the back-off starts over."""


@dataclass(frozen=True)
class Child:
    """What to keep running."""

    command: Command
    ready: Callable[[], Awaitable[bool]]
    within: float = 60.0
    stuck: Callable[[], Awaitable[bool]] | None = None
    """Asked every few seconds: whether it runs and will never work again until it is started anew."""

    @property
    def name(self) -> str:
        """The command's name."""
        return self.command.name


class Supervisor:
    """Holds the children of one run."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.changed: Callable[[], None] = lambda: None
        """Called when a child runs again, as another process."""
        self._children: dict[str, Child] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The present process of every child that runs."""
        found = self._processes.items()
        return {name: process.pid for name, process in found if process.poll() is None}

    async def start(self, child: Child) -> None:
        """Start a child and wait until it is ready; from then on it is started again if it ends."""
        self._children[child.name] = child
        process = self._processes[child.name] = spawn(child.command)
        await until_ready(process, child.command, child.ready, child.within)
        self._watches[child.name] = asyncio.create_task(self._keep(child))

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a child: a drill."""
        self._processes[name].send_signal(how)

    async def stop(self, *names: str, grace: float) -> None:
        """Stop children side by side; what does not stop within the grace is ended."""
        watches = [watch for name in names if (watch := self._watches.pop(name, None))]
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        running = [name for name in names if name in self._processes]
        stops = (
            stop(self._processes[name], self._children[name].command.stop, grace)
            for name in running
        )
        await asyncio.gather(*stops)

    async def _keep(self, child: Child) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(child))
            if child.stuck is not None:
                group.create_task(self._look_after(child, child.stuck))

    async def _look_after(self, child: Child, stuck: Callable[[], Awaitable[bool]]) -> None:
        """End a child that is stuck: the watch starts it again."""
        while True:
            await asyncio.sleep(LOOK)
            if await stuck():
                self._say(
                    f"{child.name} 无法继续工作，重新启动；日志 {child.command.log}",
                    f"{child.name} is stuck and is started anew",
                )
                self._processes[child.name].send_signal(child.command.stop)

    async def _watch(self, child: Child) -> None:
        """Start a child again whenever it ends, ever more slowly while it keeps ending."""
        loop = asyncio.get_running_loop()
        pause, started = FIRST, loop.time()
        while True:
            code = await exited(self._processes[child.name])
            if loop.time() - started > STEADY:
                pause = FIRST
            how = _ended(code)
            self._say(
                f"{child.name} 意外退出（{how}），{pause:g} 秒后重新启动；日志 {child.command.log}",
                f"{child.name} ended ({how}), starting again in {pause:g} s",
            )
            await asyncio.sleep(pause)
            pause, started = min(pause * 2, LONGEST), loop.time()
            process = self._processes[child.name] = spawn(child.command)
            try:
                await until_ready(process, child.command, child.ready, child.within)
            except Trouble:
                # Ended again, or hangs: the first is seen at once above, the second is ended here.
                await stop(process, child.command.stop, grace=1)
                continue
            self.changed()
            self._say(f"{child.name} 已恢复", f"{child.name} is back")


def _ended(code: int) -> str:
    return signal.strsignal(-code) or f"signal {-code}" if code < 0 else f"exit {code}"
