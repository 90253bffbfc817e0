"""Passwords: made once, each its own, closed to others, and read where they belong."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from chassis.config import PARTS
from deploy.compose import run, secrets
from tests.docs.readme import HOUSE


@pytest.fixture
def folder(tmp_path):
    assert secrets.write(tmp_path / "secrets")
    return tmp_path / "secrets"


def settings(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_they_are_made_once_and_never_anew(folder):
    before = {file.name: file.read_text() for file in folder.iterdir()}

    assert not secrets.write(folder)
    assert {file.name: file.read_text() for file in folder.iterdir()} == before


def test_nobody_else_on_the_machine_reaches_them(folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    # Open inside a closed folder: a container reads them as a user of its own.
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o444}


def test_every_door_has_a_password_of_its_own(folder):
    urls = [url for part in (*PARTS, "prepare") for url in settings(folder / part).values()]
    by_door = {}
    for url in urls:
        at = urlsplit(url)
        by_door.setdefault((at.scheme, at.username), set()).add(at.password)

    assert all(len(found) == 1 for found in by_door.values())
    passwords = [next(iter(found)) for found in by_door.values()]
    assert len(set(passwords)) == len(passwords) == 1 + 5 * 4
    assert all(word[0].isalpha() and len(word) > 40 for word in passwords)


def test_a_part_is_given_its_own_doors_and_no_migrators(folder):
    for part in PARTS:
        assert set(settings(folder / part)) == {
            f"SHEGONG_DATABASE_URL_{part.upper()}",
            f"SHEGONG_RELAY_DATABASE_URL_{part.upper()}",
            f"SHEGONG_NATS_URL_{part.upper()}",
        }


def test_what_prepare_gives_a_role_is_what_the_part_comes_with(folder):
    given = settings(folder / "prepare")
    for part in PARTS:
        own = settings(folder / part)

        assert {name: given[name] for name in own if "_DATABASE_URL_" in name} == {
            name: url for name, url in own.items() if "_DATABASE_URL_" in name
        }


def test_the_brokers_passwords_are_those_the_parts_come_with(folder):
    given = settings(folder / "nats")
    for part in PARTS:
        url = settings(folder / part)[f"SHEGONG_NATS_URL_{part.upper()}"]

        assert urlsplit(url).password == given[f"NATS_PASSWORD_{part.upper()}"]


def test_making_them_needs_python_and_nothing_else(tmp_path):
    made = subprocess.run(
        [sys.executable, "-S", "-m", "deploy.compose.secrets", tmp_path / "secrets"],
        cwd=HOUSE, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.returncode == 0, made.stderr
    assert (tmp_path / "secrets/postgres").exists()


def test_a_module_is_run_with_the_secrets_of_its_container(tmp_path):
    (tmp_path / "one").write_text("SHEGONG_A=1=2\n")
    (tmp_path / "two").write_text("SHEGONG_B=x\n")

    assert run.settings(tmp_path) == {"SHEGONG_A": "1=2", "SHEGONG_B": "x"}
    assert run.settings(tmp_path / "none") == {}
