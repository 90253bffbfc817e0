"""The platform that is broken on purpose, and the table of what came of it."""

from pathlib import Path

import httpx
import pytest

from chassis.config import PARTS
from tests.e2e.house import at_the_door, eventually, no_house, one_house
from tests.fault.checker import HEAD, TABLE


@pytest.fixture(scope="session")
async def house():
    """`shegong up` with the demo: real processes, real servers, the real supervisor."""
    yield await one_house()
    await no_house()


@pytest.fixture
async def guest(house):
    """Somebody at the gateway of a platform that is whole, whatever the test before did to it."""
    async with at_the_door(house) as one:

        async def whole():
            try:
                ready = [(await one.http.get(f"{house.part(p)}/health/ready")) for p in PARTS]
            except (httpx.TransportError, FileNotFoundError):
                return False
            return all(answer.status_code == httpx.codes.OK for answer in ready)

        await eventually(whole, 60)
        yield one


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.fault)


@pytest.fixture(autouse=True)
def told(tell):
    """Show at the end what the final reads of a test have found."""
    before = len(TABLE)
    yield
    for row in TABLE[before:]:
        tell("faults: what was acknowledged and what came of it", HEAD, row)
