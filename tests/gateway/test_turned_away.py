"""Where there is no room a request is refused by its head: cheaply, and told the same as ever."""

import asyncio
import json
from contextlib import ExitStack, asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from chassis import listener
from chassis.admission import PLACES, Lane
from tests.conftest import WUHAN
from tests.gateway.test_door import STATIONS, eventually, raw

PATH = f"/v1/{WUHAN}/referrals"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def full(gate):
    """Take every place casework has."""
    with ExitStack() as held:
        for number in range(PLACES):
            held.enter_context(gate.app.places["casework"].place(Lane.URGENT, str(number)))
        yield gate


@asynccontextmanager
async def line(gate):
    host, port = gate.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader):
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    status, *lines = head.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in lines if each)
    return status, headers, json.loads(await reader.readexactly(int(headers["content-length"])))


def shed():
    return REGISTRY.get_sample_value("shed_total", {"part": "casework", "lane": "urgent"}) or 0


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_who_is_refused_by_the_head_hears_what_who_is_refused_later_hears(full, language):
    asked = f"host: x\r\naccept-language: {language}\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b7-01"
    before = shed()

    async with line(full) as (reader, writer):
        writer.write(f"POST {PATH} HTTP/1.1\r\n{asked}\r\ncontent-length: 0\r\n\r\n".encode())
        brief = await answer(reader)
    async with line(full) as (reader, writer):  # who hangs up afterwards takes the ordinary way
        writer.write(f"POST {PATH} HTTP/1.1\r\n{asked}\r\nconnection: close\r\n\r\n".encode())
        usual = await answer(reader)

    assert brief[0] == usual[0] == "HTTP/1.1 503 Service Unavailable"
    assert brief[1].pop("retry-after") in {"1", "2", "3"}
    del usual[1]["retry-after"], usual[1]["connection"]
    spans = [said[1].pop("traceparent") for said in (brief, usual)]
    assert [span[3:35] for span in spans] == [TRACE, TRACE]
    assert spans[0] != spans[1]
    assert brief[1].pop("date")
    del usual[1]["date"]
    assert brief[1:] == usual[1:]
    assert shed() == before + 2


async def test_the_line_of_who_is_turned_away_stays_and_its_body_is_read_past(full):
    said = (
        f"GET {STATIONS} HTTP/1.1\r\nhost: x\r\n"
        f"authorization: {(await full.bearer('worker-1'))['authorization']}\r\n\r\n"
    )
    body = b'{"urgency":"immediate"} GET / HTTP/1.1\r\n\r\n'

    async with line(full) as (reader, writer):
        head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: {2 * len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        refused = await answer(reader)
        writer.write(body)
        writer.write(said.encode())
        served = await answer(reader)

    assert (refused[0], refused[2]["type"]) == (
        "HTTP/1.1 503 Service Unavailable",
        "/problems/busy",
    )
    assert served[0] == "HTTP/1.1 200 OK"
    assert served[2] == {"from": "part"}


async def test_a_body_that_is_announced_and_does_not_come_costs_the_line(full, monkeypatch):
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.2)
    async with line(full) as (reader, writer):
        writer.write(f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n".encode())
        await answer(reader)

        assert await asyncio.wait_for(reader.read(), 5) == b""


@pytest.mark.parametrize(
    "more",
    [
        "transfer-encoding: chunked",
        "expect: 100-continue\r\ncontent-length: 1",
        "content-length: 9999999",
    ],
)
async def test_a_body_nobody_would_read_past_goes_the_ordinary_way(full, more):
    said = await raw(
        full, f"POST {PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n\r\n".encode()
    )

    assert said.startswith(b"HTTP/1.1 503 Service Unavailable")
    assert b"connection: close" in said


async def test_behind_a_request_that_runs_the_answer_waits_its_turn(full):
    registry = full.parts["registry"]
    registry.wait = asyncio.Event()
    said = (await full.bearer("worker-1"))["authorization"]
    async with line(full) as (reader, writer):
        writer.write(
            f"GET {STATIONS} HTTP/1.1\r\nhost: x\r\nauthorization: {said}\r\n\r\n"
            f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".encode()
        )
        await eventually(lambda: registry.asked)
        registry.wait.set()

        assert (await answer(reader))[0] == "HTTP/1.1 200 OK"
        assert (await answer(reader))[0] == "HTTP/1.1 503 Service Unavailable"
