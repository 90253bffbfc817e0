"""Before the parts start: secrets in their volumes, roles with passwords, databases, migrations.

Runs whenever the stack starts and leaves alone what is there. The vault's secrets are made once:
over databases that have been in use it stops instead, since nothing sealed would open again.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import click

from chassis.config import PARTS, setting
from chassis.tokens import Signer
from chassis.vault import Vault
from deploy import databases
from deploy.compose.once import once
from deploy.compose.secrets import ROLES
from deploy.migrate import migrate_all, migrator_url
from deploy.trouble import Trouble

PEOPLE = ("registry", "casework")
"""The parts that keep something sealed."""


async def prepare() -> None:
    """Bring server, databases and volumes to where the parts can start."""
    admin = setting("SHEGONG_ADMIN_DATABASE_URL")
    for part in PARTS:
        await databases.prepare(admin, part, passwords=passwords(part))
    vault = Path(setting("SHEGONG_VAULT"))
    if not await asyncio.to_thread(vault.exists):
        await make_vault(vault)
    make_keys(Path(setting("SHEGONG_SIGNING_KEYS")), Path(setting("SHEGONG_JWKS")))
    for part, revisions in (await migrate_all()).items():
        click.echo(f"{part}: {', '.join(revisions) or '已是最新 / up to date'}")


def passwords(part: str) -> dict[str, str]:
    """Return the passwords of a part's roles, as its addresses have them."""
    found: dict[str, str] = {}
    for kind, role in ROLES.items():
        name = f"SHEGONG_{kind}_URL_{part.upper()}"
        password = urlsplit(setting(name)).password
        if not password:
            raise Trouble(f"{name} 中没有密码", f"{name} has no password in it")
        found[role] = unquote(password)
    return found


async def make_vault(path: Path) -> None:
    """Make the vault's secrets, unless something may be sealed under others that are lost."""
    for part in PEOPLE:
        if await in_use(migrator_url(part)):
            raise Trouble(
                f"{path} 不见了：请从备份恢复，没有它就无法读取已加密的个人信息",
                f"{path} is missing: restore it from a backup, "
                "without it personal data cannot be read",
            )
    _whole(path, Vault.make)


def make_keys(signing: Path, jwks: Path) -> None:
    """Make the gateway's keys if there are none, and publish the public ones."""
    if not signing.exists():
        _whole(signing, Signer.make)
    Signer.open(signing).publish(jwks)


async def in_use(url: str) -> bool:
    """Say whether a database was migrated before."""
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"))
    finally:
        await connection.close()


def _whole(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file beside its place first: a torn one must never be taken for a secret."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    make(draft)
    draft.replace(path)


if __name__ == "__main__":
    once(prepare())
