"""A broker that met a full disk stays with its error: only who has room and still fails is stuck."""

from types import SimpleNamespace

import pytest

from deploy.embedded import nats
from deploy.embedded.nats import ROOM, Nats

FAILED = (
    "[ERR] JetStream failed to store a msg on stream '$G > CASEWORK': no space left on device\n"
)


@pytest.fixture
def broker(tmp_path, monkeypatch):
    made = Nats(tmp_path)
    made.log.parent.mkdir()
    made.log.write_text(FAILED)  # of an earlier run
    made.store.mkdir()
    made.free = 0
    monkeypatch.setattr(nats.shutil, "disk_usage", lambda _: SimpleNamespace(free=made.free))
    return made


def fails(broker):
    with broker.log.open("a") as log:
        log.write(FAILED)


async def test_a_broker_that_fails_without_room_is_not_stuck(broker):
    for _ in range(3):
        assert not await broker.stuck()
        fails(broker)


async def test_a_broker_that_fails_with_room_is_stuck_once(broker):
    assert not await broker.stuck()
    fails(broker)
    broker.free = ROOM + 1
    assert not await broker.stuck()  # its error may be older than the room
    fails(broker)
    assert await broker.stuck()
    fails(broker)  # said before it ended
    assert not await broker.stuck()
    assert not await broker.stuck()


async def test_a_broker_with_room_that_stores_is_not_stuck(broker):
    broker.free = ROOM + 1
    for _ in range(3):
        assert not await broker.stuck()
