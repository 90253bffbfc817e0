"""Attestations: typed by the city's pack, stated by who answers for it, and what rules read of it."""

from datetime import date

import pytest

from chassis.tables import EventLog
from contracts.registry import PackActivated
from services.evaluation.app import service
from tests import told
from tests.conftest import NOW, who
from tests.evaluation.test_compliance import staffed
from tests.evaluation.test_verdicts import words
from tests.http import actor, client

URL = "/v1/420100/attestations"


@pytest.fixture
async def asking(heard):
    pack = told.pack("420100")
    text = told.asking(pack.text)
    await heard.hear(
        PackActivated(version="asking", in_force=date(2025, 1, 1), text=text), told.some_id()
    )
    return heard


async def post(city, reader, body, url=URL, **headers):
    async with client(service, city.database, reader) as http:
        return await http.post(url, json=body, headers=headers)


def said(station, value=True, **more):
    wish = {
        "subject": f"station:{station}",
        "name": "party_led",
        "value": value,
        "holds_from": "2026-06-01",
        "proof": "会议纪要3号",
    }
    return wish | more


async def state(city, *args, **more):
    answer = await post(city, actor("city_bureau"), said(*args, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_what_nobody_stated_is_undecided_and_what_was_stated_is_judged(asking):
    station = await staffed(asking)
    await asking.judge()
    assert (await words(asking, "station", station))["party-led"] == "undecided"

    made = await state(asking, station)
    await asking.judge()

    assert (await words(asking, "station", station))["party-led"] == "met"
    answer = await asking.ask(actor("city_bureau"), "compliance", subject=f"station:{station}")
    line = next(v for v in answer.json()["verdicts"] if v["rule"] == "party-led")
    assert line["facts"] == {"stated.party_led": True}
    [source] = [s for s in answer.json()["sources"] if s["aggregate"].startswith("attestation")]
    assert source["type"] == "evaluation.attestation.stated.v1"
    assert source["aggregate"] == f"attestation/{made['id']}"
    assert source["event"]


async def test_it_holds_from_its_day_and_was_known_from_when_it_was_said(asking):
    station = await staffed(asking)
    await state(asking, station)
    now = NOW.isoformat()

    async def word(day, known_at=now):
        asked = {"as_of": day, "known_at": known_at}
        return (await asking.verdicts(f"station:{station}", **asked))["party-led"]["verdict"]

    assert [await word(day) for day in ("2026-05-31", "2026-06-01")] == ["undecided", "met"]
    assert await word("2026-06-01", "2026-11-10T00:00:00Z") == "undecided"


async def test_a_later_word_replaces_and_one_taken_back_uncovers_what_was_before(asking):
    station = await staffed(asking)
    await state(asking, station, value=True)
    no = await state(asking, station, value=False, holds_from="2026-10-01")
    verdict = (await asking.verdicts(f"station:{station}"))["party-led"]["verdict"]

    back = await post(asking, actor("city_bureau"), None, f"{URL}/{no['id']}/revoke")
    await asking.judge()

    assert verdict == "broken"
    assert back.status_code == 200, back.text
    assert (await words(asking, "station", station))["party-led"] == "met"
    again = await post(asking, actor("city_bureau"), None, f"{URL}/{no['id']}/revoke")
    assert again.json()["type"] == "/problems/wrong-status"


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"name": "no_such_fact"}, "/name"),
        ({"name": "cut_ties"}, "/name"),
        ({"value": "yes"}, "/value"),
        ({"value": None}, "/value"),
        ({"name": "rent_class", "value": "palace"}, "/value"),
        ({"holds_from": "2026-11-21"}, "/holds_from"),
        ({"subject": "station:01980c3e-7a10-7000-8000-000000000001"}, "/subject"),
    ],
)
async def test_what_fits_no_question_is_named(asking, more, place):
    station = await staffed(asking)

    answer = await post(asking, actor("city_bureau"), said(station, **more))

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["at"] == place
    assert "palace" not in answer.text


async def test_a_free_text_stays_here_and_is_in_no_event(asking):
    station = await staffed(asking)
    made = await state(asking, station, name="remark", value="甲乙丙")

    async with asking.database.begin(who()) as tx:
        [event] = await tx.find(EventLog)

    for word in ("甲乙丙", "会议纪要"):
        assert word.encode() not in bytes(event.body)
        assert word not in str(made)
    shown = (await asking.ask(actor("city_bureau"), f"attestations/{made['id']}")).json()
    assert (shown["value"], shown["proof"]) == ("甲乙丙", "会议纪要3号")


async def test_a_head_answers_for_the_own_station_and_a_bureau_for_its_area(asking):
    here, there = await staffed(asking), await staffed(asking, division="420103001")
    callers = [
        (actor("station_head", station_id=here), here, 201),
        (actor("station_head", station_id=there), here, 422),
        (actor("district_bureau", division="420102"), here, 201),
        (actor("district_bureau", division="420103"), here, 422),
        (actor("worker", station_id=here), here, 403),
        (actor("auditor"), here, 403),
    ]
    for caller, station, status in callers:
        answer = await post(asking, caller, said(station))
        assert answer.status_code == status, (caller.role, answer.text)
    mine = (await asking.ask(actor("worker", station_id=here), "attestations")).json()["items"]
    theirs = (await asking.ask(actor("worker", station_id=there), "attestations")).json()["items"]
    assert (len(mine), len(theirs)) == (2, 0)


async def test_the_form_shows_what_the_city_asks_and_what_is_stated(asking):
    station = await staffed(asking)
    await state(asking, station, value=False)

    form = await asking.ask(
        actor("station_head", station_id=station), "attestations/form", subject=f"station:{station}"
    )

    asked = {each["name"]: each for each in form.json()["items"]}
    assert asked.keys() >= {"party_led", "rent_class", "remark"}
    assert "cut_ties" not in asked
    assert asked["party_led"]["ask"]["en"] == "Is it led by a party organisation?"
    assert asked["party_led"]["stated"]["value"] is False
    assert "township" in asked["rent_class"]["words"]
    assert asked["remark"]["stated"] is None
