"""What-if: the same facts under five cities' documents, other values, another text; nothing written."""

import json
import threading

import pytest

from chassis.packs import packs_in
from services.evaluation.app import service
from services.evaluation.routes import compliance
from tests import told
from tests.conftest import who
from tests.evaluation.test_compliance import staffed
from tests.http import actor, client

CITIES = [code for code in packs_in(told.POLICIES) if code.isdecimal()]
STATION = {
    "name": "一元街道社工站",
    "tier": "township",
    "mode": "procured",
    "workers": [
        {"full_time": True, "on_station": True, "dispatched": True, "cert": "assistant"},
        {"full_time": True, "on_station": True, "dispatched": True, "cert": "social_worker"},
        {"full_time": True, "on_station": True, "dispatched": True, "cert": "none"},
    ],
    "office_m2": 25.0,
    "rooms": ["case", "group"],
}
TABLES = ("fact", "related", "event_log", "outbox", "receipt", "audit", "pack_kept")


async def suppose(heard, city, **ask):
    async with client(service, heard.database, actor("city_bureau", city)) as http:
        # No Idempotency-Key: what writes nothing needs none.
        return await http.request("POST", f"/v1/{city}/what-if", json=ask)


def supposed(**facts):
    return {"kind": "station", "facts": STATION | facts}


async def counted(database, city):
    async with database.begin(who(city)) as tx:
        return [(await tx.fetch(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES]


async def test_another_text_is_compiled_beside_the_loop(heard, monkeypatch):
    other_pack, on_the_loop = compliance.suppose.other_pack, []

    def noted(*asked):
        on_the_loop.append(threading.current_thread() is threading.main_thread())
        return other_pack(*asked)

    monkeypatch.setattr(compliance.suppose, "other_pack", noted)
    text = told.pack("420100").text
    answer = await suppose(heard, "420100", subject=supposed(), pack=text)

    assert answer.status_code == 200, answer.text
    assert on_the_loop == [False]


async def test_every_city_says_something_else_of_one_station(heard):
    said = {}
    for city in CITIES:
        await heard.hear(told.pack(city), told.some_id(), city)
        answer = await suppose(heard, city, subject=supposed(), as_of="2024-06-30")
        assert answer.status_code == 200, answer.text
        sheet = answer.json()
        assert sheet["subject"] == {"kind": "station", "id": None}
        assert sheet["verdicts"]
        assert all(line["cite"]["clause"] and line["say"] for line in sheet["verdicts"])
        said[city] = [(line["say"], line["verdict"]) for line in sheet["verdicts"]]

    assert len(said) == 5
    assert len({json.dumps(lines) for lines in said.values()}) == 5


async def test_it_writes_nothing(wuhan):
    station = await staffed(wuhan)
    before = await counted(wuhan.database, "420100")

    real = await suppose(wuhan, "420100", subject=f"station:{station}")
    other = await suppose(wuhan, "420100", subject=supposed())

    assert (real.status_code, other.status_code) == (200, 200)
    assert await counted(wuhan.database, "420100") == before


async def test_other_values_change_the_verdict_and_only_here(wuhan):
    station = await staffed(wuhan)
    more = {"full_time_min": {"central": 4, "new": 4}}

    answer = await suppose(wuhan, "420100", subject=f"station:{station}", parameters=more)

    line = next(v for v in answer.json()["verdicts"] if v["rule"] == "full-time")
    assert line["verdict"] == "broken"
    again = await wuhan.verdicts(f"station:{station}")
    assert again["full-time"]["verdict"] == "met"


async def test_another_text_is_judged_with_and_not_kept(wuhan):
    _, text = told.shipped("420100")
    other = text.replace("value: {central: 3, new: 2}", "value: {central: 4, new: 4}")
    assert other != text
    station = await staffed(wuhan)

    answer = await suppose(wuhan, "420100", subject=f"station:{station}", pack=other)

    sheet = answer.json()
    line = next(v for v in sheet["verdicts"] if v["rule"] == "full-time")
    assert line["verdict"] == "broken"
    assert sheet["pack"]["version"] != told.shipped("420100")[0]


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"wrokers": []}, "/subject/facts/wrokers"),
        ({"office_m2": "large"}, "/subject/facts/office_m2"),
        ({"workers": [{"cert": "doctorate"}]}, "/subject/facts/workers/0/cert"),
    ],
)
async def test_facts_that_fit_no_sheet_are_named_by_place_not_by_value(wuhan, facts, place):
    answer = await suppose(wuhan, "420100", subject=supposed(**facts))

    assert answer.status_code == 422
    assert [e["at"] for e in answer.json()["errors"]] == [place]
    assert "doctorate" not in answer.text


@pytest.mark.parametrize(
    ("ask", "place"),
    [
        ({"parameters": {"nosuch": 1}}, "/parameters/nosuch"),
        ({"parameters": {"coverage_min": "much"}}, "/parameters/coverage_min"),
        ({"pack": "no text"}, "/pack"),
        ({"pack": told.shipped("330100")[1]}, "/pack"),
        ({"subject": {"kind": "tree", "facts": {}}}, "/subject/kind"),
    ],
)
async def test_what_cannot_be_supposed_is_named(wuhan, ask, place):
    answer = await suppose(wuhan, "420100", **{"subject": supposed()} | ask)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["at"] == place


async def test_a_station_out_of_reach_cannot_be_supposed_about(wuhan):
    station = await staffed(wuhan)
    other = actor("district_bureau", division="420103")

    async with client(service, wuhan.database, other) as http:
        answer = await http.post("/v1/420100/what-if", json={"subject": f"station:{station}"})

    assert answer.status_code == 404


async def test_an_unknown_fact_is_undecided_here_too(wuhan):
    answer = await suppose(wuhan, "420100", subject={"kind": "station", "facts": {}})

    words = {line["verdict"] for line in answer.json()["verdicts"]}
    assert "met" not in words
    assert "undecided" in words
