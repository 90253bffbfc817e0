"""The embedded run with real servers and stand-ins for the parts: up, killed, stopped, up again."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import nats
import orjson
import pytest

from chassis.config import surroundings
from deploy.embedded import running
from deploy.embedded.ports import free_ports
from deploy.embedded.process import Command, spawn, stop
from deploy.embedded.run import SOURCE
from deploy.trouble import Trouble
from tests.deploy import stand_in
from tests.deploy.waiting import alive, until

NAMES = {"registry", "casework", "procurement", "evaluation", "gateway", "PostgreSQL", "NATS"}


@pytest.fixture
def data():
    # Not among pytest's own folders: another session that starts shuts them (tests/conftest.py).
    with tempfile.TemporaryDirectory(prefix="shegong-run-") as folder:
        yield Path(folder) / "data"


async def start(data, port=None):
    """Start `shegong up` as a process of its own; return it and what it noted down."""
    note = data / "run.json"
    note.unlink(missing_ok=True)
    process = launch(data, port or free_ports(1)[0])
    await until(lambda: note.exists() or process.poll() is not None)
    assert process.poll() is None, (data.parent / "up.log").read_text()
    return process, orjson.loads(note.read_bytes())


def launch(data, port):
    with (data.parent / "up.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.stand_in_up", str(data), str(port)],
            stdout=log,
            stderr=log,
            cwd=SOURCE,
            env=surroundings(),
        )


async def test_data_is_there_again_after_a_stop(data):
    async with running(data, demo=False, program=stand_in.program) as run:
        assert run.pids.keys() == NAMES
        first = run.pids
        admin = await asyncpg.connect(run.postgres.url())
        await admin.execute("CREATE TABLE kept (a int); INSERT INTO kept VALUES (7)")
        await admin.close()
    assert not any(alive(pid) for pid in first.values())
    assert not (data / "run.json").exists()

    async with running(data, demo=False, program=stand_in.program) as run:
        admin = await asyncpg.connect(run.postgres.url())
        assert await admin.fetchval("SELECT a FROM kept") == 7
        await admin.close()


async def test_killed_servers_and_parts_come_back_where_they_were(data):
    said = []
    async with running(
        data, demo=False, program=stand_in.program, say=lambda _zh, en: said.append(en)
    ) as run:
        before = run.pids
        for name in NAMES:
            run.kill(name)
        await until(lambda: {f"{name} is back" for name in NAMES} <= set(said))

        assert not set(before.values()) & set(run.pids.values())
        assert orjson.loads((data / "run.json").read_bytes())["pids"] == run.pids
        assert await run.answers("gateway")
        assert await run.postgres.ready()


async def test_a_part_knows_its_own_doors_and_no_others(data):
    async with running(data, demo=False, program=stand_in.program) as run:
        told = run.settings("casework")
        note = data / "run.json"

        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert not [name for name in told if name.endswith(("REGISTRY", "GATEWAY"))]
        assert "SHEGONG_SIGNING_KEYS" not in told
        assert not [name for name in told if "MIGRATOR" in name]


async def test_a_part_may_speak_for_itself_only_and_unsay_nothing(data):
    async with running(data, demo=False, program=stand_in.program) as run:
        refused = []

        async def note(error):
            refused.append(str(error))

        casework = await nats.connect(run.nats.url("casework"), error_cb=note)
        js = casework.jetstream(timeout=0.5)
        await js.add_stream(name="CASEWORK", subjects=["casework.>"])
        await js.publish("casework.referral.received.v1.420100", b"{}")
        for forbidden in ("registry.station.changed.v1.420100", "$JS.API.STREAM.DELETE.CASEWORK"):
            await casework.publish(forbidden, b"")
        await casework.publish("$JS.API.STREAM.PURGE.CASEWORK", b"")
        await casework.flush()
        await until(lambda: len(refused) == 3)

        assert (await js.stream_info("CASEWORK")).state.messages == 1
        await casework.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_stops_everything_within_ten_seconds(data, how):
    process, note = await start(data)
    pids = note["pids"].values()
    started = time.monotonic()
    process.send_signal(how)
    await asyncio.to_thread(process.wait, 10)

    assert time.monotonic() - started < 10
    assert process.returncode == 0
    assert not [pid for pid in pids if alive(pid)]
    assert "all stopped" in (data.parent / "up.log").read_text()


async def test_a_second_signal_does_not_hinder_the_stop(data):
    process, note = await start(data)
    os.kill(note["pids"]["casework"], signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(process.wait, 10)

    assert process.returncode == 0
    assert not [pid for pid in note["pids"].values() if alive(pid)]


async def test_nothing_outlives_a_supervisor_that_is_killed_and_the_next_run_goes_on(data):
    process, note = await start(data)
    process.kill()
    await asyncio.to_thread(process.wait, 10)
    process, _ = await start(data)

    assert not [pid for pid in note["pids"].values() if alive(pid)]
    process.terminate()
    await asyncio.to_thread(process.wait, 10)


async def test_after_a_power_cut_another_process_with_the_old_pid_is_no_hindrance(data):
    async with running(data, demo=False, program=stand_in.program) as run:
        user = run.postgres.user
    stranger = spawn(Command("stranger", ["sleep", "60"], data.parent / "log", user=user))
    try:
        old = f"{stranger.pid}\n{data}/postgres\n1\n5432\n{data}/run\n\n\n"
        (data / "postgres" / "postmaster.pid").write_text(old)
        (data / "run" / ".s.PGSQL.5432.lock").write_text(old)

        async with running(data, demo=False, program=stand_in.program) as run:
            assert await run.postgres.ready()
    finally:
        await stop(stranger, signal.SIGKILL, grace=5)


async def test_a_refused_second_run_leaves_the_first_one_able_to_write(data):
    """As root PostgreSQL is another user: who tightens the folder first locks it out."""
    async with running(data, demo=False, program=stand_in.program) as run:
        with pytest.raises(Trouble):
            async with running(data, demo=False):
                pass
        admin = await asyncpg.connect(run.postgres.url())
        await admin.execute("CHECKPOINT")
        await admin.close()


async def test_a_second_run_over_the_same_folder_says_so_in_one_line(data):
    process, _ = await start(data)
    second = await asyncio.to_thread(shegong, "up", "--data", str(data), "--no-demo")
    process.terminate()
    await asyncio.to_thread(process.wait, 10)

    assert second.returncode == 2
    assert f"in use by pid {process.pid}" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_a_busy_port_stops_the_start_with_one_line(data):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = shegong("up", "--data", str(data), "--port", str(port))

    assert refused.returncode == 2
    assert f"port {port} is busy" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


async def test_the_commands_of_operations_find_the_run_beside_them(data):
    process, _ = await start(data)
    there = await asyncio.to_thread(shegong, "migrate", env={"SHEGONG_DATA": str(data)})
    process.terminate()
    await asyncio.to_thread(process.wait, 10)
    gone = await asyncio.to_thread(shegong, "migrate", env={"SHEGONG_DATA": str(data)})

    assert there.returncode == 0, there.stderr
    assert gone.returncode == 1
    assert gone.stderr == "shegong: SHEGONG_MIGRATOR_DATABASE_URL_REGISTRY is not set\n"


def shegong(*words, env=None):
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *words],
        capture_output=True,
        text=True,
        cwd=SOURCE,
        env=surroundings() | (env or {}),
        check=False,
        timeout=60,
    )
