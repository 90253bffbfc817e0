"""The platform that is broken on purpose, and the table of what came of it."""

from pathlib import Path

import pytest

from tests.e2e.house import at_the_door, no_house, one_house
from tests.fault.checker import HEAD, TABLE


@pytest.fixture(scope="session")
async def house():
    """`shegong up` with the demo: real processes, real servers, the real supervisor."""
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
            item.add_marker(pytest.mark.fault)


def pytest_terminal_summary(terminalreporter):
    if TABLE:
        terminalreporter.section("faults: what was acknowledged and what came of it")
        for row in [HEAD, *TABLE]:
            terminalreporter.write_line(row)
