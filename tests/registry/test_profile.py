"""What a station is beside its place: parts as registered, and the facts they say."""

from datetime import date

import pytest

from contracts.profile import facts_of
from services.registry.app import service
from tests.conftest import WUHAN
from tests.http import actor, client
from tests.registry.conftest import a_station, added
from tests.registry.test_bodies import last
from tests.registry.test_workers import a_posting, a_worker

STATIONS = f"/v1/{WUHAN}/stations"
DAY = date(2026, 6, 30)
PROFILE = {
    "premises": {
        "site": "party_centre",
        "address": "某路8号",
        "office_m2": 25,
        "independent": True,
    },
    "rooms": [{"kind": "case"}, {"kind": "group", "shared": True}, {"kind": "case"}],
    "assets": [{"item": "computer", "provider": "agency", "number": 2}],
    "signs": [
        {"kind": "plaque", "text": "一元街道社会工作服务站", "place": "outdoor"},
        {"kind": "logo", "logo": "national"},
        {"kind": "index"},
    ],
    "systems": [
        {"kind": "archives", "adopted_on": "2022-01-01"},
        {"kind": "finance", "ended_on": "2022-12-31"},
        {"kind": "volunteers", "adopted_on": "2026-07-01"},
    ],
    "leadership": [
        {"role": "head", "post": "party_leader", "concurrent": True, "ends_on": "2025-12-31"},
        {
            "role": "head",
            "post": "governance_leader",
            "concurrent": True,
            "starts_on": "2026-01-01",
        },
        {"role": "deputy", "title": "executive", "on_station": True, "post": None},
    ],
    "organisation": {"divided": True, "workflow": True, "steps": ["接案", "预估"]},
    "services": {
        "functions": ["training"],
        "window": True,
        "displayed": False,
        "items": [
            {"item": "other", "field": "elderly", "nature": "service"},
            {"field": "community", "until": "2025-12-31"},
        ],
    },
    "projects": [
        {"kind": "core", "field": "elderly", "until": "2025-12-31"},
        {"kind": "basic", "field": "community", "sponsor": None},
    ],
    "plans": {"needs_assessed_on": "2026-01-10", "service_plan_on": None, "case_work": True},
    "brands": [{"name": "邻里茶座"}],
    "demonstrations": [{"year": 2023}],
    "needs": {"on": "2026-02-01", "lines": [{"field": "elderly", "what": "助浴"}]},
    "resources": {"on": "2026-02-02"},
}
FACTS = {
    "site": "party_centre",
    "organised": True,
    "workflow": True,
    "functions": ["training"],
    "offer": [{"item": "other", "field": "elderly", "nature": "service"}],
    "needs_assessed_on": "2026-01-10",
    "service_plan_on": None,
    "case_work_planned": True,
    "needs_list_on": "2026-02-01",
    "resource_list_on": "2026-02-02",
    "office_m2": 25,
    "office_independent": True,
    "rooms": ["case", "group"],
    "assets": [{"item": "computer", "provider": "agency"}],
    "plaque": "一元街道社会工作服务站",
    "plaque_place": "outdoor",
    "logos": ["national"],
    "sign_index": True,
    "systems": ["archives"],
    "head": {"post": "governance_leader", "concurrent": True},
    "deputies": [{"title": "executive", "on_station": True, "head_post": None}],
    "service_window": True,
    "service_list_displayed": False,
    "projects": [{"kind": "basic", "field": "community", "sponsor": None}],
    "brand_projects": 1,
    "demo": True,
}


def test_each_part_says_its_facts_of_the_day():
    assert facts_of({}, PROFILE, DAY) == FACTS


@pytest.mark.parametrize(
    ("part", "said", "on", "facts"),
    [
        ("premises", {"address": "某路8号"}, DAY, {}),
        ("premises", {"office_m2": None}, DAY, {}),
        ("rooms", [], DAY, {"rooms": []}),
        (
            "signs",
            [],
            DAY,
            {"plaque": None, "plaque_place": None, "logos": [], "sign_index": False},
        ),
        (
            "signs",
            [{"kind": "plaque"}, {"kind": "plaque", "text": "站"}],
            DAY,
            {"plaque": "站", "logos": [], "sign_index": False},
        ),
        ("systems", [{"kind": "posts", "adopted_on": "2026-06-30"}], DAY, {"systems": ["posts"]}),
        ("systems", [{"kind": "posts", "ended_on": "2026-06-30"}], DAY, {"systems": ["posts"]}),
        ("systems", [{"kind": "posts", "ended_on": "2026-06-29"}], DAY, {"systems": []}),
        ("leadership", [{"role": "deputy"}], DAY, {"deputies": [{}]}),
        ("demonstrations", [{"year": 2027}], DAY, {"demo": False}),
        ("demonstrations", [{"year": 2026, "until": "2026-06-29"}], DAY, {"demo": False}),
        ("services", {"window": None}, DAY, {}),
        ("party", {"organisation": "某支部"}, DAY, {}),
    ],
)
def test_what_a_part_does_not_say_stays_unknown(part, said, on, facts):
    assert facts_of({}, {part: said}, on) == facts


def test_a_part_says_more_than_what_was_stated_beside_it():
    found = facts_of({"rooms": ["multi"], "volunteers": True}, {"rooms": []}, DAY)

    assert found == {"rooms": [], "volunteers": True}


def test_a_head_who_has_gone_is_no_fact_any_more():
    gone = [{"role": "head", "post": "party_leader", "ends_on": "2026-06-29"}]

    assert facts_of({"head": {"post": "party_leader"}}, {"leadership": gone}, DAY) == {
        "deputies": []
    }


async def test_a_profile_is_shown_whole_and_told_without_free_words(wuhan, bureau):
    made = await bureau.post(STATIONS, json=a_station(profile=PROFILE, effective_on="2026-06-30"))

    assert made.status_code == 201, made.text
    shown = (await bureau.get(f"{STATIONS}/{made.json()['id']}")).json()
    assert shown["profile"] == PROFILE
    assert shown["facts"] == FACTS
    _, data = await last(wuhan, "station")
    assert data["facts"] == FACTS
    assert data["profile"]["premises"] == {
        name: value for name, value in PROFILE["premises"].items() if name != "address"
    }
    assert data["profile"]["needs"] == {
        "on": "2026-02-01",
        "lines": [{"field": "elderly"}],
    }
    listed = (await bureau.get(STATIONS)).json()["items"][0]
    assert "profile" not in listed


@pytest.mark.usefixtures("wuhan")
async def test_a_part_given_replaces_that_part_and_null_takes_it_back(bureau):
    place = f"{STATIONS}/{await added(bureau, 'stations', a_station(profile=PROFILE))}"
    ask = {"profile": {"rooms": [{"kind": "multi"}], "premises": None}}

    changed = await bureau.patch(place, json=ask, headers={"if-match": '"1"'})

    left = {name: part for name, part in PROFILE.items() if name != "premises"}
    assert changed.json()["profile"] == left | {"rooms": [{"kind": "multi"}]}


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("profile", "at"),
    [
        ({"rooms": [{"kind": "case"}, {"kind": "cellar"}]}, "/profile/rooms/1/kind"),
        ({"premises": {"site": "moon"}}, "/profile/premises/site"),
        (
            {"premises": {"shared_with": [{"body": "村委会", "rooms": ["x"]}]}},
            "/profile/premises/shared_with/0/rooms/0",
        ),
        ({"signs": [{"kind": "logo"}]}, "/profile/signs/0/logo"),
        ({"signs": [{"kind": "plaque", "logo": "national"}]}, "/profile/signs/0/logo"),
        (
            {
                "leadership": [
                    {"role": "deputy", "starts_on": "2026-02-01", "ends_on": "2026-01-01"}
                ]
            },
            "/profile/leadership/0/ends_on",
        ),
        (
            {"leadership": [{"role": "head", "worker_id": "01980c3e-7a10-7000-8000-000000000009"}]},
            "/profile/leadership/0/worker_id",
        ),
        ({"organisation": {"steps": [""]}}, "/profile/organisation/steps/0"),
        ({"demonstrations": [{"year": 1800}]}, "/profile/demonstrations/0/year"),
        ({"wings": []}, "/profile/wings"),
    ],
)
async def test_a_profile_is_refused_by_the_place_that_is_wrong(bureau, profile, at):
    answer = await bureau.post(STATIONS, json=a_station(profile=profile))

    assert answer.status_code == 422, answer.text
    assert [each["at"] for each in answer.json()["errors"]] == [at]


@pytest.mark.usefixtures("wuhan")
async def test_there_is_one_head_at_a_time(bureau):
    heads = [{"role": "head", "ends_on": "2026-03-31"}, {"role": "head", "starts_on": "2026-03-31"}]

    both = await bureau.post(STATIONS, json=a_station(profile={"leadership": heads}))
    heads[1]["starts_on"] = "2026-04-01"
    after = await bureau.post(STATIONS, json=a_station(profile={"leadership": heads}))

    assert [e["code"] for e in both.json()["errors"]] == ["two-heads", "two-heads"]
    assert after.status_code == 201


async def test_a_head_keeps_the_profile_and_names_no_demonstration(wuhan, bureau):
    station = await added(bureau, "stations", a_station())
    worker = await added(bureau, "workers", a_worker(postings=[a_posting(station)]))
    async with client(service, wuhan, actor("station_head", station_id=station)) as head:
        leader = {"role": "deputy", "title": "executive", "worker_id": str(worker)}
        kept = await head.patch(
            f"{STATIONS}/{station}",
            json={"profile": {"leadership": [leader]}},
            headers={"if-match": '"1"'},
        )
        answers = [
            await head.patch(f"{STATIONS}/{station}", json=ask, headers={"if-match": '"2"'})
            for ask in (
                {"profile": {"demonstrations": [{"year": 2026}]}},
                {"facts": {"demo": True}},
                {"forget": ["demo"]},
                {"unit_id": None},
                {"serves": []},
            )
        ]

    assert kept.status_code == 200, kept.text
    assert {each.status_code for each in answers} == {403}


async def test_stages_are_kept_with_their_days(wuhan, bureau):
    stages = [
        {"status": "planned", "on": "2021-03-01"},
        {"status": "building", "on": "2021-06-01"},
        {"status": "open", "on": "2021-12-01"},
    ]
    body = a_station(stages=stages)
    del body["open_on"]
    made = (await bureau.post(STATIONS, json=body)).json()
    place = f"{STATIONS}/{made['id']}"

    paused = await bureau.patch(
        place,
        json={"status": "suspended", "effective_on": "2026-02-01"},
        headers={"if-match": '"1"'},
    )

    assert made["open_on"] == "2021-12-01"
    assert paused.json()["stages"] == [*stages, {"status": "suspended", "on": "2026-02-01"}]
    _, data = await last(wuhan, "station")
    assert data["stages"] == paused.json()["stages"]


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("stages", "at"),
    [
        (
            [("planned", "2021-01-01"), ("suspended", "2021-02-01"), ("open", "2021-03-01")],
            "/stages/1/status",
        ),
        ([("planned", "2021-02-01"), ("open", "2021-01-01")], "/stages/1/on"),
        ([("planned", "2021-02-01")], "/stages/0/status"),
    ],
)
async def test_stages_follow_one_another(bureau, stages, at):
    said = [{"status": status, "on": on} for status, on in stages]
    place = f"{STATIONS}/{await added(bureau, 'stations', a_station())}"

    entered = await bureau.post(STATIONS, json=a_station(stages=said))
    corrected = await bureau.patch(place, json={"stages": said}, headers={"if-match": '"1"'})

    for answer in (entered, corrected):
        assert [each["at"] for each in answer.json()["errors"]] == [at]
