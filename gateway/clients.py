"""Who may call: the clients of a city, kept by its bureau; those of the platform by the platform."""

from typing import Annotated

from fastapi import Depends, Query, Request

from chassis.asked import Paged
from chassis.db import Database, Transaction, Who
from chassis.http import Router, Tx
from chassis.identity import Actor, allow
from gateway import decide
from gateway.models import Client, Clients, ClientView, NewClient, NewKeys

router = Router(tags=["api-clients"])

Keeper = Annotated[Actor, Depends(allow("clients:write"))]
"""Somebody who keeps the list of programs that may call."""


def database_of(request: Request) -> Database:
    """Return the gateway's database, for the one route that writes in another city."""
    database: Database = request.app.state.database
    return database


@router.post("/api-clients", status_code=201)
async def post_client(
    ask: NewClient, tx: Tx, actor: Keeper, database: Annotated[Database, Depends(database_of)]
) -> ClientView:
    """Register a program that may call, with the public keys it proves itself by.

    A city's bureau keeps the clients of its city. The platform registers its own, and for a city
    its first bureau: from there on the city keeps its own list.
    """
    decide.may_register(actor.city, ask)
    if ask.city not in (None, actor.city):
        return decide.view_of(await _first_bureau(database, ask.city, ask, actor))
    client = decide.new_client(actor.city, ask, tx.now)
    tx.keep(client)
    tx.audit("client.register", "client", None, fields=[client.id])
    return decide.view_of(client)


@router.get("/api-clients")
async def list_clients(asked: Annotated[Paged, Query()], tx: Tx, actor: Keeper) -> Clients:
    """List the programs that may call, and those that no longer may."""
    del actor
    page = await tx.page(Client, after=asked.after, limit=asked.limit)
    return Clients(items=[decide.view_of(client) for client in page.items], next=page.next)


@router.get("/api-clients/{client_id}")
async def get_client(client_id: str, tx: Tx, actor: Keeper) -> ClientView:
    """Show one program that may call."""
    del actor
    return decide.view_of(await tx.get(Client, client_id))


@router.post("/api-clients/{client_id}/keys")
async def post_keys(client_id: str, ask: NewKeys, tx: Tx, actor: Keeper) -> ClientView:
    """Replace a program's public keys; send the old and the new one while it changes over."""
    del actor
    return await _changed(tx, decide.with_keys(await _locked(tx, client_id), ask.keys), "keys")


@router.post("/api-clients/{client_id}/deactivate")
async def post_deactivate(client_id: str, tx: Tx, actor: Keeper) -> ClientView:
    """Stop a program: no new token at once, no call within a minute."""
    del actor
    return await _changed(tx, decide.put_out(await _locked(tx, client_id), tx.now), "deactivate")


async def _first_bureau(database: Database, city: str, ask: NewClient, actor: Actor) -> Client:
    """Register a bureau under its city's own key: each city's rows are written as that city."""
    async with database.begin(Who(city, actor.subject, actor.purpose)) as tx:
        client = decide.new_client(city, ask, tx.now)
        known = await tx.peek(Client, client.id, lock=True)
        if known is not None:
            # It stands since a try whose answer was lost, or it is somebody else's.
            return decide.same_client(known, client)
        decide.must_be_first(await tx.one(Client, Client.role == client.role, Client.active))
        tx.keep(client)
        tx.audit("client.register", "client", None, fields=[client.id])
    return client


async def _locked(tx: Transaction, client_id: str) -> Client:
    return await tx.get(Client, client_id, lock=True)


async def _changed(tx: Transaction, client: Client, what: str) -> ClientView:
    tx.keep(client)
    tx.audit(f"client.{what}", "client", None, fields=[client.id])
    return decide.view_of(client)
