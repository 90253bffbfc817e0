"""The short way to a unit of work: its path is looked up once, and nothing stands between.

FastAPI describes the routes and answers whatever is none of ours; a request for a unit of work
would pass eight layers of it and of Starlette that have nothing to do here, for the door
(`chassis.service`) has already taken its trace, its caller and its size, and is the last net.
"""

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from chassis.http import UnitOfWork

_WORD = 2
"""`/v1/{city}/word/…`: which of a path's parts tells most routes apart."""


class Reader(Protocol):
    """Reads one part of a path."""

    def convert(self, value: str) -> Any:
        """Return the value."""


Unit = Callable[[Request], Coroutine[Any, Any, Response]]
Found = tuple[Unit, dict[str, Any]]


class Units:
    """An application in front of another: runs units of work itself, passes on the rest."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self.app = app
        self._routes: dict[tuple[str, str], list[_Route]] = {}
        for router in routers:
            for route in router.routes:
                if isinstance(route, UnitOfWork):
                    kept = _Route(route.path_regex, route.param_convertors, route.unit)
                    for method in route.methods or ():
                        self._routes.setdefault((method, _word(route.path_format)), []).append(kept)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = self._found(scope["method"], scope["path"])
        if found is None:
            await self.app(scope, receive, send)
            return
        unit, scope["path_params"] = found
        scope["app"] = self.app
        response = await unit(Request(scope, receive))
        await response(scope, receive, send)

    def _found(self, method: str, path: str) -> Found | None:
        for word in (_word(path), ""):
            for route in self._routes.get((method, word), ()):
                match = route.path.match(path)
                if match:
                    given = match.groupdict()
                    return route.unit, {n: route.made[n].convert(v) for n, v in given.items()}
        return None


class _Route:
    """A unit of work and its path."""

    def __init__(self, path: re.Pattern[str], made: Mapping[str, Reader], unit: Unit) -> None:
        self.path, self.made, self.unit = path, made, unit


def _word(path: str) -> str:
    parts = path.split("/", _WORD + 2)
    word = parts[_WORD + 1] if len(parts) > _WORD + 1 else ""
    return "" if word.startswith("{") else word
