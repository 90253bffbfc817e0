"""The first clients: put there by the command line, since nobody may call before there is one."""

from chassis.db import Database, Who
from gateway import decide
from gateway.models import Client, NewClient


async def add_client(
    database: Database, city: str, ask: NewClient, *, secret: bool = False
) -> tuple[Client, str | None]:
    """Put a client there, or put it right if it is there; return it and its new secret, if any.

    `database` is the gateway's as its runtime role. A secret is for the embedded run; whoever asks
    for one again gets a new one, since the old one cannot be read back.
    """
    made, kept = decide.new_secret() if secret else (None, None)
    async with database.begin(Who(city, "service:gateway", "bootstrap")) as tx:
        client = decide.new_client(city, ask, tx.now, keyless=secret)
        client.secret_hash = kept
        known = await tx.peek(Client, client.id, lock=True)
        if known is None:
            tx.keep(client)
        else:
            for name in Client.model_fields.keys() - {"city", "id", "created_at"}:
                setattr(known, name, getattr(client, name))
            client = known
            tx.keep(client)
        tx.audit("client.bootstrap", "client", None, fields=[client.id])
    return client, made
