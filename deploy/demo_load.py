"""The demo's data: five jurisdictions filled once, over HTTP as their bureaus would.

DATA/demo.json names the clients, and is written when every service has heard of what they name.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from chassis.clock import day_of, system_clock
from chassis.identity import PLATFORM
from chassis.service import open_database
from deploy.bootstrap import settings_of, write_private
from deploy.calls import Caller, door
from deploy.demo_data import CITIES, PARTNERS, STAFF, STATION_FACTS, DemoCity
from deploy.trouble import Trouble
from gateway.app import GATEWAY_SERVICE
from gateway.bootstrap import add_client
from gateway.models import NewClient

HEARD_WITHIN = 30.0
OPENED = "2022-01-10"
VISIT_HOURS = 8.0

Client = dict[str, Any]


async def load(data: Path, base_url: str, env: Mapping[str, str]) -> None:
    """Fill the five jurisdictions; DATA/demo.json is written once everything it names exists."""
    secrets: dict[str, str] = orjson.loads((data / "operators.json").read_bytes())
    database = await open_database(GATEWAY_SERVICE, settings_of(env, "gateway"))
    try:
        async with door(base_url) as http:
            asks: list[tuple[str, NewClient]] = []
            for city in CITIES:
                bureau = Caller(
                    http, f"{city.code}.policy-author", secrets[f"{city.code}.policy-author"]
                )
                asks += [(city.code, ask) for ask in await _fill(bureau, city)]
            clients = [await _client(database, code, ask) for code, ask in asks]
        admin = f"{PLATFORM}.admin"
        clients.append(
            _shown(
                admin,
                secrets[admin],
                PLATFORM,
                "platform_admin",
                "platform_admin",
                ["clients:write", "platform:admin"],
            )
        )
    finally:
        await database.close()
    write_private(data / "demo.json", {"base_url": base_url, "clients": clients})


async def _fill(bureau: Caller, city: DemoCity) -> list[NewClient]:
    """Enter a city's bodies, people and stations; return the clients that speak for them."""
    agency = await bureau.post(
        "/agencies",
        {
            "name": f"{city.name}演示社会工作服务中心",
            "kind": "social_work",
            "credit_code": city.credit_code,
            "registered_in": city.code,
            "business_scope": "社会工作服务",
        },
    )
    clients = [NewClient(name="agency-1", kind="agency", role="agency", agency_id=agency["id"])]
    for kind, name in PARTNERS.items():
        slug = kind.replace("_", "-")
        body = {"name": f"{city.name}{name}", "kind": kind, "client_id": f"{city.code}.{slug}-1"}
        made = await bureau.post("/partners", body)
        clients.append(
            NewClient(name=f"{slug}-1", kind=kind, role="partner", partner_id=made["id"])
        )
    for number, (ground, name) in enumerate(city.grounds, 1):
        station = await bureau.post(
            "/stations", _station(ground, name) | {"facts": STATION_FACTS | city.facts}
        )
        worker, staff = None, []
        for person in STAFF:
            post = {
                "station_id": station["id"],
                "starts_on": OPENED,
                "full_time": True,
                "on_station": True,
                "dispatched": True,
            }
            made = await bureau.post(
                "/workers", person | {"name": f"{person['name']}{number}", "postings": [post]}
            )
            worker = worker or made
            staff.append(made["id"])
        assert worker is not None
        if number == 1:
            guide = await _guided(bureau, agency["id"], station["id"], staff)
            clients.append(
                NewClient(
                    name="supervisor-1", kind="supervisor", role="supervisor", worker_id=guide
                )
            )
        division = ground[:6]
        clients += [
            NewClient(
                name=f"worker-{number}",
                kind="worker",
                role="worker",
                station_id=station["id"],
                worker_id=worker["id"],
                division=division,
            ),
            NewClient(
                name=f"station-head-{number}",
                kind="station_head",
                role="station_head",
                station_id=station["id"],
                division=division,
            ),
        ]
    clients.append(NewClient(name="city-bureau-1", kind="city_bureau", role="city_bureau"))
    clients.append(NewClient(name="auditor-1", kind="auditor", role="auditor"))
    await _heard(bureau, station["id"])
    return clients


async def _guided(bureau: Caller, agency_id: str, station_id: str, staff: list[str]) -> str:
    """Let the first station be supervised and its people trained; return who supervises.

    The registers are whole since the year began, so that what the second station lacks is seen.
    """
    today = day_of(system_clock())
    year = date(today.year, 1, 1)
    for name in ("trainings", "supervisors", "supervisions"):
        await bureau.post("/registers", {"name": name, "complete_from": str(year)})
    guide = await bureau.post(
        "/workers",
        {"name": "周演示", "cert": "senior", "cert_on": "2019-12-01", "sw_years": 12.0},
    )
    term = {
        "worker_id": guide["id"],
        "agency_id": agency_id,
        "hired_by": "agency",
        "full_time": False,
        "starts_on": str(year),
        "stations": [{"station_id": station_id, "starts_on": str(year)}],
    }
    supervisor = await bureau.post("/supervisors", term)
    for month in range(1, today.month):
        first = date(today.year, month, 8)
        days = [first, first + timedelta(days=1)]
        visit = {
            "station_id": station_id,
            "supervisor_id": supervisor["id"],
            "kind": "on_site",
            "days": [{"day": str(day), "hours": VISIT_HOURS} for day in days],
            "recorded_on": str(days[-1]),
        }
        await bureau.post("/supervisions", visit)
    if today > year:
        training = {
            "kind": "practice",
            "mode": "blended",
            "hours": 48,
            "provider": "演示社会工作协会",
            "topic": "实务能力",
            "starts_on": str(year),
            "ends_on": str(year),
            "worker_ids": staff,
        }
        await bureau.post("/trainings", training)
    return str(guide["id"])


def _station(ground: str, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "tier": "township",
        "mode": "procured",
        "status": "open",
        "division": ground,
        "division_system": "nbs",
        "open_on": OPENED,
        "effective_on": OPENED,
    }


async def _heard(bureau: Caller, station_id: str) -> None:
    """Wait until casework and evaluation know the station entered last; they hear in order."""
    paths = [f"/stations/{station_id}/load", f"/compliance?subject=station:{station_id}"]
    until = time.monotonic() + HEARD_WITHIN
    for path in paths:
        while (answer := await bureau.ask("GET", path)).status_code != 200:  # noqa: PLR2004
            if time.monotonic() > until:
                raise Trouble(
                    f"{path} 在 {HEARD_WITHIN:g} 秒内没有答复（{answer.status_code}）",
                    f"{path} did not answer within {HEARD_WITHIN:g} s ({answer.status_code})",
                )
            await asyncio.sleep(0.05)


async def _client(database: Any, city: str, ask: NewClient) -> Client:
    client, secret = await add_client(database, city, ask, secret=True)
    assert secret is not None
    ids = ("station_id", "worker_id", "partner_id", "agency_id")
    more = {name: str(getattr(client, name)) for name in ids if getattr(client, name)}
    return _shown(client.id, secret, city, client.kind, client.role, client.scopes) | {
        "division": client.division,
        **more,
    }


def _shown(name: str, secret: str, city: str, kind: str, role: str, scopes: list[str]) -> Client:
    return {
        "client_id": name,
        "client_secret": secret,
        "city": city,
        "kind": kind,
        "role": role,
        "scopes": scopes,
        "division": None,
    }
