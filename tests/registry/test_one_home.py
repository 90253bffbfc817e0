"""A fact of a station has one home: whoever tells it, its profile, its facts and its event say the same."""

import pytest

from contracts.profile import SAYS, facts_of
from services.registry.facts import StationFacts
from services.registry.sheets import exporting
from services.registry.sheets.kinds import KINDS
from tests.conftest import WUHAN, who
from tests.registry.conftest import a_station, added
from tests.registry.test_bodies import last
from tests.registry.test_profile import DAY, FACTS, PROFILE
from tests.registry.test_sheets import sheet, taken, words

__all__ = ["words"]
STATIONS = f"/v1/{WUHAN}/stations"


@pytest.fixture
async def told(wuhan, bureau):
    """Return a way to change a station with a whole profile, and to see what it then says."""
    made = await added(bureau, "stations", a_station(profile=PROFILE, effective_on="2026-06-30"))
    version = 1

    async def change(**more):
        nonlocal version
        body = {"effective_on": "2026-06-30"} | more
        answer = await bureau.patch(
            f"{STATIONS}/{made}", json=body, headers={"if-match": f'"{version}"'}
        )
        if answer.status_code != 200:
            return [(each["at"], each["code"]) for each in answer.json()["errors"]]
        version += 1
        _, event = await last(wuhan, "station")
        assert event["facts"] == answer.json()["facts"]
        return answer.json()

    return change


def test_parts_say_the_facts_that_are_theirs_and_no_others():
    whole = PROFILE | {"plans": PROFILE["plans"] | {"group_work": False}}
    for part, said in whole.items():
        assert {*facts_of({}, {part: said}, DAY)} == {*SAYS[part]}, part
    assert {fact for facts in SAYS.values() for fact in facts} <= {*StationFacts.model_fields}


async def test_a_fact_given_of_a_part_that_is_told_is_written_into_it(told):
    said = await told(facts={"office_m2": 99, "rooms": ["case", "archive"], "workflow": False})

    assert said["profile"]["premises"] == PROFILE["premises"] | {"office_m2": 99}
    kept = [{"kind": "case"}, {"kind": "case"}, {"kind": "archive"}]
    assert said["profile"]["rooms"] == kept
    assert said["profile"]["organisation"]["steps"] == ["接案", "预估"]
    given = {"office_m2": 99, "rooms": ["case", "archive"], "workflow": False}
    assert said["facts"] == FACTS | given


async def test_signs_assets_and_written_rules_keep_what_a_fact_does_not_say(told):
    said = await told(
        facts={
            "plaque": "新站牌",
            "logos": [],
            "sign_index": False,
            "systems": ["posts"],
            "assets": [*FACTS["assets"], {"item": "computer", "provider": "township"}],
        },
        effective_on="2026-11-01",
    )

    assert said["profile"]["signs"] == [PROFILE["signs"][0] | {"text": "新站牌"}]
    assert said["profile"]["assets"][0] == PROFILE["assets"][0]
    finance, volunteers = PROFILE["systems"][1:]
    archives = PROFILE["systems"][0] | {"ended_on": "2026-10-31"}
    assert finance in said["profile"]["systems"]
    assert archives in said["profile"]["systems"]
    assert volunteers | {"ended_on": "2026-10-31"} in said["profile"]["systems"]
    assert said["facts"]["systems"] == ["posts"]


async def test_what_a_part_says_and_no_fact_can_write_is_refused_at_its_place(told):
    refused = await told(facts={"brand_projects": 3, "demo": False, "volunteers": True})

    assert sorted(refused) == [
        ("/facts/brand_projects", "said-by-part"),
        ("/facts/demo", "said-by-part"),
    ]
    assert await told(forget=["head"]) == [("/forget/0", "said-by-part")]
    assert (await told(facts={"brand_projects": 1}))["facts"]["brand_projects"] == 1


async def test_one_request_does_not_say_two_things_of_one_fact(told, bureau):
    two = {"facts": {"office_m2": 20}, "profile": {"premises": {"office_m2": 30}}}

    assert await told(**two) == [("/facts/office_m2", "said-by-part")]
    answer = await bureau.post(STATIONS, json=a_station(**two))
    assert [each["at"] for each in answer.json()["errors"]] == ["/facts/office_m2"]


async def test_a_fact_that_is_forgotten_is_forgotten_by_its_part(told):
    said = await told(forget=["office_m2", "rooms"])

    assert "office_m2" not in said["profile"]["premises"]
    assert "rooms" not in said["profile"]
    assert {"office_m2", "rooms"}.isdisjoint(said["facts"])


async def test_a_part_taken_back_takes_its_facts_and_leaves_what_was_stated_alone(told):
    said = await told(profile={"premises": None, "rooms": None}, facts={"volunteers": True})

    gone = {"site", "office_m2", "office_independent", "rooms"}
    left = {name: value for name, value in FACTS.items() if name not in gone}
    assert said["facts"] == left | {"volunteers": True}


async def test_a_word_the_city_does_not_have_is_refused_where_it_was_said(told):
    assert await told(facts={"rooms": ["cellar"]}) == [("/facts/rooms/0", "unknown-word")]


async def test_what_was_stated_first_gives_way_to_the_part_that_says_it(wuhan, bureau):
    body = a_station(facts={"office_m2": 20, "rooms": ["case"], "office_independent": True})
    made = await added(bureau, "stations", body)
    part = {"premises": {"office_m2": 30}}

    answer = await bureau.patch(
        f"{STATIONS}/{made}", json={"profile": part}, headers={"if-match": '"1"'}
    )

    said = {"office_m2": 30, "rooms": ["case"], "office_independent": True}
    assert answer.json()["facts"] == said
    assert (await last(wuhan, "station"))[1]["facts"] == said


async def test_a_sheet_reads_and_writes_what_the_profile_says(wuhan, bureau, words, tmp_path):
    parts = {"premises": {"office_m2": 30, "address": "某路8号"}, "rooms": [{"kind": "case"}]}
    made = await added(bureau, "stations", a_station(profile=parts))

    kind = KINDS["stations"]
    [texts] = [each async for each in exporting.rows(wuhan, who(), kind, words)]
    row = {kind.by_name[name].heading: text for name, text in texts.items()}
    assert (row["办公面积（平方米）"], row["功能室"]) == ("30", words["room"]["case"].zh)
    again = sheet(tmp_path, "stations", row)
    assert (await taken(wuhan, again))[0] == {"same": 1}
    row |= {"办公面积（平方米）": "45", "功能室": words["room"]["group"].zh}
    assert (await taken(wuhan, sheet(tmp_path, "stations", row)))[0] == {"changed": 1}

    said = (await bureau.get(f"{STATIONS}/{made}")).json()
    assert said["profile"]["premises"] == {"office_m2": 45, "address": "某路8号"}
    assert said["profile"]["rooms"] == [{"kind": "group"}]
    assert (said["facts"]["office_m2"], said["facts"]["rooms"]) == (45, ["group"])
