"""Who may call, and what every caller's city is known by."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.identity import Actor, allow
from chassis.tables import CityKept
from services.registry.queries import area_of

Reads = Annotated[Actor, Depends(allow("registry:read"))]
"""Who reads the registry, as far as they reach."""
Writes = Annotated[Actor, Depends(allow("registry:write"))]
"""Who writes the registry, as far as they reach."""
Authors = Annotated[Actor, Depends(allow("policy:author"))]
Approves = Annotated[Actor, Depends(allow("policy:approve"))]
Administers = Annotated[Actor, Depends(allow("platform:admin"))]


def _anyone(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


Anyone = Annotated[Actor, Depends(_anyone)]
"""Whoever the city gave a token to: what it asks for is the same for all, and public by nature."""


async def _area(request: Request) -> CityKept:
    return await area_of(request.app.state.database, request.path_params["city"])


Area = Annotated[CityKept, Depends(_area)]
"""The jurisdiction of the path."""
