"""A station in one answer: what four parts know of it, asked side by side.

A part that is down is null and named in `partial`; one that may not tell this caller is null and
named in `withheld`. Without registry there is no station to show: 503.
"""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from chassis import trace
from chassis.asked import Asked, Day
from chassis.binding import JSON
from chassis.clock import day_of, system_clock
from chassis.http import Router
from chassis.identity import Actor, allow
from gateway.exchange import Exchange
from gateway.parts import Answer, Headers, Parts, down

router = Router(tags=["overview"])

OK = 200
_QUIET = {401, 403}
_ABSENT = 404
_BROKEN = 500


class OverviewAsked(Asked):
    """Of which day."""

    as_of: Day | None = None


class Overview(BaseModel):
    """A station with its load, its contract in force and its verdicts."""

    station: dict[str, Any]
    load: dict[str, Any] | None
    contract: dict[str, Any] | None
    verdicts: dict[str, Any] | None
    partial: list[str]
    """Parts that did not answer."""
    withheld: list[str]
    """Parts that may not tell this caller."""
    as_of: date


@dataclass(frozen=True)
class Others:
    """The parts, as one caller's request may ask them."""

    parts: Parts
    exchange: Exchange
    language: bytes

    async def ask(self, actor: Actor, paths: dict[str, str]) -> dict[str, Answer | None]:
        """Ask each part for its piece, side by side; None where none came."""

        async def one(part: str) -> Answer | None:
            headers: Headers = [
                (b"authorization", self.exchange.bearer(actor, part)),
                (b"accept-language", self.language),
                (b"traceparent", trace.child(trace.current()).encode()),
            ]
            return await self.parts.glance(part, paths[part], headers)

        answers = await asyncio.gather(*(one(part) for part in paths))
        return dict(zip(paths, answers, strict=True))


def others(request: Request) -> Others:
    """Return the parts, in the language of a request."""
    said = request.headers.get("accept-language", "zh-CN").encode("latin-1")
    state = request.app.state
    return Others(state.parts, state.exchange, said)


@router.get("/stations/{station_id}/overview", response_model=Overview)
async def get_overview(
    station_id: UUID,
    query: Annotated[OverviewAsked, Query()],
    actor: Annotated[Actor, Depends(allow("registry:read"))],
    parts: Annotated[Others, Depends(others)],
) -> Response:
    """Show a station as registry, casework, procurement and evaluation know it."""
    city, as_of = actor.city, query.as_of or day_of(system_clock())
    paths = {
        "registry": f"/v1/{city}/stations/{station_id}",
        "casework": f"/v1/{city}/stations/{station_id}/load",
        "procurement": f"/v1/{city}/contracts?station_id={station_id}&on={as_of}",
        "evaluation": verdicts_of(city, f"station:{station_id}", as_of),
    }
    heard = await parts.ask(actor, paths)
    home = heard["registry"]
    if home is None or home.status >= _BROKEN:
        raise down("registry")
    if home.status != OK:
        return _passed(home)
    shown = compose(heard, as_of)
    return Response(orjson.dumps(shown), media_type=JSON, headers={"cache-control": "no-store"})


def verdicts_of(city: str, subject: str, as_of: date) -> str:
    """Return where a subject's verdicts are: today's are stored as one row, others are judged."""
    if as_of == day_of(system_clock()):
        return f"/v1/{city}/verdicts/{subject}"
    return f"/v1/{city}/compliance?subject={subject}&as_of={as_of}"


def compose(heard: dict[str, Answer | None], as_of: date) -> dict[str, Any]:
    """Put the answers of the parts together; what was not parsed goes in as it came."""
    home = heard["registry"]
    assert home is not None
    shown: dict[str, Any] = {"station": orjson.Fragment(home.content)}
    partial: list[str] = []
    withheld: list[str] = []
    for part, name in (
        ("casework", "load"),
        ("procurement", "contract"),
        ("evaluation", "verdicts"),
    ):
        answer = heard[part]
        shown[name] = None
        if answer is None or answer.status not in {OK, _ABSENT, *_QUIET}:
            partial.append(part)
        elif answer.status in _QUIET:
            withheld.append(part)
        elif answer.status == OK and name == "contract":
            shown[name] = in_force(orjson.loads(answer.content)["items"], as_of)
        elif answer.status == OK:
            shown[name] = orjson.Fragment(answer.content)
    return shown | {"partial": partial, "withheld": withheld, "as_of": as_of}


def in_force(contracts: list[dict[str, Any]], as_of: date) -> dict[str, Any] | None:
    """Return the contract whose term holds that day, the last signed if there are several."""
    day = as_of.isoformat()
    held = [
        contract
        for contract in contracts
        if contract["starts_on"] <= day <= (contract.get("ended_on") or contract["ends_on"])
    ]
    return max(held, key=lambda contract: contract["starts_on"], default=None)


def _passed(answer: Answer) -> Response:
    kept = (b"content-type", b"content-language", b"retry-after", b"www-authenticate")
    headers = {n.decode(): v.decode("latin-1") for n, v in answer.headers if n in kept}
    return Response(answer.content, answer.status, headers)
