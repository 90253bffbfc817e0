"""What runs before the parts: over nothing, over what is there, and over what must not be touched."""

from urllib.parse import quote

import asyncpg
import pytest

from chassis.config import PARTS
from chassis.tokens import KeyFile, Signer
from chassis.vault import Vault
from deploy import databases
from deploy.compose import prepare
from deploy.embedded.postgres import postgres_server
from deploy.trouble import Trouble


@pytest.fixture
async def server(tmp_path_factory):
    """A server of its own: `prepare` sets up the databases by their own names."""
    fast = {"fsync": "off", "full_page_writes": "off"}
    async with postgres_server(tmp_path_factory.mktemp("pg"), settings=fast) as found:
        yield found


@pytest.fixture
def settings(server, tmp_path, monkeypatch):
    monkeypatch.setenv("SHEGONG_ADMIN_DATABASE_URL", server.url())
    for part in PARTS:
        for kind, role in prepare.ROLES.items():
            url = f"postgresql://{part}_{role}:word@/{part}?host={quote(str(server.sockets))}"
            monkeypatch.setenv(f"SHEGONG_{kind}_URL_{part.upper()}", url)
    files = {"SHEGONG_VAULT": "vault", "SHEGONG_SIGNING_KEYS": "signing", "SHEGONG_JWKS": "jwks"}
    found = {}
    for name, file in files.items():
        found[file] = tmp_path / f"{file}.json"
        monkeypatch.setenv(name, str(found[file]))
    return found


async def test_from_nothing_and_again(server, settings):
    await prepare.prepare()
    before = {name: path.read_bytes() for name, path in settings.items()}
    await prepare.prepare()

    assert {name: path.read_bytes() for name, path in settings.items()} == before
    assert Vault.open(settings["vault"])
    held = Signer.open(settings["signing"]).public()["keys"]
    assert all(KeyFile(settings["jwks"])(key["kid"]) for key in held)
    admin = await asyncpg.connect(server.url())
    try:
        passwords = await admin.fetch(
            "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'casework%'"
        )
    finally:
        await admin.close()
    kept = {row["rolname"]: row["rolpassword"] for row in passwords}
    assert kept.pop("casework_owner") is None
    assert len(kept) == 3
    assert all(word.startswith("SCRAM-SHA-256$") for word in kept.values())


async def test_a_vault_that_is_gone_is_never_made_anew_over_what_was_sealed(settings):
    await prepare.prepare()
    settings["vault"].unlink()

    with pytest.raises(Trouble, match="restore it from a backup"):
        await prepare.prepare()
    assert not settings["vault"].exists()


async def test_a_torn_first_try_is_taken_up_again(server, settings):
    settings["vault"].with_suffix(".new").write_text("half a")
    await databases.prepare(server.url(), "casework")

    await prepare.prepare()

    assert Vault.open(settings["vault"])


def test_an_address_without_a_password_is_refused(monkeypatch):
    for kind in prepare.ROLES:
        monkeypatch.setenv(f"SHEGONG_{kind}_URL_CASEWORK", "postgresql://casework@x/casework")

    with pytest.raises(Trouble, match="no password"):
        prepare.passwords("casework")
