"""`make compose-test`: the containers for real, from nothing to nothing, with the seconds it took.

    python -m tests.compose.drill [--keep FOLDER]

Builds the image, starts everything, pushes a referral through the gateway, kills casework and sees
it come back, sees Prometheus scrape every target, restarts all of it over the same data, and takes
everything away. Where an engine answers it is used, with the official images; elsewhere one of our
own runs over stand-ins (tests/compose/engine.py). `--keep` leaves packages and images for next time.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import orjson

from chassis.config import surroundings
from deploy.calls import door
from deploy.compose.keyed import KeyCaller
from deploy.compose.secrets import write
from deploy.compose.settle import OPERATORS, new_key
from deploy.embedded.ports import free_ports
from tests.compose import engine

HOUSE = Path(__file__).parents[2]
CITY, GROUND = "420100", "420102007"
OPEN = "2024-01-10"
KILL = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    if open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1] == "1" and int(pid) != os.getpid():
        os.kill(int(pid), signal.SIGKILL)
"""
"""The part is the child of the container's init, from where a signal reaches it."""


class Drill:
    """One stack of containers under a name of its own."""

    def __init__(self, folder, compose, host):
        self.gateway, self.prometheus = free_ports(2)
        self.issuer = f"http://127.0.0.1:{self.gateway}"
        self.compose = [*compose, "--project-directory", HOUSE, "-f", HOUSE / "docker-compose.yml"]
        self.name = f"shegong-drill-{os.getpid()}"
        write(folder / "secrets")
        self.env = surroundings() | {
            "COMPOSE_PROJECT_NAME": self.name,
            "DOCKER_BUILDKIT": "0",
            "SHEGONG_IMAGE": "shegong:drill",
            "SHEGONG_SECRETS": str(folder / "secrets"),
            "SHEGONG_PORT": str(self.gateway),
            "PROMETHEUS_PORT": str(self.prometheus),
            "SHEGONG_ISSUER": self.issuer,
            "SHEGONG_CITIES": CITY,
        }
        if host:
            self.env["DOCKER_HOST"] = host

    def __call__(self, *words):
        """Run one command of Compose and return what it said."""
        return engine.run(*self.compose, *words, env=self.env)

    def inside(self, service, *argv):
        """Run a command in a container and return how it ended and what it said."""
        ran = subprocess.run(
            [*map(str, self.compose), "exec", "-T", service, *argv],
            env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ran.returncode, ran.stdout + ran.stderr

    def container(self, service):
        """Return what the engine knows of a service's container."""
        name = self("ps", "-a", "-q", service).strip()
        return orjson.loads(engine.run("docker", "inspect", name, env=self.env))[0]

    # ------------------------------------------------------------------ what is seen

    def closed(self):
        """Nobody is root, nothing can be written, nothing leads out, no password is in the open."""
        words = [line for f in Path(self.env["SHEGONG_SECRETS"]).iterdir()
                 for line in f.read_text().replace(":", "@").replace("=", "@").split("@")
                 if line.startswith("s") and len(line) == 41]  # fmt: skip
        assert len(words) > 20
        for service in self("config", "--services").split():
            seen = self.container(service)
            host, told = seen["HostConfig"], str(seen["Config"]) + str(seen["Args"])
            assert host["ReadonlyRootfs"], service
            assert host["CapDrop"] == ["ALL"], service
            assert "no-new-privileges:true" in host["SecurityOpt"], service
            assert host["Memory"], service
            assert host["PidsLimit"], service
            assert not any(word in told for word in words), service
            if seen["State"]["Running"] and service != "prometheus":
                assert self.inside(service, "id", "-u")[1].strip() != "0", service
        assert self.inside("casework", "touch", "/srv/shegong/x")[0]
        for network in self.container("casework")["NetworkSettings"]["Networks"]:
            shape = "{{.Internal}}"
            known = engine.run("docker", "network", "inspect", "-f", shape, network, env=self.env)
            assert known.strip() == "true", network

    async def refer(self):
        """Enter a station and a partner, give it a client with a key, and let it refer a person."""
        show = ["run", "--rm", "--no-deps", "-T", "--entrypoint", "cat", "settle", OPERATORS]
        keys = orjson.loads(self(*show))
        async with door(self.issuer) as http:
            name = f"{CITY}.policy-author"
            bureau = KeyCaller(http, name, key=keys[name], issuer=self.issuer)
            station = await bureau.post("/stations", STATION)
            partner = await bureau.post("/partners", {
                "name": "演练法院", "kind": "court", "client_id": f"{CITY}.court-1",
            })  # fmt: skip
            key = new_key()
            await bureau.post("/api-clients", {
                "name": "court-1", "kind": "court", "role": "partner", "partner_id": partner["id"],
                "keys": [{name: key[name] for name in ("kty", "crv", "x", "kid")}],
            })  # fmt: skip
            court = KeyCaller(http, f"{CITY}.court-1", key=key, issuer=self.issuer)
            await eventually(lambda: heard(bureau, f"/stations/{station['id']}/load"))
            sent = await eventually(lambda: said(court, referral()))
        assert sent["station"]["id"] == station["id"], sent
        return court, sent

    async def still_there(self, court, sent):
        """The partner reads its referral, as it was answered."""
        async with door(self.issuer) as http:
            again = KeyCaller(http, court.client_id, key=court.key, issuer=self.issuer)

            async def read():
                answer = await again.ask("GET", f"/referrals/{sent['id']}")
                return answer.json() if answer.status_code == 200 else None

            found = await eventually(read)
        assert found["tracking_no"] == sent["tracking_no"]

    async def comes_back(self, service):
        """A part whose process is killed is started again and becomes ready."""
        before = self.container(service)
        self.inside(service, "python", "-c", KILL)

        async def back():
            now = self.container(service)
            again = now["State"]["StartedAt"] != before["State"]["StartedAt"]
            return again and now["State"]["Health"]["Status"] == "healthy" and now["RestartCount"]

        assert await eventually(back, 60) == 1

    async def watched(self):
        """Prometheus scrapes every target, knows every rule, and has something of each source."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.prometheus}") as http:

            async def all_up():
                found = (await http.get("/api/v1/targets")).json()["data"]["activeTargets"]
                return found if found and all(t["health"] == "up" for t in found) else None

            async def ask(query):
                answer = await http.get("/api/v1/query", params={"query": query})
                return answer.json()["data"]["result"]

            targets = await eventually(all_up, 60)
            for query in ('outbox_waiting{part="casework"}', "jetstream_up == 1",
                          "jetstream_stream_messages > 0", "disk_free_bytes"):  # fmt: skip
                assert await eventually(lambda q=query: ask(q), 60), query
            groups = (await http.get("/api/v1/rules")).json()["data"]["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            assert all(rule["health"] != "err" for rule in rules)
        return len(targets), len(rules)


STATION = {
    "name": "演练街道社会工作服务站", "tier": "township", "mode": "procured", "status": "open",
    "division": GROUND, "division_system": "nbs", "open_on": OPEN, "effective_on": OPEN, "facts": {},
}  # fmt: skip


def referral():
    """Return a referral of nobody."""
    return {
        "partner_ref": f"演练-{uuid4()}", "domain": "family_violence", "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"}, "division": GROUND,
        "subject": {"name": "甲某某", "id_type": "none", "phone": "13900000001"},
        "narrative": "虚构。", "attachments": [],
    }  # fmt: skip


async def heard(caller, path):
    """Whether a part knows of something by now."""
    return (await caller.ask("GET", path)).status_code == 200


async def said(caller, body):
    """Push a referral; nothing while casework has not heard of the partner."""
    answer = await caller.ask("POST", "/referrals", body)
    assert answer.status_code in (201, 403, 422, 503), answer.text
    return answer.json() if answer.status_code == 201 else None


async def eventually(ask, within=30):
    """Ask until the answer is something, and return it."""
    async with asyncio.timeout(within):
        while True:
            if found := await ask():
                return found
            await asyncio.sleep(0.5)


class Clock:
    """Says each step with its seconds."""

    def __init__(self):
        self.started = self.last = time.monotonic()

    def __call__(self, what):
        now = time.monotonic()
        print(f"{now - self.last:7.1f} s  {what}", flush=True)  # noqa: T201
        self.last = now


async def drill(stack, clock):
    """Go through the whole of it."""
    stack("config", "-q")
    stack("build", "-q")
    clock("image built")
    stack("up", "-d", "--wait")
    clock("ten services from zero, healthy")
    stack.closed()
    clock("no root, nothing writable, no way out, no password in the open")
    court, sent = await stack.refer()
    await stack.still_there(court, sent)
    clock(f"one referral through the gateway: {sent['tracking_no']}")
    await stack.comes_back("casework")
    await stack.still_there(court, sent)
    clock("casework killed, back, and the referral with it")
    targets, rules = await stack.watched()
    clock(f"Prometheus: {targets} targets up, {rules} rules")
    stack("down")
    clock("down")
    stack("up", "-d", "--wait")
    await stack.still_there(court, sent)
    clock("up again over the same data")


def main():
    """Run it, and leave nothing behind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="a folder for packages and images, kept")
    keep = parser.parse_args().keep
    clock = Clock()
    with ExitStack() as after:
        scratch = Path(tempfile.mkdtemp(prefix="sg-compose-", dir="/tmp"))
        after.callback(shutil.rmtree, scratch, ignore_errors=True)
        folder = (keep or scratch).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if engine.answers(None) and compose_plugin():
            compose, host = ["docker", "compose"], None
        else:
            compose = [engine.tools(folder) / "docker-compose"]
            clock("tools")
            host = after.enter_context(engine.engine(folder))
            env = surroundings() | {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "0"}
            engine.stand_ins(folder, env)
            clock("engine, and stand-ins for the images that are not pulled here")
        stack = Drill(scratch, compose, host)
        after.callback(take_away, stack, clock, image=not keep)
        try:
            asyncio.run(drill(stack, clock))
        except BaseException:
            print(stack("ps", "-a"), stack("logs", "--tail", "20"))  # noqa: T201
            raise
    print(f"{time.monotonic() - clock.started:7.1f} s  in all: ok")  # noqa: T201


def take_away(stack, clock, image):
    """Remove containers, volumes, networks and, unless it is kept, the image."""
    stack("down", "-v", "--timeout", "5")
    if image:
        engine.run("docker", "image", "rm", "-f", stack.env["SHEGONG_IMAGE"], env=stack.env)
    clock("everything taken away")


def compose_plugin():
    """Say whether this engine's own Compose is there."""
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return asked.returncode == 0


if __name__ == "__main__":
    main()
