"""The door: what goes through goes through byte for byte, what should stay outside stays outside."""

import asyncio
import json
import time
from contextlib import ExitStack
from importlib import import_module
from uuid import uuid4

import pytest

from chassis import tokens
from chassis.admission import Lane
from chassis.clock import system_clock
from chassis.service import api
from gateway.owners import OWNERS, PARTS, owner
from tests.conftest import HANGZHOU, WUHAN
from tests.gateway.conftest import CLIENTS, ISSUER

STATIONS = f"/v1/{WUHAN}/stations"


async def raw(gate, request: bytes) -> bytes:
    """Send bytes no library would send, and return all that comes back."""
    host, port = gate.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_bytes_pass_through_unparsed_both_ways(gate):
    registry = gate.parts["registry"]
    registry.status = 201
    registry.body = b'{ "b":1.50,\n"a":"\\u738b", "a":2 }'
    registry.headers = [
        (b"content-type", b"application/json"),
        (b"etag", b'"7"'),
        (b"location", b"/v1/420100/stations/x"),
    ]
    sent = b'{"x" : 1.0 , "x":2,"\xe7\x8e\x8b":null}  '

    answer = await gate.client.post(
        STATIONS + "?b=2&a=%E6%AD%A6&a=1",
        content=sent,
        headers=await gate.bearer("bureau-1")
        | {"content-type": "application/json", "idempotency-key": "k1", "if-match": '"6"'},
    )

    assert registry.last["body"] == sent
    assert registry.last["path"] == STATIONS
    assert registry.last["query"] == "b=2&a=%E6%AD%A6&a=1"
    assert registry.last["headers"]["content-type"] == "application/json"
    assert registry.last["headers"]["idempotency-key"] == "k1"
    assert registry.last["headers"]["if-match"] == '"6"'
    assert answer.status_code == 201
    assert answer.content == registry.body
    assert answer.headers["etag"] == '"7"'
    assert answer.headers["location"] == "/v1/420100/stations/x"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_part_hears_who_asks_from_the_gateway_alone(gate):
    await gate.client.get(STATIONS, headers=await gate.bearer("worker-1"))

    caller = gate.parts["registry"].caller()
    wish = CLIENTS[WUHAN, "worker-1"]
    assert caller.subject == f"{WUHAN}.worker-1"
    assert (caller.city, caller.role, caller.purpose) == (WUHAN, "worker", "service")
    assert caller.station_id == wish["station_id"]
    assert caller.worker_id == wish["worker_id"]
    assert "referrals:work" in caller.scopes


async def test_an_internal_token_opens_one_part_only(gate):
    await gate.client.get(STATIONS, headers=await gate.bearer("worker-1"))
    token = gate.parts["registry"].last["headers"]["authorization"].removeprefix("Bearer ")

    with pytest.raises(Exception, match="unauthenticated"):
        gate.parts["casework"].verifier(token.encode())
    direct = await gate.client.get(STATIONS, headers={"authorization": f"Bearer {token}"})
    assert direct.status_code == 401


SMUGGLED = {
    "X-Tenant-Id": "330100",
    "X-User": "root",
    "X-Internal": "Bearer x",
    "X-City": "330100",
    "X-Roles": "platform_admin",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Proto": "gopher",
    "X-Real-Ip": "10.0.0.1",
    "X-Original-Url": "/v1/330100/stations",
    "X-Rewrite-Url": "/v1/330100/stations",
    "X-Http-Method-Override": "DELETE",
    "Forwarded": "for=10.0.0.1",
    "Proxy-Authorization": "Basic eDp5",
    "Cookie": "session=1",
    "Te": "trailers",
    "Upgrade": "h2c",
    "Connection": "x-user, authorization",
    "Keep-Alive": "timeout=99",
    "Via": "1.1 evil",
    "Trailer": "x-user",
    "X-Anything": "anything",
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_a_header_that_says_who_one_is_stays_outside(gate, name):
    await gate.client.get(STATIONS, headers=await gate.bearer("worker-1") | {name: SMUGGLED[name]})

    asked = gate.parts["registry"].last
    assert name.lower() not in asked["names"]
    assert gate.parts["registry"].caller().subject == f"{WUHAN}.worker-1"
    assert set(asked["names"]) <= {
        *("host", "authorization", "traceparent", "accept", "content-length", "accept-language"),
    }


async def test_two_authorizations_are_refused(gate):
    token = await gate.token("worker-1")

    answer = await raw(
        gate,
        f"GET {STATIONS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"authorization: Bearer {token}\r\nauthorization: Bearer other\r\n\r\n".encode(),
    )

    assert b" 400 " in answer.split(b"\r\n")[0]
    assert gate.parts["registry"].asked == []


async def test_a_request_with_two_lengths_never_reaches_a_part(gate):
    token = await gate.token("bureau-1")
    smuggled = b"GET /v1/420100/workers HTTP/1.1\r\nhost: x\r\n\r\n"

    await raw(
        gate,
        f"POST {STATIONS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"authorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".encode()
        + smuggled,
    )

    assert "/v1/420100/workers" not in [asked["path"] for asked in gate.parts["registry"].asked]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_follows_a_read_as_its_body_is_no_request_of_the_next_caller(gate, method):
    token = await gate.token("court-1")
    inside = (
        f"POST {STATIONS} HTTP/1.1\r\nhost: x\r\nidempotency-key: x\r\ncontent-length: 0\r\nx: "
    ).encode()

    for _ in range(3):
        await raw(
            gate,
            f"{method} {STATIONS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            f"authorization: Bearer {token}\r\ncontent-length: {len(inside)}\r\n\r\n".encode()
            + inside,
        )
        answer = await gate.client.get(STATIONS, headers=await gate.bearer("bureau-1"))
        assert answer.status_code == 200
        assert gate.parts["registry"].last["method"] == "GET"
        assert gate.parts["registry"].caller().subject == f"{WUHAN}.bureau-1"

    assert {asked["method"] for asked in gate.parts["registry"].asked} == {method, "GET"}


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/{HANGZHOU}/stations",
        f"/v1/{HANGZHOU}/nothing",
        f"/v1/{HANGZHOU}",
        f"/v1/{HANGZHOU}/stations/0190c5d0-24bb-7c80-8bd5-9a20c8a1d76d/overview",
        f"/v1/{HANGZHOU}/api-clients",
        "/v1/999999/stations",
        "/v1/000000/cities",
        "/v1/wuhan/stations",
        "/v1//stations",
        f"/v1/%34%32%30100/../{HANGZHOU}/stations",
    ],
)
async def test_another_citys_path_gets_the_same_answer_whatever_it_is(gate, path):
    headers = await gate.bearer("worker-1") | {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}

    answer = await raw_get(gate, path, headers)

    plain = await raw_get(gate, f"/v1/{HANGZHOU}/stations", headers)
    assert answer[0] == plain[0] == 403
    assert answer[1] == plain[1]
    assert [part.asked for part in gate.parts.values()] == [[], [], [], []]


async def raw_get(gate, path, headers):
    """Get a path exactly as written; a library would tidy it."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    answer = await raw(
        gate, f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n".encode()
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/{WUHAN}/nothing",
        f"/v1/{WUHAN}/Stations",
        f"/v1/{WUHAN}/stations/",
        f"/v1/{WUHAN}//stations",
        f"/v1/{WUHAN}/stations/../workers",
        f"/v1/{WUHAN}/stations/%2e%2e/workers",
        f"/v1/{WUHAN}/stations%2Fx",
        f"/v1/{WUHAN}/stations;x=1",
        f"/v1/{WUHAN}/./stations",
        f"/v1/{WUHAN}/webhooks/none",
    ],
)
async def test_a_path_nobody_owns_or_that_is_not_plain_is_not_found(gate, path):
    status, body = await raw_get(gate, path, await gate.bearer("worker-1"))

    assert (status, body["type"]) == (404, "/problems/not-found")
    assert [part.asked for part in gate.parts.values()] == [[], [], [], []]


@pytest.mark.parametrize("part", PARTS)
async def test_every_first_word_of_the_contract_leads_to_its_part(gate, part):
    headers = await gate.bearer("bureau-1")
    words = [word for word, owns in OWNERS.items() if owns == part]

    for word in words:
        answer = await gate.client.get(f"/v1/{WUHAN}/{word}", headers=headers)
        assert answer.status_code == 200, word
    assert [asked["path"] for asked in gate.parts[part].asked] == [
        f"/v1/{WUHAN}/{word}" for word in words
    ]


@pytest.mark.parametrize("part", PARTS)
def test_every_route_of_a_part_is_reached_through_the_door(part):
    service = import_module(f"services.{part}.app").service

    paths = [path for path in api(service).openapi()["paths"] if path != "/v1/cities"]

    assert paths
    for path in paths:
        words = path.removeprefix("/v1/{city}").strip("/").split("/")
        assert owner([] if words == [""] else words) == part, path


def test_the_table_of_owners_is_the_contracts():
    assert owner([]) == "registry"
    assert owner(["stations", "x"]) == "registry"
    assert owner(["stations", "x", "overview"]) == "gateway"
    assert owner(["stations", "x", "load"]) == "casework"
    assert owner(["clients"]) == "casework"
    assert owner(["api-clients"]) == "gateway"
    assert owner(["what-if"]) == "evaluation"
    assert owner(["takeovers"]) == "procurement"
    assert owner([""]) is None


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer x.y.z"}, {"authorization": "x"}])
async def test_without_a_good_token_nothing_is_told_about_any_path(gate, header):
    answers = [
        await gate.client.get(path, headers=header)
        for path in (STATIONS, f"/v1/{WUHAN}/nothing", "/v1/999999/stations")
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert answers[0].headers["content-type"] == "application/problem+json"
    bodies = [answer.json() | {"trace_id": None} for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_jurisdictions_are_for_everybody(gate):
    answer = await gate.client.get("/v1/cities")

    assert answer.status_code == 200
    caller = gate.parts["registry"].caller()
    assert (caller.city, caller.role, caller.subject) == ("000000", "public", "public")
    assert gate.parts["registry"].last["path"] == "/v1/cities"
    refused = await gate.client.post("/v1/cities", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


async def test_a_body_over_the_limit_is_refused_before_it_is_passed_on(gate):
    headers = await gate.bearer("bureau-1") | {"content-type": "application/json"}
    limit = 1024 * 1024

    async def unannounced():
        for _ in range(17):
            yield b"x" * 65536

    just = await gate.client.post(STATIONS, content=b"x" * limit, headers=headers)
    announced = await gate.client.post(STATIONS, content=b"x" * (limit + 1), headers=headers)
    streamed = await gate.client.post(STATIONS, content=unannounced(), headers=headers)

    assert just.status_code == 200
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert announced.json()["type"] == "/problems/too-large"
    assert len(gate.parts["registry"].asked) == 1


@pytest.mark.parametrize("path", [STATIONS, f"/v1/{WUHAN}/api-clients", "/oauth/token"])
async def test_a_body_that_trickles_is_not_waited_for(gate, monkeypatch, path):
    token = await gate.token("bureau-1")
    monkeypatch.setattr("gateway.door.BODY_SECONDS", 0.2)

    answer = await raw(
        gate,
        f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"authorization: Bearer {token}\r\nidempotency-key: x\r\n"
        "content-type: application/json\r\ncontent-length: 9\r\n\r\n{".replace(
            "application/json",
            "application/x-www-form-urlencoded" if "oauth" in path else "application/json",
        ).encode(),
    )

    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"/problems/malformed" in answer
    assert gate.parts["registry"].asked == []


async def test_a_part_that_is_down_is_said_so_with_when_to_come_again(gate, monkeypatch):
    monkeypatch.setitem(gate.app.parts.urls, "registry", "http://127.0.0.1:1")

    answer = await gate.client.get(
        STATIONS, headers=await gate.bearer("worker-1") | {"accept-language": "en"}
    )

    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/dependency-down"
    assert answer.json()["part"] == "registry"
    assert answer.headers["retry-after"] == "1"


async def test_the_callers_trace_and_language_go_on_and_come_back(gate):
    trace = "1234567890abcdef1234567890abcdef"
    answer = await gate.client.get(
        STATIONS,
        headers=await gate.bearer("worker-1")
        | {"traceparent": f"00-{trace}-1234567890abcdef-01", "accept-language": "en"},
    )

    asked = gate.parts["registry"].last["headers"]
    assert asked["accept-language"] == "en"
    assert asked["traceparent"][3:35] == trace
    assert asked["traceparent"][36:52] != "1234567890abcdef"
    assert answer.headers["traceparent"][3:35] == trace


class Fickle:
    """A part that answers once on a connection and hangs up on the next request."""

    def __init__(self):
        self.requests = 0

    async def __call__(self, reader, writer):
        try:
            await self._read(reader)
            body = b'{"n":%d}' % self.requests
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n" % len(body) + body
            )
            await writer.drain()
            await self._read(reader)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _read(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        self.requests += 1


@pytest.fixture
async def fickle(gate, monkeypatch):
    part = Fickle()
    server = await asyncio.start_server(part, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setitem(gate.app.parts.urls, "registry", f"http://127.0.0.1:{port}")
    async with server:
        yield part


@pytest.mark.parametrize(
    ("method", "key", "again"),
    [
        ("GET", None, True),
        ("POST", "k-1", True),
        ("POST", None, False),
        ("PUT", None, False),
        ("DELETE", None, False),
    ],
)
async def test_only_what_cannot_happen_twice_is_sent_again_on_a_lost_line(
    gate, fickle, method, key, again
):
    headers = await gate.bearer("bureau-1") | ({"idempotency-key": key} if key else {})
    assert (await gate.client.get(STATIONS, headers=headers)).status_code == 200

    answer = await gate.client.request(method, STATIONS, headers=headers)

    assert answer.status_code == (200 if again else 503)
    assert fickle.requests == (3 if again else 2)


async def test_verifying_minting_and_asking_happen_once_a_minute(gate, monkeypatch):
    headers = await gate.bearer("worker-1")
    exchange = gate.app.exchange
    minted, asked = [], []
    mint, wanted = exchange._signer.mint, exchange._wanted

    async def ask(actor):
        asked.append(actor)
        return await wanted(actor)

    monkeypatch.setattr(exchange._signer, "mint", lambda *a: minted.append(a) or mint(*a))
    monkeypatch.setattr(exchange, "_wanted", ask)
    for _ in range(3):
        await gate.client.get(STATIONS, headers=headers)
    assert (len(minted), len(asked)) == (1, 1)

    later = system_clock().timestamp() + 61
    monkeypatch.setattr(exchange, "_clock", lambda: later)
    await gate.client.get(STATIONS, headers=headers)
    assert (len(minted), len(asked)) == (2, 2)


async def test_a_forged_access_token_is_refused_whatever_it_claims(gate):
    now = int(system_clock().timestamp())
    good = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": f"{WUHAN}.worker-1",
        "city": WUHAN,
        "role": "worker",
        "scope": "registry:read",
        "purpose": "service",
        "jti": "1",
        "iat": now,
        "exp": now + 600,
    }
    wrong = {
        "kind": (tokens.INTERNAL, {}),
        "audience": (tokens.ACCESS, {"aud": "registry"}),
        "issuer": (tokens.ACCESS, {"iss": "http://elsewhere.test"}),
        "expired": (tokens.ACCESS, {"exp": now - 1}),
        "too long": (tokens.ACCESS, {"exp": now + 7200}),
        "role": (tokens.ACCESS, {"role": "root"}),
        "unknown client": (tokens.ACCESS, {"sub": f"{WUHAN}.nobody"}),
        "client of another city": (tokens.ACCESS, {"city": HANGZHOU}),
    }
    token = gate.signer.mint(tokens.ACCESS, good)
    answer = await gate.client.get(STATIONS, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200

    for name, (typ, other) in wrong.items():
        token = gate.signer.mint(typ, good | other)
        answer = await gate.client.get(STATIONS, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, name


async def test_errors_outside_the_api_are_problems_too(gate):
    missing = await gate.client.get("/nothing")
    method = await gate.client.delete("/oauth/token")
    english = await gate.client.get("/nothing", headers={"accept-language": "en-GB,zh;q=0.5"})

    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")
    assert (method.status_code, method.json()["type"]) == (405, "/problems/method-not-allowed")
    assert missing.json()["title"] == "未找到"
    assert english.json()["title"] == "Not found"
    for answer in (missing, method):
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_mistake_of_ours_is_a_problem_that_tells_nothing(gate, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(gate.app.exchange, "bearer", broken)

    answer = await gate.client.get(STATIONS, headers=await gate.bearer("worker-1"))

    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "secret words" not in answer.text


async def test_a_full_part_refuses_at_once_what_can_wait_and_lets_the_urgent_in(gate):
    casework = gate.parts["casework"]
    casework.wait = asyncio.Event()
    court, worker = await gate.bearer("court-1"), await gate.bearer("worker-1")
    path, wait, jump = f"/v1/{WUHAN}/referrals", {"urgency": "hours_72"}, {"urgency": "immediate"}

    def send(ask):
        headers = court | {"idempotency-key": uuid4().hex}
        return asyncio.create_task(gate.client.post(path, json=ask, headers=headers))

    places = gate.app.places["casework"]
    others = [places.place(Lane.URGENT, f"client {number}") for number in range(26)]
    with ExitStack() as held:
        for other in others:
            held.enter_context(other)
        let_in = send(wait)
        await eventually(lambda: len(casework.asked) == 1)

        listed = await gate.client.get(path, headers=worker)
        started = time.monotonic()
        late = await send(wait)
        took = time.monotonic() - started
        pressing = send(jump)
        await eventually(lambda: len(casework.asked) == 2)
        elsewhere = await gate.client.get(STATIONS, headers=worker)
        casework.wait.set()

        assert [(await one).status_code for one in (let_in, pressing)] == [200, 200]
    for refused in (listed, late):
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert 1 <= int(refused.headers["retry-after"]) <= 3
    assert took < 1
    assert elsewhere.status_code == 200, "another part has room"
    assert places.taken == 0


async def test_without_any_place_nobody_is_asked_who_they_are(gate):
    places = gate.app.places["casework"]
    with ExitStack() as held:
        for number in range(32):
            held.enter_context(places.place(Lane.URGENT, str(number)))
        answer = await gate.client.post(f"/v1/{WUHAN}/referrals", content=b"x")

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/busy")


async def test_one_client_cannot_hold_every_place(gate):
    casework, court = gate.parts["casework"], await gate.bearer("court-1")
    casework.wait = asyncio.Event()
    path = f"/v1/{WUHAN}/referrals/{uuid4()}"
    asked = [asyncio.create_task(gate.client.get(path, headers=court)) for _ in range(16)]
    await eventually(lambda: len(casework.asked) == 10)
    await eventually(lambda: sum(one.done() for one in asked) == 6)
    casework.wait.set()

    answers = sorted(
        [one.status_code, "retry-after" in one.headers] for one in await asyncio.gather(*asked)
    )

    assert answers == [[200, False]] * 10 + [[429, True]] * 6


async def eventually(holds):
    async with asyncio.timeout(10):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)
