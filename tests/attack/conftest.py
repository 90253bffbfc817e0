"""A platform of its own, run as `make up` runs it: what an attack leaves behind is nobody else's."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.attack.target import Target
from tests.e2e.house import House


@pytest.fixture(scope="package")
async def target():
    """The platform under attack, with a token for every role of the demo."""
    # A socket's path must stay short, and pytest's own folders are long.
    folder = Path(tempfile.mkdtemp(prefix="sga-", dir="/tmp"))
    house = House(folder / "data")
    try:
        await house.up(within=240)
        async with Target(house) as target:
            yield target
    finally:
        if house.process is not None and house.process.poll() is None:
            await house.down()
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent and "target" in item.fixturenames:
            item.add_marker(pytest.mark.e2e)
