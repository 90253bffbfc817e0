"""Child processes: started on a leash, waited for by event, stopped kindly and then surely."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.trouble import Trouble

LEASH = Path(__file__).with_name("leash.py")
LINE = 400


@dataclass(frozen=True)
class Command:
    """A program to keep running, and how it likes to be asked to stop."""

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    user: tuple[int, int] | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor dies before it."""
    keep: Sequence[int] = ()
    """File descriptors it inherits: the data folder's lock."""
    cwd: Path | None = None


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own, its output appended to its log."""
    uid, gid = (str(number) for number in command.user) if command.user else ("-", "-")
    leash = [str(int(command.orphaned)), str(os.getpid()), uid, gid]
    with open(command.log, "ab", opener=_private) as log:
        return subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, "-I", "-S", str(LEASH), *leash, *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=command.env,
            cwd=command.cwd,
            pass_fds=tuple(command.keep),
            start_new_session=True,
        )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


async def exited(process: subprocess.Popen[bytes]) -> int:
    """Wait until a process has ended; return its code (minus the signal that ended it)."""
    while (code := process.poll()) is None:
        try:
            watch = os.pidfd_open(process.pid)
        except (AttributeError, OSError):  # not Linux, or a kernel before 5.3
            await asyncio.sleep(0.05)
            continue
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(watch, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(watch)
            os.close(watch)
    return code


async def finished(command: Command) -> int:
    """Run a command to its end; return its code. Given up, it leaves nothing behind."""
    process = spawn(command)
    try:
        return await exited(process)
    finally:
        await stop(process, command.stop, grace=2)


async def stop(process: subprocess.Popen[bytes], how: signal.Signals, grace: float) -> None:
    """Ask a process to stop; after the grace, end it and everything in its group."""
    if process.poll() is None:
        process.send_signal(how)
        # A stopped process cannot hear the question.
        process.send_signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(grace):
                await exited(process)
        except TimeoutError:
            _end_group(process)
            await exited(process)
    _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


async def until_ready(
    process: subprocess.Popen[bytes],
    command: Command,
    ready: Callable[[], Awaitable[bool]],
    within: float,
) -> None:
    """Ask until a process says it is ready; if it ends first or never says so, show its last line."""
    try:
        async with asyncio.timeout(within):
            while True:
                answered = await ready()
                # A stranger may answer in its place: only a process that lives is ready.
                if (code := process.poll()) is not None:
                    line = last_line(command.log)
                    raise Trouble(
                        f"{command.name} 启动失败（退出码 {code}）：{line}；日志 {command.log}",
                        f"{command.name} ended at start (code {code}); see {command.log}",
                    )
                if answered:
                    return
                await asyncio.sleep(0.03)
    except TimeoutError:
        line = last_line(command.log)
        raise Trouble(
            f"{command.name} 在 {within:g} 秒内没有就绪：{line}；日志 {command.log}",
            f"{command.name} was not ready within {within:g} s; see {command.log}",
        ) from None


def last_line(log: Path) -> str:
    """Return the last line a process wrote, shortened."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:LINE] if lines else ""
