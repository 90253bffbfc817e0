"""Who may call, and what every caller's city is known by."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.identity import Actor, allow, anyone
from chassis.tables import CityKept
from services.registry.queries import area_of

Reads = Annotated[Actor, Depends(allow("registry:read"))]
"""Who reads the registry, as far as they reach."""
Writes = Annotated[Actor, Depends(allow("registry:write"))]
"""Who writes the registry, as far as they reach."""
Supervises = Annotated[Actor, Depends(allow("supervision:write"))]
"""Who enters supervisions: supervisors, heads and bureaus, as far as they reach."""
Authors = Annotated[Actor, Depends(allow("policy:author"))]
Approves = Annotated[Actor, Depends(allow("policy:approve"))]
Administers = Annotated[Actor, Depends(allow("platform:admin"))]


Anyone = Annotated[
    Actor, Depends(anyone("divisions and the policy of a city are public by nature"))
]
"""Whoever the city gave a token to."""
Everybody = Annotated[Actor, Depends(anyone("which cities are served is told without a token"))]


async def _area(request: Request) -> CityKept:
    return await area_of(request.app.state.database, request.path_params["city"])


Area = Annotated[CityKept, Depends(_area)]
"""The jurisdiction of the path."""
