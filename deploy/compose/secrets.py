"""`make compose-secrets`: a password for every door, in a folder git never sees; made once.

    python -m deploy.compose.secrets [FOLDER]

postgres       the superuser's password, for the server and `prepare` alone
nats           the passwords of the broker's users, as nats.conf includes them
prepare        every role's address, since `prepare` gives them their passwords
settle         the gateway's database, and the migrators of those who keep divisions
PART           a part's own doors and no other's

Needs nothing but Python. Containers read them as users of their own, so the files are open and
the folder is closed. An address names its service in docker-compose.yml.
"""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from chassis.config import PARTS

FOLDER = Path(__file__).parent / "secrets"
ROLES = {
    "DATABASE": "runtime",
    "RELAY_DATABASE": "relay",
    "MIGRATOR_DATABASE": "migrator",
}
"""What stands before `_URL_PART` in a setting, and the role it logs in as."""
READERS = ("registry", "casework", "evaluation")
POSTGRES, NATS = "postgres:5432", "nats:4222"

Lines = dict[str, str]


def word() -> str:
    """Return a password. It begins with a letter: NATS reads a word of digits as a number."""
    return "s" + secrets.token_hex(20)


def files() -> Iterator[tuple[str, str]]:
    """Give every file with what is in it, all of them new."""
    admin = word()
    nats = {user: word() for user in (*PARTS, "admin")}
    doors = {part: _doors(part, nats[part]) for part in PARTS}
    every = {name: value for part in PARTS for name, value in doors[part].items()}
    yield "postgres", admin
    yield "nats", _env({f"NATS_PASSWORD_{user.upper()}": nats[user] for user in nats})
    yield (
        "prepare",
        _env(
            {"SHEGONG_ADMIN_DATABASE_URL": f"postgresql://postgres:{admin}@{POSTGRES}/postgres"}
            | {name: value for name, value in every.items() if "_DATABASE_URL_" in name}
        ),
    )
    wanted = ["SHEGONG_DATABASE_URL_GATEWAY"]
    wanted += [f"SHEGONG_MIGRATOR_DATABASE_URL_{part.upper()}" for part in READERS]
    yield "settle", _env({name: every[name] for name in wanted})
    for part in PARTS:
        own = {name: value for name, value in doors[part].items() if "MIGRATOR" not in name}
        yield part, _env(own)


def write(folder: Path = FOLDER) -> bool:
    """Write the folder whole, or leave one that is there as it is; say whether it was written."""
    if folder.exists():
        return False
    # Beside its place first: half a folder must never look like one.
    draft = folder.with_name(f"{folder.name}.new-{secrets.token_hex(4)}")
    draft.mkdir(mode=0o700, parents=True)
    for name, content in files():
        (draft / name).write_text(content, encoding="ascii")
        (draft / name).chmod(0o444)
    draft.rename(folder)
    return True


def main(folder: Path = FOLDER) -> None:
    """Write the folder and say so."""
    if write(folder):
        said = f"{folder}：已生成，请另行备份 / made: keep a copy of it elsewhere"
    else:
        said = f"{folder}：已存在，未改动 / is there already, left as it is"
    sys.stdout.write(said + "\n")


def _doors(part: str, nats: str) -> Lines:
    name = part.upper()
    doors = {
        f"SHEGONG_{kind}_URL_{name}": f"postgresql://{part}_{role}:{word()}@{POSTGRES}/{part}"
        for kind, role in ROLES.items()
    }
    return doors | {f"SHEGONG_NATS_URL_{name}": f"nats://{part}:{nats}@{NATS}"}


def _env(lines: Lines) -> str:
    return "".join(f"{name}={value}\n" for name, value in lines.items())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
