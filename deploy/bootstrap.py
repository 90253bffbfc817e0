"""What the platform needs before it can be ready: divisions in place, packs of the cities active.

Everything goes the way it goes in production: divisions by `COPY` as the owner, jurisdictions and
packs over HTTP by the clients who may, author and approver being two. Only the first clients are
put there by hand, since nobody may call before there is one. What is there already is left alone,
so a warm start costs one request.
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from chassis.config import Settings
from chassis.identity import PLATFORM
from chassis.packs import Jurisdiction, Sources, Subjects, load_folder, packs_in
from chassis.service import open_database
from contracts.facts import GATES, SUBJECTS
from deploy.activation import activate
from deploy.calls import Caller, answered, door
from deploy.embedded.furnished import policies
from deploy.loading import CHANGES, READERS, SHIPPED, import_changes, import_divisions
from gateway.app import GATEWAY_SERVICE
from gateway.bootstrap import add_client
from gateway.models import NewClient

CODE_LENGTH = 6


async def prepare_platform(data: Path, base_url: str, env: Mapping[str, str]) -> dict[str, str]:
    """Bring a platform whose parts answer, but have nothing yet, to where they can be ready.

    Returns the version of the pack that is active now, by city.
    """
    wanted = await asyncio.to_thread(shipped)
    versions = {code: sources.version for code, sources in wanted.items()}
    async with door(base_url) as http:
        shown = answered(await http.get("/v1/cities"), "/v1/cities")["items"]
        active = {city["code"]: (city["pack"] or {}).get("version") for city in shown}
        if versions.items() <= active.items():
            return versions
        urls = {part: env[f"SHEGONG_MIGRATOR_DATABASE_URL_{part.upper()}"] for part in READERS}
        await import_divisions(SHIPPED, urls)
        await import_changes(CHANGES, urls["registry"])
        secrets = await operators(data, env, list(wanted))
        admin = Caller(http, f"{PLATFORM}.admin", secrets[f"{PLATFORM}.admin"])
        for code, sources in wanted.items():
            j = await asyncio.to_thread(compiled, sources)
            if code not in active:
                body = {"code": code, "kind": j.kind, "name": j.name, "prefixes": list(j.prefixes)}
                await admin.post("/jurisdictions", body)
            if active.get(code) != versions[code]:
                await activate(
                    Caller(http, f"{code}.policy-author", secrets[f"{code}.policy-author"]),
                    Caller(http, f"{code}.policy-approver", secrets[f"{code}.policy-approver"]),
                    sources,
                    first_day(j),
                )
    return versions


def shipped() -> dict[str, Sources]:
    """Return the packs of jurisdictions by code, one folder each; layers travel inside them."""
    root = policies()
    codes = [code for code in packs_in(root) if len(code) == CODE_LENGTH and code.isdigit()]
    return {code: load_folder(root, code) for code in codes}


def compiled(sources: Sources) -> Jurisdiction:
    """Compile a pack as the services will."""
    return Jurisdiction.of(sources, Subjects.of(SUBJECTS, GATES))


def first_day(j: Jurisdiction) -> date:
    """Return the day the city's first own document came into force."""
    return min(d.in_force for (layer, _), d in j.documents.items() if layer == j.id)


async def operators(data: Path, env: Mapping[str, str], cities: list[str]) -> dict[str, str]:
    """Make the first clients with secrets, once; they are in DATA/operators.json, for us alone."""
    note = data / "operators.json"
    if note.exists():
        secrets: dict[str, str] = orjson.loads(note.read_bytes())
        if all(f"{city}.policy-author" in secrets for city in cities):
            return secrets
    secrets = {}
    database = await open_database(GATEWAY_SERVICE, settings_of(env, "gateway"))
    try:
        asks = [(PLATFORM, "admin", "platform_admin")]
        asks += [
            (c, name, "city_bureau")
            for c in cities
            for name in ("policy-author", "policy-approver")
        ]
        for city, name, role in asks:
            ask = NewClient.model_validate(
                {"name": name, "kind": role, "role": role, "purposes": ["administration"]}
            )
            client, secret = await add_client(database, city, ask, secret=True)
            assert secret is not None
            secrets[client.id] = secret
    finally:
        await database.close()
    write_private(note, secrets)
    return secrets


def settings_of(env: Mapping[str, str], part: str) -> Settings:
    """Return one part's settings as the supervisor gives them."""
    name = part.upper()
    return Settings(
        part=part,
        database_url=env[f"SHEGONG_DATABASE_URL_{name}"],
        relay_database_url=env[f"SHEGONG_RELAY_DATABASE_URL_{name}"],
        nats_url=env[f"SHEGONG_NATS_URL_{name}"],
        jwks=Path(env["SHEGONG_JWKS"]),
        vault=Path(env["SHEGONG_VAULT"]),
        state=Path(env["SHEGONG_STATE"]),
        issuer=env["SHEGONG_ISSUER"],
        listen=env[f"SHEGONG_LISTEN_{name}"],
        pool=2,
    )


def write_private(path: Path, content: Any) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    made = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
