"""Request lines and headers made to be read twice, or never to end: refused before anybody acts."""

import asyncio
import time

import pytest

from chassis.config import PARTS
from chassis.listener import HEAD_SECONDS
from gateway.door import BODY_SECONDS
from tests.attack.target import CITY, OTHER, PATHS, QUICK, is_problem

STATIONS = f"/v1/{CITY}/stations"
SMUGGLED = f"GET /v1/{CITY}/workers HTTP/1.1\r\nhost: x\r\n\r\n"
JSON = "content-type: application/json\r\nidempotency-key: k\r\n"


def written(
    token,
    method="POST",
    path=STATIONS,
    extra="",
    body="",
    *,
    version="1.1",
    host="host: x\r\n",
    who=None,
    close="connection: close\r\n",
):
    """Write a request, byte by byte."""
    said = f"authorization: Bearer {token}\r\n" if who is None else who
    head = f"{method} {path} HTTP/{version}\r\n{host}{close}{said}{extra}\r\n"
    return (head + body).encode("latin-1")


CHUNKED = "2\r\n{}\r\n0\r\n\r\n"
FRAMING = {
    "a length and chunks": ("content-length: 4\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
    "chunks and a length": ("transfer-encoding: chunked\r\ncontent-length: 4\r\n", "0\r\n\r\n"),
    "two lengths": ("content-length: 2\r\ncontent-length: 5\r\n", "{}"),
    "one length twice": ("content-length: 2\r\ncontent-length: 2\r\n", "{}"),
    "a list of lengths": ("content-length: 2, 2\r\n", "{}"),
    "a length with a sign": ("content-length: +2\r\n", "{}"),
    "a length below nothing": ("content-length: -2\r\n", "{}"),
    "a length in hex": ("content-length: 0x2\r\n", "{}"),
    "a length beyond numbers": ("content-length: 99999999999999999999999999\r\n", "{}"),
    "a length with a space before its colon": ("content-length : 2\r\n", "{}"),
    "chunks with a space before the colon": ("transfer-encoding : chunked\r\n", CHUNKED),
    "an unknown coding": ("transfer-encoding: xchunked\r\n", CHUNKED),
    "no coding": ("transfer-encoding: identity\r\n", "{}"),
    "chunks twice": ("transfer-encoding: chunked, chunked\r\n", CHUNKED),
    "chunks, then none": ("transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n", CHUNKED),
    "chunks behind a tab": ("transfer-encoding: \x0bchunked\r\n", CHUNKED),
    "a chunk of no size": ("transfer-encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk below nothing": ("transfer-encoding: chunked\r\n", "-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk beyond numbers": ("transfer-encoding: chunked\r\n", "f" * 17 + "\r\n{}\r\n0\r\n\r\n"),
    "a fold": ("x-a: b\r\n content-length: 2\r\n", "{}"),
    "a zero byte": ("x-a: b\0c\r\n", ""),
    "a bare return": ("x-a: b\rx-user: root\r\n", ""),
    "a bare line feed": ("x-a: b\nx-user: root\r\n", ""),
    "no colon": ("x-user root\r\n", ""),
    "no name": (": root\r\n", ""),
    "a name in brackets": ("x(user): root\r\n", ""),
    "a name of other letters": ("x\xe9: root\r\n", ""),
}


@pytest.mark.parametrize("part", ["gateway", "registry"])
@pytest.mark.parametrize("name", FRAMING)
async def test_a_request_that_can_be_read_in_two_ways_is_read_in_none(target, name, part):
    extra, body = FRAMING[name]
    token = target.tokens["city_bureau"] if part == "gateway" else target.internal(part)
    before = await target.rows_of("registry")

    answers = await target.raw(written(token, extra=JSON + extra, body=body + SMUGGLED), part)

    # Nothing behind the first is answered: the line is closed.
    assert [(a.status, a.slug) for a in answers] == [(400, "malformed")]
    assert b"application/problem+json" in answers[0].head
    assert await target.rows_of("registry") == before


LINES = {
    "a method nobody knows": {"method": "FOOBAR"},
    "a method in small letters": {"method": "get"},
    "a tunnel": {"method": "CONNECT", "path": "evil.test:80"},
    "a version of later": {"version": "9.9"},
    "another protocol": {"method": "PRI", "path": "*", "version": "2.0"},
    "a space in the path": {"path": f"{STATIONS} x"},
    "a zero byte in the path": {"path": f"{STATIONS}\0"},
    "other letters in the path": {"path": f"{STATIONS}/\xe6\xad\xa6"},
    "a long path": {"path": STATIONS + "/" + "a" * 70_000},
    "an endless path": {"path": STATIONS + "/" + "a" * 900_000},
    "an endless query": {"path": STATIONS + "?name=" + "a" * 900_000},
    "a long header": {"extra": "x-a: " + "a" * 40_000 + "\r\n"},
    "an endless header": {"extra": "x-a: " + "a" * 3_000_000 + "\r\n"},
    "an endless name": {"extra": "a" * 3_000_000 + ": x\r\n"},
    "an endless token": {"who": f"authorization: Bearer {'a' * 60_000}\r\n"},
    "a thousand headers": {"extra": "".join(f"x-{n}: a\r\n" for n in range(1_000))},
    "a thousand cookies": {"extra": "cookie: a=b\r\n" * 1_000},
    "a folded token": {"who": "authorization: Bearer\r\n x\r\n"},
}


@pytest.mark.parametrize("part", ["gateway", "casework"])
@pytest.mark.parametrize("name", LINES)
async def test_a_head_that_is_none_or_too_long_is_refused_at_once(target, name, part):
    started = time.monotonic()

    answers = await target.raw(written("x", **{"method": "GET"} | LINES[name]), part)

    assert time.monotonic() - started < QUICK
    # A head that is cut off while it is still being sent may lose the answer with the line.
    assert [(a.status, a.slug) for a in answers] in ([(400, "malformed")], [])


@pytest.mark.parametrize("what", ["head", "drops", "nothing"])
async def test_a_head_that_never_ends_is_given_up(target, what):
    borne = await asyncio.gather(*target.endless[what])

    assert [answers for answers, _ in borne] == [[]] * len(PARTS)
    for _, seconds in borne:
        assert HEAD_SECONDS - 1 < seconds < HEAD_SECONDS + QUICK


async def test_many_that_say_nothing_keep_nobody_out(target):
    idle = await asyncio.gather(*(target.opened("gateway") for _ in range(200)))
    try:
        for _, writer in idle:
            writer.write(f"GET {STATIONS} HT".encode())
            await writer.drain()

        answer = await target.ask("auditor", "GET", f"{STATIONS}?limit=1")

        assert answer.status_code == 200
        assert not any(reader.at_eof() for reader, _ in idle)
    finally:
        for _, writer in idle:
            writer.close()


DOUBLED = {
    "authorization": "authorization: Bearer x\r\n",
    "idempotency-key": "idempotency-key: other\r\n",
    "content-type": "content-type: text/plain\r\n",
    "host": "host: evil.test\r\n",
    "if-match": 'if-match: "1"\r\nif-match: "2"\r\n',
    "if-none-match": 'if-none-match: "1"\r\nif-none-match: "2"\r\n',
}


@pytest.mark.parametrize("name", DOUBLED)
async def test_a_header_that_may_come_once_and_comes_twice_is_refused(target, name):
    token = target.tokens["city_bureau"]
    extra = JSON + DOUBLED[name] + "content-length: 2\r\n"

    answers = await target.raw(written(token, extra=extra, body="{}"))

    assert [(a.status, a.slug) for a in answers] == [(400, "malformed")]


CLAIMED = {
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-host": "evil.test",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": f"/v1/{OTHER}",
    "x-forwarded-user": f"{CITY}.city-bureau-1",
    "x-original-url": f"/v1/{OTHER}/stations",
    "x-rewrite-url": f"/v1/{OTHER}/stations",
    "x-http-method-override": "DELETE",
    "x-method-override": "DELETE",
    "x-tenant-id": OTHER,
    "x-city": OTHER,
    "x-user": "root",
    "x-role": "platform_admin",
    "x-internal-token": "{internal}",
    "x-authorization": "Bearer {internal}",
    "proxy-authorization": "Bearer {internal}",
    "cookie": "authorization={internal}",
    "forwarded": "for=127.0.0.1;host=evil.test;proto=https",
    "via": "1.1 gateway",
    "x-client-cert": "CN=gateway",
    "x-ssl-client-verify": "SUCCESS",
    "client-cert": ":x:",
    "x-real-ip": "127.0.0.1",
    "connection": "authorization, content-type",
    "upgrade": "websocket",
    "trailer": "authorization",
}


@pytest.mark.parametrize("name", CLAIMED)
async def test_no_header_makes_a_caller_somebody_else(target, name):
    value = CLAIMED[name].format(internal=target.internal("casework", "city_bureau"))

    plain = await target.ask("worker", "GET", "/v1/420100/referrals?limit=3")
    mine = await target.ask("worker", "GET", "/v1/420100/referrals?limit=3", headers={name: value})
    foreign = await target.ask("worker", "GET", f"/v1/{OTHER}/referrals", headers={name: value})
    nobody = await target.http.get("/v1/420100/referrals", headers={name: value})

    assert (mine.status_code, mine.content) == (plain.status_code, plain.content)
    assert (foreign.status_code, nobody.status_code) == (403, 401)


@pytest.mark.parametrize("part", ["registry", "casework", "procurement", "evaluation"])
@pytest.mark.parametrize("name", ["x-user", "x-city", "x-role", "x-internal-token", "forwarded"])
async def test_a_part_believes_no_header_either(target, part, name):
    value = CLAIMED[name].format(internal=target.internal(part))

    answer = await target.http.get(target.where(part) + PATHS[part], headers={name: value})

    assert answer.status_code == 401


async def test_what_follows_a_request_on_its_line_is_its_own_request(target):
    first = written(target.tokens["worker"], "GET", "/v1/420100/stations?limit=1", close="")
    second = written("x", "GET", f"/v1/{OTHER}/stations")

    answers = await target.raw(first + second)

    assert [a.status for a in answers] == [200, 401]


async def test_headers_behind_a_body_say_nothing(target):
    token = target.internal("registry")
    trailers = f"2\r\n{{}}\r\n0\r\nauthorization: Bearer {token}\r\nx-user: root\r\n\r\n"

    answers = await target.raw(
        written("x", extra=JSON + "transfer-encoding: chunked\r\n", body=trailers, who="")
    )

    assert answers[0].status == 401


@pytest.mark.parametrize("version", ['"x"', '""', "\xb2", '"' + "9" * 5_000 + '"', '"-1"', "1,2"])
async def test_a_version_that_is_none_is_refused(target, version):
    found = await target.ask("city_bureau", "GET", f"{STATIONS}?limit=1")
    path = f"{STATIONS}/{found.json()['items'][0]['id']}"
    extra = f"{JSON}if-match: {version}\r\ncontent-length: 2\r\n"

    answers = await target.raw(
        written(target.tokens["city_bureau"], "PATCH", path, extra=extra, body="{}")
    )

    assert [(a.status, a.slug) for a in answers] == [(400, "malformed")]


async def test_any_version_is_none_that_was_seen(target):
    found = await target.ask("city_bureau", "GET", f"{STATIONS}?limit=1")
    path = f"{STATIONS}/{found.json()['items'][0]['id']}"

    answer = await target.ask(
        "city_bureau", "PATCH", path, json={"name": "x"}, headers={"if-match": "*"}
    )

    assert is_problem(answer, 428) == "if-match-missing"


@pytest.mark.parametrize("key", ["\xe9", "a\tb", "k" * 256, "k" * 20_000, " "])
async def test_a_key_that_is_none_is_refused(target, key):
    extra = f"content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: 2\r\n"

    answers = await target.raw(
        written(target.tokens["partner"], path=f"/v1/{CITY}/referrals", extra=extra, body="{}")
    )

    assert answers[0].status in (400, 422)
    assert answers[0].slug in ("malformed", "idempotency-key-missing", "invalid")


async def test_a_body_that_trickles_is_not_waited_for(target):
    [(answers, seconds)] = await asyncio.gather(*target.endless["body"])

    assert [(a.status, a.slug) for a in answers] == [(400, "malformed")]
    assert BODY_SECONDS - 1 < seconds < BODY_SECONDS + QUICK


FORM = "content-type: application/x-www-form-urlencoded\r\n"
GRANT = "grant_type=client_credentials"
GRANTS = {
    "letters that are none": ("authorization: Basic \xe9\xff\r\n", GRANT),
    "no base64": ("authorization: Basic %%%\r\n", GRANT),
    "no colon": ("authorization: Basic eA==\r\n", GRANT),
    "no text": ("authorization: Basic gICA\r\n", GRANT),
    "a zero character": ("", f"{GRANT}&client_id={CITY}.x%00&client_secret=%00"),
    "two ways at once": ("authorization: Basic eDp5\r\n", f"{GRANT}&client_secret=x&client_id=x"),
    "an assertion nested without end": ("", f"{GRANT}&client_assertion=x.{'W1' * 100_000}.x"),
    "ten thousand fields": ("", "&".join(f"f{n}=x" for n in range(10_000))),
    "a field twice": ("", f"{GRANT}&{GRANT}"),
    "other letters": ("", "grant_type=\xe6\xad\xa6"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", GRANTS)
async def test_a_wish_for_a_token_made_to_break_the_reader_is_refused(target, name):
    who, body = GRANTS[name]
    extra = f"{FORM}content-length: {len(body.encode('latin-1'))}\r\n"

    answers = await target.raw(written("", path="/oauth/token", extra=extra, body=body, who=who))

    assert [a.status for a in answers] in ([400], [401])
    assert answers[0].slug in ("malformed", "unauthenticated")
