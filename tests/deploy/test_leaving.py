"""A part asked to stop says so while it still answers; what stays loads no more than it needs."""

import signal
import subprocess
import sys

import orjson
import pytest

from chassis import tokens
from chassis.config import surroundings
from deploy.embedded.ports import HOST, free_ports
from deploy.embedded.probe import get
from deploy.embedded.process import Command, exited, spawn, stop
from deploy.embedded.run import SOURCE
from tests.e2e.house import eventually


@pytest.fixture
async def gateway(postgres, fresh, tmp_path):
    """Serve a real gateway as a process of its own; return it and its port."""
    tokens.Signer.make(tmp_path / "signing.json").publish(tmp_path / "jwks.json")
    [port] = free_ports(1)
    name = await fresh("gateway")
    env = {
        "SHEGONG_DATABASE_URL_GATEWAY": postgres.url(name, "gateway_runtime"),
        "SHEGONG_RELAY_DATABASE_URL_GATEWAY": postgres.url(name, "gateway_relay"),
        "SHEGONG_NATS_URL_GATEWAY": "nats://127.0.0.1:1",
        "SHEGONG_LISTEN_GATEWAY": f"{HOST}:{port}",
        "SHEGONG_JWKS": str(tmp_path / "jwks.json"),
        "SHEGONG_SIGNING_KEYS": str(tmp_path / "signing.json"),
        "SHEGONG_VAULT": str(tmp_path / "vault.json"),
        "SHEGONG_STATE": str(tmp_path),
        "SHEGONG_ISSUER": f"http://{HOST}:{port}",
        "SHEGONG_LINGER": "1",
    } | {f"SHEGONG_URL_{p}": "" for p in ("REGISTRY", "CASEWORK", "PROCUREMENT", "EVALUATION")}
    argv = [sys.executable, "-m", "deploy.cli", "serve", "gateway"]
    process = spawn(
        Command("gateway", argv, tmp_path / "log", env=surroundings() | env, cwd=SOURCE)
    )
    try:
        yield process, port
    finally:
        await stop(process, signal.SIGTERM, grace=5)


async def test_who_is_asked_to_stop_says_so_at_once_and_still_answers(gateway):
    process, port = gateway

    async def ready():
        return (await get(HOST, port, "/health/ready"))[0] == 200

    await eventually(ready)

    process.send_signal(signal.SIGTERM)
    status, said = await get(HOST, port, "/health/ready")
    assert (status, orjson.loads(said)["missing"]) == (503, ["draining"])
    assert (await get(HOST, port, "/health/live"))[0] == 200
    assert await exited(process) == -signal.SIGTERM
    assert (await get(HOST, port, "/health/live"))[0] == 0


@pytest.mark.parametrize(
    ("home", "heavy"),
    [
        ("deploy.embedded.up", ("pydantic", "sqlalchemy", "fastapi", "httpx", "chassis.packs")),
        ("gateway.app", ("nats", "cel_expr_python", "chassis.packs", "chassis.relay")),
    ],
)
def test_what_stays_in_memory_loads_only_what_it_needs(home, heavy):
    """Half the house, read once at a start, would stay in the supervisor for as long as it runs."""
    asked = f"import sys, {home}; print([m for m in {heavy!r} if m in sys.modules])"

    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=SOURCE
    )

    assert said.stdout.strip() == "[]"
