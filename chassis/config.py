"""Settings, all from the environment, read once at start.

SHEGONG_DATABASE_URL_PART         the part's database as its runtime role
SHEGONG_RELAY_DATABASE_URL_PART   … as its relay role
SHEGONG_MIGRATOR_DATABASE_URL_PART … as its migrator role (only `shegong migrate`)
SHEGONG_NATS_URL_PART             the broker, with the part's own user in it
SHEGONG_LISTEN_PART               host:port this part answers on
SHEGONG_METRICS_GATEWAY           host:port where the gateway shows its metrics, apart from callers
SHEGONG_URL_PART                  where the gateway finds the part
SHEGONG_JWKS                      file with the gateway's public keys
SHEGONG_SIGNING_KEYS              file with the gateway's private keys (gateway only)
SHEGONG_VAULT                     file with the key-encryption and blind-index secrets
SHEGONG_STATE                     folder outside every backup: epochs, erased lists
SHEGONG_ISSUER                    the issuer of access tokens
SHEGONG_CLIENT_SECRETS            `1` lets clients use a secret (embedded run only)
SHEGONG_POOL                      database connections per process (8)
SHEGONG_LINGER                    seconds a part asked to stop still answers, saying that it drains (0)
SHEGONG_STREAM_BYTES              how much each stream may keep (1 GiB): the same for all parts
SHEGONG_POLICIES                  folder of packs the embedded run activates, `shegong policies` reads (the shipped)
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PARTS = ("registry", "casework", "procurement", "evaluation", "gateway")

STREAM_BYTES = 1 << 30


class MissingSetting(SystemExit):
    """A setting is missing; says which and stops."""

    def __init__(self, name: str) -> None:
        super().__init__(f"shegong: {name} is not set")


def setting(name: str, default: str | None = None) -> str:
    """Return a setting from the environment, or stop with its name."""
    value = os.environ.get(name, default)  # noqa: TID251 - the one place
    if value is None:
        raise MissingSetting(name)
    return value


@dataclass(frozen=True)
class Settings:
    """What one part needs to run."""

    part: str
    database_url: str
    relay_database_url: str
    nats_url: str
    jwks: Path
    vault: Path
    state: Path
    issuer: str
    listen: str
    pool: int = 8
    stream_bytes: int = STREAM_BYTES

    @classmethod
    def of(cls, part: str) -> "Settings":
        """Read the settings of a part from the environment."""
        name = part.upper()
        return cls(
            part=part,
            database_url=setting(f"SHEGONG_DATABASE_URL_{name}"),
            relay_database_url=setting(f"SHEGONG_RELAY_DATABASE_URL_{name}"),
            nats_url=setting(f"SHEGONG_NATS_URL_{name}"),
            jwks=Path(setting("SHEGONG_JWKS")),
            vault=Path(setting("SHEGONG_VAULT")),
            state=Path(setting("SHEGONG_STATE")),
            issuer=setting("SHEGONG_ISSUER"),
            listen=setting(f"SHEGONG_LISTEN_{name}"),
            pool=int(setting("SHEGONG_POOL", "8")),
            stream_bytes=int(setting("SHEGONG_STREAM_BYTES", str(STREAM_BYTES))),
        )


def surroundings() -> dict[str, str]:
    """Return the environment without our settings: what a child starts from."""
    found = os.environ.items()  # noqa: TID251 - the one place
    return {name: value for name, value in found if not name.startswith("SHEGONG_")}


def offer(settings: Mapping[str, str]) -> None:
    """Set these, unless the environment already names a server: two systems are never mixed."""
    if not any("_URL_" in name for name in os.environ if name.startswith("SHEGONG_")):  # noqa: TID251
        os.environ.update(settings)  # noqa: TID251 - the one place
