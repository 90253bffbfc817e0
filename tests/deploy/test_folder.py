"""The data folder: ours, private, and held by one run at a time."""

import asyncio
import fcntl
import os
import stat
import subprocess
import sys

import pytest

from deploy.embedded import folder, secrets
from deploy.embedded.folder import held
from deploy.trouble import Trouble

NOBODY = 65534
NO_SUCH_PID = 2**22 + 1


async def test_a_folder_in_use_names_the_process_that_uses_it(tmp_path):
    async with held(tmp_path / "data"):
        with pytest.raises(Trouble) as trouble:
            async with held(tmp_path / "data"):
                pass

    assert f"in use by pid {os.getpid()}" in trouble.value.en
    assert "--data" in trouble.value.en
    assert "\n" not in str(trouble.value)


async def test_a_folder_that_was_let_go_can_be_held_again(tmp_path):
    for _ in range(2):
        async with held(tmp_path / "data"):
            pass


async def test_nobody_else_may_look_into_the_folder(tmp_path):
    async with held(tmp_path / "data") as data:
        assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "lock").stat().st_mode) == 0o600


async def test_a_folder_waits_for_the_last_process_of_a_run_that_was_killed(tmp_path):
    """Its supervisor is dead, a server of it still ends: two servers must never share the files."""
    async with held(tmp_path / "data"):
        pass
    server = server_that_still_holds(tmp_path / "data" / "lock")
    asyncio.get_running_loop().call_later(0.3, server.communicate)

    async with held(tmp_path / "data"):
        assert server.poll() is not None


def server_that_still_holds(lock):
    lock.write_text(str(NO_SUCH_PID))
    with lock.open("r+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=[handle.fileno()],
        )


async def test_something_that_is_no_folder_is_said_so(tmp_path):
    (tmp_path / "data").write_text("")

    with pytest.raises(Trouble, match="is not a folder"):
        async with held(tmp_path / "data"):
            pass


async def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    mode = tmp_path.stat().st_mode

    with pytest.raises(Trouble, match="holds other files"):
        async with held(tmp_path):
            pass

    assert tmp_path.stat().st_mode == mode
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_without_permission_is_said_so(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_uid == os.geteuid() and place != place.parent:
            place.chmod(place.stat().st_mode | stat.S_IXOTH)

    def refuse():
        folder._make(tmp_path / "locked" / "data")

    assert "no permission" in _as_nobody(refuse)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
async def test_a_folder_of_another_user_is_said_so(tmp_path):
    os.chown(tmp_path, NOBODY, NOBODY)

    with pytest.raises(Trouble, match="belongs to another user"):
        async with held(tmp_path):
            pass


def test_lost_secrets_are_never_made_anew_over_existing_data(tmp_path):
    secrets.ensure(tmp_path)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "vault.json").unlink()

    with pytest.raises(Trouble, match="restore it from a backup"):
        secrets.ensure(tmp_path)


def test_secrets_are_made_once_and_for_us_alone(tmp_path):
    secrets.ensure(tmp_path)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    secrets.ensure(tmp_path)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == made
    assert made.keys() == {"vault.json", "signing.json", "jwks.json"}
    assert b'"d"' not in made["jwks.json"]
    for name in ("vault.json", "signing.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def _as_nobody(refused):
    """Run a function in a process that may not do everything; return the trouble it met."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            refused()
        except Trouble as trouble:
            os.write(writer, trouble.en.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return told.read()
