"""Deny by default: a route says who may call it, or it is not defined."""

from typing import Annotated

import pytest
from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.routing import Route

from chassis.binding import plan_of
from chassis.http import Router, Tx, UnitOfWork
from chassis.identity import allow
from chassis.service import _health, api
from tests.tenancy.parts import SERVICES

WITHOUT_A_CITY = {
    "/": "the page for people: what runs and how healthy it is",
    "/docs": "how to call",
    "/openapi.json": "how to call",
    "/health/live": "for the supervisor",
    "/health/ready": "for the balancer",
    "/metrics": "for Prometheus; counts of ours, no value from outside",
    "/oauth/token": "where a client proves who it is",
    "/.well-known/jwks.json": "public keys",
    "/.well-known/oauth-authorization-server": "what the token door can do",
}
"""Paths that ask for no token, and why; none of them is below a city."""


def test_a_route_that_says_no_scope_cannot_be_defined():
    router = Router()

    async def get_secrets(tx: Tx) -> None:
        """Tell."""

    with pytest.raises(TypeError, match="get_secrets says neither"):
        router.get("/secrets")(get_secrets)


def test_a_scope_is_asked_for_before_anything_else_is_looked_at():
    router = Router()

    def looked(_):
        raise AssertionError

    @router.get("/things")
    async def get_things(
        found: Annotated[int, Depends(looked)], actor: Annotated[int, Depends(allow("audit:read"))]
    ) -> None:
        """Tell."""

    plan = plan_of(get_things, set())
    assert [name for name, _ in plan.dependencies] == ["actor", "found"]


def routes_of(service):
    """Return all routes: the part's, and those every part has."""
    routers = [*service.routers, _health]
    own = [route for route in api(service).routes if isinstance(route, Route)]
    return [*own, *(route for router in routers for route in router.routes)]


@pytest.mark.parametrize("part", SERVICES)
def test_every_route_below_a_city_is_a_unit_of_work_or_asks_for_a_scope(part):
    for route in routes_of(SERVICES[part]):
        if isinstance(route, UnitOfWork):
            continue
        asks = isinstance(route, APIRoute) and any(
            isinstance(each.call, allow) for each in route.dependant.dependencies
        )
        assert asks or route.path in WITHOUT_A_CITY, f"{part}: {route.path} is open"
        assert asks == route.path.startswith("/v1/"), f"{part}: {route.path}"
