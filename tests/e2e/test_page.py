"""What a newcomer sees first: a page, the cities, a reference, and accounts to try it with."""

import asyncio

import pytest

from chassis.config import PARTS
from tests.e2e.sent import CHANGJI, HANGZHOU, HEFEI, LIUZHOU, WUHAN


async def test_the_page_says_in_chinese_and_english_what_runs_and_how_healthy_it_is(guest):
    page = (await guest.http.get("/")).text

    assert page.count("正常 · ready") == len(PARTS)
    for said in ("社工站", "stations, workers, agencies, policies", "转介与个案", "the one door"):
        assert said in page
    for link in ("/docs", "/openapi.json", "/v1/cities"):
        assert f'href="{link}"' in page
        assert (await guest.http.get(link)).status_code == 200


async def test_five_jurisdictions_are_shown_with_the_pack_in_force(guest):
    shown = (await guest.http.get("/v1/cities")).json()["items"]
    by_code = {city["code"]: city for city in shown}

    assert by_code.keys() == {WUHAN, HANGZHOU, LIUZHOU, HEFEI, CHANGJI}
    for code, city in by_code.items():
        assert city["pack"]["id"] == code
        assert city["pack"]["version"]
        assert city["pack"]["in_force"] < "2023"
        assert city["name"]["zh"]
        assert city["name"]["en"].isascii()
        assert all(each["count"] > 0 for each in city["townships"])
    # 120 in Liuzhou's own document, 118 in the registers: both are told, with their source.
    assert {each["source"] for each in by_code[LIUZHOU]["townships"]} == {"stated", "mca", "nbs"}


async def test_every_part_has_heard_the_same_packs(house, guest):
    shown = (await guest.http.get("/v1/cities")).json()["items"]
    active = {city["code"]: city["pack"]["version"] for city in shown}

    for part in ("casework", "procurement", "evaluation"):
        ready = (await guest.http.get(f"{house.part(part)}/health/ready")).json()
        assert ready["missing"] == []
        assert ready["packs"] == active


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_answers_for_its_health_and_counts(house, guest, part):
    for path in ("/health/live", "/health/ready"):
        assert (await guest.http.get(house.part(part) + path)).status_code == 200
    metrics = (await guest.http.get(house.part(part) + "/metrics")).text
    assert "# TYPE" in metrics


async def test_demo_json_names_clients_that_can_all_get_a_token(house, guest):
    demo = house.demo
    assert demo.keys() == {"base_url", "clients"}
    assert demo["base_url"] == house.url
    kinds = {"court", "womens_federation", "disabled_federation", "worker", "station_head"}
    kinds |= {"city_bureau", "agency", "auditor", "supervisor"}
    for city in (WUHAN, HANGZHOU, LIUZHOU, HEFEI, CHANGJI):
        assert {c["kind"] for c in demo["clients"] if c["city"] == city} == kinds
    needs = {"worker": ("station_id", "worker_id"), "station_head": ("station_id",)}
    needs |= {"agency": ("agency_id",), "supervisor": ("worker_id",)}
    for client in demo["clients"]:
        wanted = {"client_id", "client_secret", "city", "kind", "role", "scopes", "division"}
        more = ("partner_id",) if client["role"] == "partner" else needs.get(client["kind"], ())
        assert client.keys() == wanted.union(more)
    assert (house.data / "demo.json").stat().st_mode & 0o077 == 0

    callers = [guest.of(*c["client_id"].split(".")) for c in demo["clients"]]
    assert all(await asyncio.gather(*(caller.token() for caller in callers)))
