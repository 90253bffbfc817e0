"""The supervisor: knows nothing of its children but how to keep them, and to let none behind."""

import os
import re
import signal
import sys
import time
from dataclasses import replace

import pytest

from deploy.embedded import supervisor
from deploy.embedded.process import Command, exited, spawn
from deploy.embedded.supervisor import Child, Supervisor
from deploy.trouble import Trouble
from tests.deploy.waiting import alive, until

SLEEPER = "import signal; print('up', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import signal; "
    "signal.pause()']); print(child.pid, flush=True); child.wait()"
)


@pytest.fixture
def said():
    return []


@pytest.fixture
async def keeper(said):
    keeper = Supervisor(lambda _zh, en: said.append(en))
    yield keeper
    await keeper.stop(*keeper.pids, grace=0.2)


def child(tmp_path, code, name="part", within=10.0):
    command = Command(name, [sys.executable, "-c", code], tmp_path / f"{name}.log")
    starts = 0

    async def ready():
        nonlocal starts
        seen, starts = (
            starts,
            len(re.findall(r"^(?:up|x|\d+)$", command.log.read_text(), re.MULTILINE)),
        )
        return starts > seen

    return Child(command, ready, within)


async def test_a_crashed_child_is_started_again_and_said_so(keeper, said, tmp_path):
    await keeper.start(child(tmp_path, SLEEPER))
    first = keeper.pids["part"]
    keeper.kill("part")
    await until(lambda: "part is back" in said)

    assert said == ["part ended (Killed), starting again in 0.2 s", "part is back"]
    assert keeper.pids["part"] != first


async def test_a_child_that_is_stuck_is_started_anew(keeper, said, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LOOK", 0.05)
    answers = iter([False, True])

    async def stuck():
        return next(answers, False)

    await keeper.start(replace(child(tmp_path, SLEEPER), stuck=stuck))
    first = keeper.pids["part"]
    await until(lambda: "part is back" in said)

    assert said[0] == "part is stuck and is started anew"
    assert keeper.pids["part"] != first


async def test_a_child_that_keeps_crashing_is_started_ever_more_slowly(
    keeper, said, tmp_path, monkeypatch
):
    monkeypatch.setattr(supervisor, "FIRST", 0.01)
    monkeypatch.setattr(supervisor, "LONGEST", 0.04)
    code = f"import os; print('x', flush=True); os.path.exists('{tmp_path}/go') and os._exit(3); {SLEEPER}"
    await keeper.start(child(tmp_path, code))
    (tmp_path / "go").touch()
    keeper.kill("part")
    await until(lambda: len([line for line in said if "ended" in line]) == 5)

    waits = [line.split()[-2] for line in said if "ended" in line]
    assert waits == ["0.01", "0.02", "0.04", "0.04", "0.04"]
    assert "exit 3" in said[-1]


async def test_a_child_that_cannot_start_shows_its_last_line(keeper, tmp_path):
    with pytest.raises(Trouble, match="no money"):
        await keeper.start(child(tmp_path, "import sys; sys.exit('no money')", within=5))


async def test_a_child_that_never_gets_ready_is_not_waited_for_for_ever(keeper, tmp_path):
    quiet = child(tmp_path, "import signal; signal.pause()", within=0.3)

    with pytest.raises(Trouble, match=r"not ready within 0.3 s"):
        await keeper.start(quiet)


async def test_a_deaf_child_is_ended_after_the_grace(keeper, tmp_path):
    await keeper.start(child(tmp_path, DEAF))
    pid = keeper.pids["part"]
    started = time.monotonic()
    await keeper.stop("part", grace=0.3)

    assert 0.3 <= time.monotonic() - started < 2
    assert not alive(pid)


async def test_a_stopped_child_hears_the_question(keeper, tmp_path):
    await keeper.start(child(tmp_path, SLEEPER))
    pid = keeper.pids["part"]
    keeper.kill("part", signal.SIGSTOP)
    await keeper.stop("part", grace=5)

    assert not alive(pid)


async def test_what_a_child_started_is_ended_with_it(keeper, tmp_path):
    parent = child(tmp_path, PARENT)
    await keeper.start(parent)
    grandchild = int(parent.command.log.read_text())
    await keeper.stop("part", grace=1)

    await until(lambda: not alive(grandchild))


async def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path):
    log = tmp_path / "child.log"
    code = (
        "import pathlib, sys, signal; from deploy.embedded.process import Command, spawn;"
        f"print(spawn(Command('c', [sys.executable, '-c', {DEAF!r}], pathlib.Path({str(log)!r})))"
        ".pid, flush=True); signal.pause()"
    )
    killed = spawn(Command("s", [sys.executable, "-c", code], tmp_path / "s.log", cwd=None))
    await until(lambda: (tmp_path / "s.log").read_text() and log.exists() and log.read_text())
    pid = int((tmp_path / "s.log").read_text())
    os.kill(killed.pid, signal.SIGKILL)
    await exited(killed)

    await until(lambda: not alive(pid))
