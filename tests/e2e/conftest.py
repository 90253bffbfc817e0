"""One start of the whole platform for all of these tests, and for those of faults."""

from pathlib import Path

import pytest

from tests.e2e.house import at_the_door, no_house, one_house


@pytest.fixture(scope="session")
async def house():
    """`shegong up` with the demo, as a newcomer has it."""
    yield await one_house()
    await no_house()


@pytest.fixture
async def guest(house):
    """Somebody at the gateway."""
    async with at_the_door(house) as one:
        yield one


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.e2e)
