"""Procurement with a city that has been heard of: one station, one agency, the shipped pack."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from chassis.db import Database
from services.procurement.app import service
from services.procurement.reactions import reactions
from tests import told
from tests.conftest import NOW, opened
from tests.http import actor, client


@dataclass
class City:
    """What procurement has heard of a city."""

    database: Database
    tell: told.Teller
    station: UUID
    agency: UUID


@pytest.fixture
async def database(postgres, fresh):
    async with opened(
        postgres, await fresh("procurement"), "procurement", None, clock=lambda: NOW
    ) as made:
        yield made


@pytest.fixture
async def wuhan(database):
    tell, station, agency = told.Teller(), told.some_id(), told.some_id()
    await reactions.deliver(
        [
            tell(told.pack("420100"), told.some_id()),
            tell(told.station(station), station),
            tell(told.agency(agency), agency),
        ],
        database,
    )
    return City(database, tell, station, agency)


@pytest.fixture
async def bureau(wuhan):
    async with client(service, wuhan.database, actor("city_bureau")) as made:
        yield made


@pytest.fixture
def ask(wuhan):
    return wish(wuhan.station, wuhan.agency)


def wish(station: UUID, agency: UUID, **more):
    said = {
        "station_id": str(station),
        "agency_id": str(agency),
        "purchaser": {"name": "一元街道办事处", "kind": "township"},
        "signed_on": "2026-01-05",
        "starts_on": "2026-01-10",
        "ends_on": "2027-01-09",
        "price": {"amount": 30_000_000, "currency": "CNY"},
        "budget_secured": True,
        "terms": ["staff", "content", "goals", "funds", "supervision", "evaluation"],
        "staffing": 3,
        "takeover_plan_on": "2026-01-04",
        "payer_is_purchaser": True,
        "evaluator_provides_service": False,
    }
    return said | more
