"""After the parts start: divisions, the first clients, and the shipped packs of the cities asked for.

    python -m deploy.compose.settle [CITY…]        without any: every shipped one

The parts are not ready before a pack is in force. What a city has in force is left as it is, also
if another version is shipped: that is for its bureau to activate. The first clients prove
themselves by keys that are made here, in OPERATORS: hand them over, have the bureau replace them
(`POST …/api-clients/ID/keys`), and remove the file.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import httpx
import orjson
from joserfc.jwk import OKPKey

from chassis.config import setting
from chassis.db import Database
from chassis.identity import PLATFORM
from chassis.ids import uuid7
from deploy.activation import activate
from deploy.bootstrap import compiled, first_day, shipped, write_private
from deploy.calls import Caller, answered, door
from deploy.compose.keyed import KeyCaller
from deploy.compose.once import once
from deploy.loading import CHANGES, READERS, SHIPPED, import_changes, import_divisions
from deploy.migrate import migrator_url
from deploy.trouble import Trouble
from gateway.bootstrap import add_client
from gateway.models import NewClient

OPERATORS = Path("/var/lib/shegong/operators/operators.json")
DOOR = "http://gateway:8080"
WITHIN, PAUSE = 60.0, 0.5

Keys = dict[str, dict[str, Any]]


async def settle(cities: Sequence[str]) -> None:
    """Bring the cities asked for to where the parts can be ready."""
    wanted = await asyncio.to_thread(shipped)
    if unknown := set(cities) - wanted.keys():
        raise Trouble(f"没有这些城市的政策包：{unknown}", f"no pack is shipped for {unknown}")
    async with door(DOOR) as http:
        active = await served(http)
        missing = [code for code in cities or wanted if not active.get(code)]
        for code in sorted(active.keys() & wanted.keys() - set(missing)):
            if active[code] != wanted[code].version:
                click.echo(
                    f"{code}: {active[code]} 在用，附带 / in force, shipped {wanted[code].version}"
                )
        if not missing:
            return
        await import_divisions(SHIPPED, {part: migrator_url(part) for part in READERS})
        await import_changes(CHANGES, migrator_url("registry"))
        keys = await operators(missing)

        def caller(client: str) -> Caller:
            return KeyCaller(http, client, key=keys[client], issuer=setting("SHEGONG_ISSUER"))

        for code in missing:
            j = await asyncio.to_thread(compiled, wanted[code])
            if code not in active:
                body = {"code": code, "kind": j.kind, "name": j.name, "prefixes": list(j.prefixes)}
                await caller(f"{PLATFORM}.admin").post("/jurisdictions", body)
            author, approver = (
                caller(f"{code}.{name}") for name in ("policy-author", "policy-approver")
            )
            await activate(author, approver, wanted[code], first_day(j))
            click.echo(f"{code}: {wanted[code].version}")


async def served(http: httpx.AsyncClient) -> dict[str, str | None]:
    """Return the version in force by city, once registry answers through the gateway."""
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    answer = await http.get("/v1/cities")
                except httpx.TransportError:
                    answer = httpx.Response(httpx.codes.SERVICE_UNAVAILABLE)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        raise Trouble(f"{DOOR} 没有应答", f"{DOOR} does not answer for registry") from None
    cities = answered(answer, "/v1/cities")["items"]
    return {city["code"]: (city["pack"] or {}).get("version") for city in cities}


async def operators(cities: Sequence[str]) -> Keys:
    """Make the first clients with a key each; the private keys are in OPERATORS, for us alone."""
    asks = [(PLATFORM, "admin", "platform_admin")]
    asks += [
        (c, name, "city_bureau") for c in cities for name in ("policy-author", "policy-approver")
    ]
    keys = kept(OPERATORS)
    keys |= {id_: new_key() for id_ in (f"{c}.{name}" for c, name, _ in asks) if id_ not in keys}
    # Kept before they count: a key that opens something is never lost.
    write_private(OPERATORS, keys)
    database = await Database.connect(
        setting("SHEGONG_DATABASE_URL_GATEWAY"), pool=2, part="gateway"
    )
    try:
        for city, name, role in asks:
            held = OKPKey.import_key(keys[f"{city}.{name}"])
            public = held.as_dict(private=False) | {"kid": keys[f"{city}.{name}"]["kid"]}
            ask = NewClient(
                name=name, kind=role, role=role, purposes=["administration"], keys=[public]
            )
            await add_client(database, city, ask)
    finally:
        await database.close()
    return keys


def kept(path: Path) -> Keys:
    """Return the keys that were made before."""
    return dict(orjson.loads(path.read_bytes())) if path.exists() else {}


def new_key() -> dict[str, Any]:
    """Return a new private key with a name."""
    return OKPKey.generate_key("Ed25519").as_dict(private=True) | {"kid": uuid7().hex}


if __name__ == "__main__":
    once(settle(sys.argv[1:]))
