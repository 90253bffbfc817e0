"""A station in one answer, whole or marked partial, and the pages people read."""

import asyncio
import json
from dataclasses import replace
from datetime import date
from importlib import import_module
from uuid import uuid4

import httpx
import pytest
from openapi_spec_validator import validate

from chassis.service import api
from gateway.app import GATEWAY_SERVICE, create
from gateway.openapi import merge
from gateway.overview import in_force
from gateway.owners import PARTS
from tests.conftest import HANGZHOU, WUHAN
from tests.gateway.conftest import settings

STATION = uuid4()
HOME = f"/v1/{WUHAN}/stations/{STATION}"
PATH = f"{HOME}/overview"
PLACES = {
    "registry": HOME,
    "casework": f"{HOME}/load",
    "procurement": f"/v1/{WUHAN}/contracts",
    "evaluation": f"/v1/{WUHAN}/compliance",
}


@pytest.fixture
def station(gate):
    """Let the four parts know one station."""
    contract = {"id": "c1", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    known = {
        "registry": {"id": str(STATION), "name": "某街道社工站", "version": 3},
        "casework": {"open": 4, "waiting": 1},
        "procurement": {"items": [contract], "next": None},
        "evaluation": {"subject": f"station:{STATION}", "verdicts": []},
    }
    for name, part in gate.parts.items():
        part.status, part.body = 404, b'{"type": "/problems/not-found"}'
        part.headers = [(b"content-type", b"application/json")]
        part.answers = {PLACES[name]: (200, json.dumps(known[name]).encode())}
    return known


async def get(gate, path=f"{PATH}?as_of=2026-06-01", name="bureau-1"):
    return await gate.client.get(path, headers=await gate.bearer(name))


async def test_a_station_is_shown_as_four_parts_know_it(gate, station):
    answer = await get(gate)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "station": station["registry"],
        "load": station["casework"],
        "contract": station["procurement"]["items"][0],
        "verdicts": station["evaluation"],
        "partial": [],
        "withheld": [],
        "as_of": "2026-06-01",
    }
    assert gate.parts["procurement"].last["query"] == f"station_id={STATION}&on=2026-06-01"
    asked = gate.parts["evaluation"].last["query"]
    assert httpx.QueryParams(asked) == httpx.QueryParams(
        {"subject": f"station:{STATION}", "as_of": "2026-06-01"}
    )
    for part in gate.parts.values():
        assert part.caller().subject == f"{WUHAN}.bureau-1"


@pytest.mark.usefixtures("station")
async def test_todays_verdicts_are_read_where_they_are_stored(gate):
    stored = f"/v1/{WUHAN}/verdicts/station:{STATION}"
    gate.parts["evaluation"].answers[stored] = (200, b'{"counts": {"met": 1}}')

    answer = await get(gate, PATH)

    assert answer.json()["verdicts"] == {"counts": {"met": 1}}
    assert gate.parts["evaluation"].last["path"] == stored


@pytest.mark.parametrize("part", ["casework", "procurement", "evaluation"])
@pytest.mark.parametrize("how", ["gone", "broken", "busy", "silent"])
async def test_a_part_that_is_down_is_null_and_named(gate, station, monkeypatch, part, how):
    if how == "gone":
        monkeypatch.setitem(gate.app.parts.urls, part, "http://127.0.0.1:1")
    elif how == "silent":
        monkeypatch.setattr("gateway.parts.GLANCE_SECONDS", 0.2)
        gate.parts[part].wait = asyncio.Event()
    else:
        gate.parts[part].answers[PLACES[part]] = (500 if how == "broken" else 503, b"{}")

    answer = await get(gate)
    if how == "silent":
        gate.parts[part].wait.set()

    assert answer.status_code == 200
    body = answer.json()
    name = {"casework": "load", "procurement": "contract", "evaluation": "verdicts"}[part]
    assert (body[name], body["partial"]) == (None, [part])
    assert body["station"] == station["registry"]


@pytest.mark.usefixtures("station")
async def test_all_three_down_still_shows_the_station(gate, monkeypatch):
    for part in ("casework", "procurement", "evaluation"):
        monkeypatch.setitem(gate.app.parts.urls, part, "http://127.0.0.1:1")

    body = (await get(gate)).json()

    assert body["partial"] == ["casework", "procurement", "evaluation"]
    assert body["station"]["id"] == str(STATION)


@pytest.mark.usefixtures("station")
async def test_without_registry_there_is_no_station_to_show(gate, monkeypatch):
    monkeypatch.setitem(gate.app.parts.urls, "registry", "http://127.0.0.1:1")

    answer = await get(gate)

    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/dependency-down"
    assert answer.headers["retry-after"] == "1"


@pytest.mark.usefixtures("station")
async def test_a_part_that_may_not_tell_is_withheld_and_not_called_down(gate):
    gate.parts["evaluation"].answers[PLACES["evaluation"]] = (403, b"{}")
    gate.parts["casework"].answers = {}

    body = (await get(gate, name="worker-1")).json()

    assert (body["verdicts"], body["load"]) == (None, None)
    assert (body["withheld"], body["partial"]) == (["evaluation"], [])


@pytest.mark.usefixtures("station")
async def test_an_absent_station_is_the_registrys_own_404(gate):
    gate.parts["registry"].answers = {}

    answer = await get(gate)

    assert (answer.status_code, answer.content) == (404, gate.parts["registry"].body)


@pytest.mark.usefixtures("station")
async def test_what_is_no_station_id_is_not_found(gate):
    answer = await get(gate, f"/v1/{WUHAN}/stations/everything/overview")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.usefixtures("station")
async def test_who_may_not_read_the_registry_sees_no_overview(gate):
    assert (await get(gate, name="court-1")).status_code == 403
    assert (await get(gate, f"/v1/{HANGZHOU}/stations/{STATION}/overview")).status_code == 403
    assert gate.parts["registry"].asked == []


@pytest.mark.usefixtures("station")
async def test_an_unknown_parameter_or_a_wrong_date_is_refused(gate):
    unknown = await get(gate, f"{PATH}?when=2026-01-01")
    wrong = await get(gate, f"{PATH}?as_of=yesterday")

    assert (unknown.status_code, unknown.json()["type"]) == (400, "/problems/unknown-parameter")
    assert (wrong.status_code, wrong.json()["errors"][0]["at"]) == (422, "?/as_of")


def test_of_several_contracts_the_one_in_force_that_day_is_shown():
    def contract(starts, ends, ended=None):
        return {"starts_on": starts, "ends_on": ends, "ended_on": ended}

    day = date(2026, 6, 1)
    past, held = contract("2024-01-01", "2025-12-31"), contract("2026-01-01", "2026-06-01")
    broken = contract("2026-02-01", "2027-01-01", ended="2026-05-31")

    assert in_force([past, held, broken], day) == held
    assert in_force([past, broken], day) is None


async def test_the_page_says_in_two_languages_what_runs_and_how_well(gate, monkeypatch):
    ready = json.dumps({"status": "ready", "missing": []}).encode()
    lacking = json.dumps({"status": "not ready", "missing": ["policy"]}).encode()
    for name, part in gate.parts.items():
        part.answers = {"/health/ready": (200, ready)}
        if name == "evaluation":
            part.answers = {"/health/ready": (503, lacking)}
    monkeypatch.setitem(gate.app.parts.urls, "casework", "http://127.0.0.1:1")

    page = await gate.client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for said in (
        "社工站",
        "Social work",
        "未就绪 · not ready policy",
        "无响应 · no answer",
        "/docs",
    ):
        assert said in page.text
    assert page.text.count('class="ready"') == 3
    assert "http" not in page.text.replace("httpx", "")  # nothing from elsewhere: works offline


async def test_the_gateway_is_ready_by_itself_whatever_the_parts_do(gate, monkeypatch):
    monkeypatch.setitem(gate.app.parts.urls, "casework", "http://127.0.0.1:1")

    ready = await gate.client.get("/health/ready")
    live = await gate.client.get("/health/live")
    metrics = await gate.client.get("/metrics")

    assert (ready.status_code, ready.json()["missing"]) == (200, [])
    assert live.json() == {"status": "live"}
    assert "request_seconds" in metrics.text


async def test_beside_callers_from_elsewhere_no_metrics_are_shown(gate, monkeypatch):
    monkeypatch.setattr(gate.app, "tells", False)

    answer = await gate.client.get("/metrics")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_only_on_a_machines_own_address_the_gateway_tells_beside_callers(keys, tmp_path):
    def tells(listen):
        with pytest.MonkeyPatch.context() as env:
            env.setenv("SHEGONG_SIGNING_KEYS", str(keys / "signing.json"))
            for part in PARTS:
                env.setenv(f"SHEGONG_URL_{part.upper()}", "http://127.0.0.1:1")
            return create(replace(settings("", keys, tmp_path), listen=listen), "api").tells

    assert tells("127.0.0.1:8080")
    assert not tells("0.0.0.0:8080")
    assert not tells("gateway:8080")


DESCRIBED = {
    "paths": {
        "/v1/{city}/stations": {
            "get": {
                "tags": ["stations"],
                "summary": "List <stations>",
                "parameters": [{"name": "after", "in": "query", "description": "cursor"}],
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/View"}}
                        },
                    }
                },
            }
        }
    },
    "components": {"schemas": {"View": {"type": "object", "title": "View"}}},
}


async def test_the_api_is_described_and_readable_without_a_network(gate, monkeypatch, tmp_path):
    monkeypatch.setattr("gateway.openapi.GENERATED", tmp_path / "none.json")
    empty = json.dumps({"paths": {}, "components": {}}).encode()
    for name, part in gate.parts.items():
        body = json.dumps(DESCRIBED).encode() if name == "registry" else empty
        part.answers = {"/openapi.json": (200, body)}

    described = (await gate.client.get("/openapi.json")).json()
    page = (await gate.client.get("/docs")).text

    assert described["openapi"] == "3.1.0"
    assert {"/v1/{city}/stations", "/oauth/token", "/v1/{city}/api-clients"} <= described[
        "paths"
    ].keys()
    assert "/v1/{city}/stations/{station_id}/overview" in described["paths"]
    assert "List &lt;stations&gt;" in page
    assert "<script" not in page
    assert "src=" not in page


async def test_the_generated_description_is_served_as_it_is(gate, monkeypatch, tmp_path):
    kept = tmp_path / "openapi.json"
    kept.write_bytes(b'{"openapi": "3.1.0", "paths": {}}')
    monkeypatch.setattr("gateway.openapi.GENERATED", kept)

    assert (await gate.client.get("/openapi.json")).content == kept.read_bytes()


def test_the_merged_description_is_valid_openapi():
    described = {
        part: api(import_module(f"services.{part}.app").service).openapi() for part in PARTS
    }

    merged = merge(described | {"gateway": api(GATEWAY_SERVICE).openapi()})

    validate(merged)
    names = [o["operationId"] for item in merged["paths"].values() for o in item.values()]
    assert len(names) == len(set(names))
    station = merged["paths"]["/v1/{city}/stations"]["post"]
    assert {"city", "Idempotency-Key"} <= {one["name"] for one in station["parameters"]}
    assert "default" in station["responses"]


def test_two_schemas_of_one_name_are_told_apart_and_one_path_twice_is_a_mistake():
    other = json.loads(json.dumps(DESCRIBED).replace("/stations", "/workers"))
    other["components"]["schemas"]["View"]["title"] = "Another"

    merged = merge({"registry": DESCRIBED, "casework": other})

    schemas = merged["components"]["schemas"]
    assert (schemas["View"]["title"], schemas["casework.View"]["title"]) == ("View", "Another")
    reference = json.dumps(merged["paths"]["/v1/{city}/workers"])
    assert "#/components/schemas/casework.View" in reference
    with pytest.raises(ValueError, match="both answer"):
        merge({"registry": DESCRIBED, "casework": DESCRIBED})
