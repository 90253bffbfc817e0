"""A gateway on a real port, between real servers that write down what reaches them."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest
import uvicorn

from chassis import tokens
from chassis.config import Settings
from chassis.identity import Verifier
from chassis.listener import Listener
from gateway.app import create
from gateway.bootstrap import add_client
from gateway.models import NewClient
from gateway.owners import PARTS
from tests.conftest import WUHAN, _as_admin, _numbers, opened

ISSUER = "http://gateway.test"


@asynccontextmanager
async def served(app, **options):
    """Serve an application on a free port; the socket listens before anybody can call."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen(128)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, **options)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve(sockets=[held]))
    try:
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        held.close()


@dataclass
class Part:
    """A part that answers what a test told it, and remembers what it was asked."""

    name: str
    status: int = 200
    body: bytes = b'{"from": "part"}'
    headers: list[tuple[bytes, bytes]] = field(
        default_factory=lambda: [(b"content-type", b"application/json")]
    )
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    wait: asyncio.Event | None = None
    asked: list[dict] = field(default_factory=list)
    verifier: Verifier | None = None

    @property
    def last(self):
        return self.asked[-1]

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = [(n.decode(), v.decode("latin-1")) for n, v in scope["headers"]]
        path = scope["raw_path"].decode()
        query = scope["query_string"].decode()
        self.asked.append(
            {
                "method": scope["method"],
                "path": path,
                "query": query,
                "headers": dict(headers),
                "names": [name for name, _ in headers],
                "body": body,
            }
        )
        if self.wait is not None:
            await self.wait.wait()
        status, content = self.answers.get(path, (self.status, self.body))
        start = {"type": "http.response.start", "status": status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": content})

    def caller(self):
        """Return who the last request spoke for, as a service would read it."""
        token = self.last["headers"]["authorization"].removeprefix("Bearer ")
        return self.verifier(token.encode())


@dataclass
class Gate:
    """The gateway under test."""

    url: str
    client: httpx.AsyncClient
    signer: tokens.Signer
    parts: dict[str, Part]
    app: object
    secrets: dict[str, str] = field(default_factory=dict)

    async def token(self, name="court-1", *, city=WUHAN, **asked):
        """Return an access token for a client of the fixture."""
        client_id = f"{city}.{name}"
        answer = await self.client.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": self.secrets[client_id],
                **asked,
            },
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def bearer(self, name="court-1", **more):
        return {"authorization": f"Bearer {await self.token(name, **more)}"}


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway-keys")
    tokens.Signer.make(folder / "signing.json").publish(folder / "jwks.json")
    return folder


@asynccontextmanager
async def serve_parts(keys):
    """Serve the four parts, each on a port of its own."""
    made = {name: Part(name, verifier=Verifier(keys / "jwks.json", name, ISSUER)) for name in PARTS}
    async with (
        served(made["registry"]) as registry,
        served(made["casework"]) as casework,
        served(made["procurement"]) as procurement,
        served(made["evaluation"]) as evaluation,
    ):
        urls = dict(zip(PARTS, (registry, casework, procurement, evaluation), strict=True))
        for name, url in urls.items():
            made[name].url = url
        yield made


CLIENTS = {
    (WUHAN, "court-1"): {"kind": "court", "role": "partner", "partner_id": uuid4()},
    (WUHAN, "bureau-1"): {"kind": "city_bureau", "role": "city_bureau"},
    (WUHAN, "worker-1"): {
        "kind": "worker",
        "role": "worker",
        "station_id": uuid4(),
        "worker_id": uuid4(),
    },
    ("330100", "bureau-1"): {"kind": "city_bureau", "role": "city_bureau"},
    ("000000", "admin-1"): {"kind": "platform_admin", "role": "platform_admin"},
}


def settings(database_url, keys, state):
    return Settings(
        part="gateway",
        database_url=database_url,
        relay_database_url="",
        nats_url="",
        jwks=keys / "jwks.json",
        vault=state / "vault.json",
        state=state,
        issuer=ISSUER,
        listen="127.0.0.1:0",
    )


@asynccontextmanager
async def gateway(database_url, keys, parts, state, *, secrets="1"):
    """Serve a gateway before these parts, set up by the environment as it is in life."""
    with pytest.MonkeyPatch.context() as env:
        env.setenv("SHEGONG_SIGNING_KEYS", str(keys / "signing.json"))
        env.setenv("SHEGONG_CLIENT_SECRETS", secrets)
        for part, made in parts.items():
            env.setenv(f"SHEGONG_URL_{part.upper()}", made.url)
        app = create(settings(database_url, keys, state), "api")
    async with (
        served(app, lifespan="on", http=Listener) as url,
        httpx.AsyncClient(base_url=url, timeout=10) as client,
    ):
        signer = tokens.Signer(json.loads((keys / "signing.json").read_text()))
        yield Gate(url, client, signer, parts, app)


@pytest.fixture(scope="module")
async def house(postgres, templates, keys, tmp_path_factory):
    """Serve one gateway with its clients for all tests of a module."""
    template, name = await templates("gateway"), f"gateway_{next(_numbers)}"
    await _as_admin(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await _as_admin(postgres, f'GRANT CONNECT ON DATABASE "{name}" TO gateway_migrator')
    url = postgres.url(name, "gateway_runtime")
    async with (
        opened(postgres, name, "gateway", None) as database,
        serve_parts(keys) as parts,
        gateway(url, keys, parts, tmp_path_factory.mktemp("state")) as gate,
    ):
        gate.database, gate.database_url, gate.name = database, url, name
        for (city, client), wish in CLIENTS.items():
            ask = NewClient(name=client, purposes=["service", "audit"], **wish)
            _, gate.secrets[f"{city}.{client}"] = await add_client(database, city, ask, secret=True)
        yield gate
    await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def gate(house):
    """Return the gateway, its parts and its memory as new."""
    for part in house.parts.values():
        part.status, part.body, part.wait = 200, b'{"from": "part"}', None
        part.headers = [(b"content-type", b"application/json")]
        part.answers, part.asked = {}, []
    house.app.exchange._asked.clear()
    house.app.exchange._minted.clear()
    return house
