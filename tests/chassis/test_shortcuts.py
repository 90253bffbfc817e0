"""Shortcuts that are seen in the code itself: work outside the commit, waits without end, wall time."""

import ast
from pathlib import Path

import pytest

from tests.chassis.trial import Thing
from tests.conftest import who

HOUSE = Path(__file__).parents[2]
SERVING = [f for part in ("chassis", "gateway", "services") for f in (HOUSE / part).rglob("*.py")]
WAITS = {
    "asyncpg.connect": {"timeout", "command_timeout"},
    "asyncpg.create_pool": {"timeout", "command_timeout", "max_size"},
    "nats.connect": {"connect_timeout", "ping_interval"},
    "aiohttp.ClientSession": {"timeout", "connector"},
}
"""Who opens a line to somebody else says how long it may take."""
BESIDE = {
    *("chassis/workers.py", "chassis/consumer.py", "chassis/relay.py", "chassis/bus.py"),
    *("services/evaluation/judging.py", "services/registry/sheets/importing.py"),
}
"""Workers and imports have tasks of their own; nothing that answers a request has."""
STRAYS = {"create_task", "ensure_future", "BackgroundTasks", "BackgroundTask", "call_later"}
BY_THE_WALL = {"gateway/exchange.py": "a token's times are the wall's"}


def name_of(file):
    return str(file.relative_to(HOUSE))


def called(node):
    """Return a call's name as written: `asyncpg.connect`."""
    found = node.func
    if isinstance(found, ast.Attribute) and isinstance(found.value, ast.Name):
        return f"{found.value.id}.{found.attr}"
    return getattr(found, "id", "")


def calls(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_nothing_is_left_to_be_done_after_the_answer():
    for file in SERVING:
        if name_of(file) in BESIDE or file.name == "listener.py":
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        assert not names & STRAYS, name_of(file)


def test_every_line_to_somebody_else_says_how_long_it_may_take():
    found = [(name_of(f), c) for f in SERVING for c in calls(f) if called(c) in WAITS]

    assert {called(call) for _, call in found} == WAITS.keys()
    for file, call in found:
        said = {keyword.arg for keyword in call.keywords}
        assert WAITS[called(call)] <= said, f"{file}: {called(call)}"


def test_durations_are_not_measured_by_the_wall():
    """A clock that is set back must not lengthen a lease or a wait."""
    for file in SERVING:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        wall = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) == ("time", "time")
        ]
        assert not wall or name_of(file) in BY_THE_WALL, name_of(file)


@pytest.mark.parametrize("table", ["event_log", "outbox", "receipt", "audit", Thing.__tablename__])
async def test_a_write_wakes_nobody_through_the_database(trial, table):
    """A NOTIFY takes one lock for the whole server at commit: the relay looks by itself."""
    async with trial.begin(who()) as tx:
        triggers = await tx.fetch(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal",
            table,
        )
    assert triggers == []


def test_no_statement_of_ours_listens_or_notifies():
    for file in [*SERVING, *(HOUSE / "deploy").rglob("*.py")]:
        text = file.read_text(encoding="utf-8")
        assert "pg_notify" not in text, name_of(file)
        assert "NOTIFY" not in text, name_of(file)
