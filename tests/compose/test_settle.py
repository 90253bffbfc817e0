"""What runs after the parts: it waits for them, proves who it is, and changes no city that is served."""

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs

import httpx
import pytest

from chassis.problems import Problem
from chassis.tokens import Unacceptable
from deploy.bootstrap import shipped
from deploy.compose import probe, settle
from deploy.compose.keyed import KeyCaller
from deploy.embedded.ports import free_ports
from deploy.trouble import Trouble
from gateway import decide
from gateway.models import Client, NewClient
from tests.conftest import NOW

ISSUER = "https://api.example.org"
WUHAN = "420100"


def door(answer):
    return httpx.AsyncClient(base_url=ISSUER, transport=httpx.MockTransport(answer))


def client(key) -> Client:
    public = {name: key[name] for name in ("kty", "crv", "x", "kid")}
    ask = NewClient.model_validate(
        {"name": "court-1", "kind": "court", "role": "city_bureau", "keys": [public]}
    )
    return decide.new_client(WUHAN, ask, NOW)


async def test_a_client_with_a_key_proves_itself_as_the_gateway_asks():
    key, forms = settle.new_key(), []

    def answer(request):
        forms.append({name: one[0] for name, one in parse_qs(request.content.decode()).items()})
        return httpx.Response(200, json={"access_token": "x"})

    async with door(answer) as http:
        assert await KeyCaller(http, f"{WUHAN}.court-1", key=key, issuer=ISSUER).token() == "x"
        await KeyCaller(http, f"{WUHAN}.court-1", key=key, issuer=ISSUER).token()

    assert forms[0]["client_assertion_type"] == decide.ASSERTION
    first, second = (
        decide.proven(client(key), form["client_assertion"], ISSUER, time.time())[0]
        for form in forms
    )
    assert first != second
    with pytest.raises(Unacceptable):
        decide.proven(client(settle.new_key()), forms[0]["client_assertion"], ISSUER, time.time())
    with pytest.raises(Unacceptable):
        decide.proven(client(key), forms[0]["client_assertion"], "https://other", time.time())


def test_what_is_registered_of_a_key_is_its_public_half():
    key = settle.new_key()

    assert "d" in key
    assert "d" not in client(key).keys[0]
    with pytest.raises(Problem):
        decide.with_keys(client(key), [key])


async def test_it_waits_until_registry_answers_through_the_gateway(monkeypatch):
    monkeypatch.setattr(settle, "PAUSE", 0.01)
    answers = iter([httpx.ConnectError("not yet"), 503, 503])

    def answer(_request):
        said = next(answers, None)
        if isinstance(said, Exception):
            raise said
        city = {"code": WUHAN, "pack": {"version": "v1"}}
        return httpx.Response(said) if said else httpx.Response(200, json={"items": [city]})

    async with door(answer) as http:
        assert await settle.served(http) == {WUHAN: "v1"}


async def test_it_says_who_does_not_answer(monkeypatch):
    monkeypatch.setattr(settle, "PAUSE", 0.01)
    monkeypatch.setattr(settle, "WITHIN", 0.05)

    async with door(lambda _request: httpx.Response(503)) as http:
        with pytest.raises(Trouble, match="does not answer for registry"):
            await settle.served(http)


async def test_a_city_that_is_served_is_left_as_it_is(monkeypatch, capsys):
    async def all_served(_http):
        return dict.fromkeys(shipped(), "another")

    async def never(*_):
        raise AssertionError("nothing is to be done")

    monkeypatch.setattr(settle, "served", all_served)
    monkeypatch.setattr(settle, "operators", never)
    monkeypatch.setattr(settle, "import_divisions", never)

    await settle.settle([])

    assert f"{WUHAN}: another" in capsys.readouterr().out


async def test_a_city_nobody_ships_a_pack_for_is_refused():
    with pytest.raises(Trouble, match="no pack is shipped"):
        await settle.settle(["999999"])


def test_a_probe_believes_200_only():
    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/good" else 503)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]

        assert probe.answers(port, "/good")
        assert not probe.answers(port, "/bad")
        server.shutdown()
    [nobody] = free_ports(1)
    assert not probe.answers(nobody, "/good")
