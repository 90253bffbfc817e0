"""Contracts over HTTP: signed, refused with the clause, one at a time, ended, within reach."""

from datetime import date

from chassis.tables import EventLog
from contracts.evaluation import WaiverGranted, WaiverRevoked
from contracts.registry import PackActivated
from services.procurement.app import service
from services.procurement.models import Contract
from services.procurement.reactions import reactions
from tests import told
from tests.conftest import who
from tests.http import actor, client
from tests.procurement.conftest import wish

URL = "/v1/420100/contracts"


async def test_a_signed_contract_is_one_row_one_event_and_a_receipt(bureau, wuhan, ask):
    answer = await bureau.post(URL, json=ask)

    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert answer.headers["location"] == f"{URL}/{receipt['id']}"
    assert answer.headers["etag"] == '"1"'
    assert receipt["station_id"] == ask["station_id"]
    assert "purchaser" not in receipt
    async with wuhan.database.begin(who()) as tx:
        [contract] = await tx.find(Contract)
        [event] = await tx.find(EventLog)
    assert event.type == "procurement.contract.signed.v1"
    assert contract.pack_version == told.shipped("420100")[0]
    shown = (await bureau.get(f"{URL}/{receipt['id']}")).json()
    assert shown["ends_on"] == "2027-01-09"
    assert shown["facts"]["takeover_plan_on"] == "2026-01-04"


async def test_a_retry_signs_once(bureau, wuhan, ask):
    key = {"idempotency-key": "one"}

    answers = [await bureau.post(URL, json=ask, headers=key) for _ in range(2)]

    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    async with wuhan.database.begin(who()) as tx:
        assert await tx.count(Contract) == 1


async def test_a_station_not_heard_of_is_unknown_and_worth_a_second_try(bureau, ask):
    answer = await bureau.post(URL, json=ask | {"station_id": str(told.some_id())})

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unknown-reference"
    assert answer.json()["errors"][0]["at"] == "/station_id"
    assert answer.headers["retry-after"] == "1"


async def test_a_rule_refuses_with_its_clause_and_writes_nothing(bureau, wuhan, ask):
    answer = await bureau.post(URL, json=ask | {"ends_on": "2028-01-09", "budget_secured": False})

    assert answer.status_code == 409, answer.text
    problem = answer.json()
    assert problem["type"] == "/problems/refused-by-policy"
    [rule] = problem["rules"]
    assert rule["cite"]["number"] == "武民政〔2021〕26号"
    assert rule["cite"]["clause"]
    assert isinstance(rule["say"], str)
    async with wuhan.database.begin(who()) as tx:
        assert await tx.count(Contract) == 0
        assert await tx.count(EventLog) == 0


async def test_a_waiver_of_the_city_opens_the_gate_until_it_is_taken_back(bureau, wuhan, ask):
    wish = ask | {"ends_on": "2028-01-09", "budget_secured": False}
    [rule] = (await bureau.post(URL, json=wish)).json()["rules"]
    waiver = told.some_id()
    named = {"waiver_id": waiver, "rule": rule["id"], "subject_kind": "station"}
    named |= {"subject_id": ask["station_id"]}
    granted = WaiverGranted(
        **named,
        starts_on=date(2026, 1, 1),
        until=date(2026, 1, 5),
        reason_code="pilot",
        granted_by="420100.city-bureau-1",
    )
    await reactions.deliver([wuhan.tell(granted, waiver)], wuhan.database)

    opened = await bureau.post(URL, json=wish)
    too_late = await bureau.post(URL, json=wish | {"signed_on": "2026-01-06"})
    revoked = WaiverRevoked(**named, last_on=date(2025, 12, 31), revoked_by="x")
    await reactions.deliver([wuhan.tell(revoked, waiver)], wuhan.database)
    shut = await bureau.post(URL, json=wish)

    assert opened.status_code == 201, opened.text
    assert too_late.json()["type"] == "/problems/refused-by-policy"
    assert shut.json()["type"] == "/problems/refused-by-policy"


async def test_what_was_not_said_is_asked_for_not_assumed(bureau, ask):
    del ask["budget_secured"]

    answer = await bureau.post(URL, json=ask | {"ends_on": "2028-01-09"})

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/facts-missing"
    assert "contract.budget_secured" in answer.json()["rules"][0]["missing"]


async def test_a_word_the_city_does_not_have_is_named_by_its_place(bureau, ask):
    answer = await bureau.post(URL, json=ask | {"terms": ["staff", "secretword"]})

    assert answer.status_code == 422
    assert [e["at"] for e in answer.json()["errors"]] == ["/terms/1"]
    assert "secretword" not in answer.text


async def test_a_station_has_one_contract_at_a_time(bureau, ask):
    first = await bureau.post(URL, json=ask)
    assert first.status_code == 201
    later = ask | {"starts_on": "2027-01-09", "ends_on": "2027-06-30"}

    clash = await bureau.post(URL, json=later)
    after = await bureau.post(URL, json=later | {"starts_on": "2027-01-10"})

    assert clash.status_code == 409
    assert clash.json()["type"] == "/problems/duplicate-reference"
    assert after.status_code == 201, after.text


async def test_an_ended_contract_makes_room_for_the_next(bureau, ask):
    first = (await bureau.post(URL, json=ask)).json()
    end = {"ended_on": "2026-06-30", "reason_code": "agreed"}

    ended = await bureau.post(f"{URL}/{first['id']}/end", json=end)
    again = await bureau.post(f"{URL}/{first['id']}/end", json=end)
    following = await bureau.post(URL, json=ask | {"starts_on": "2026-07-01"})
    in_july = (await bureau.get(URL, params={"on": "2026-07-15"})).json()["items"]

    assert ended.status_code == 200
    assert ended.headers["etag"] == '"2"'
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/wrong-status"
    assert following.status_code == 201, following.text
    assert [c["id"] for c in in_july] == [following.json()["id"]]


async def test_a_contract_ends_inside_its_term_and_as_the_caller_saw_it(bureau, ask):
    made = (await bureau.post(URL, json=ask)).json()
    late = {"ended_on": "2027-01-09", "reason_code": "agreed"}
    early = {"ended_on": "2026-03-01", "reason_code": "agreed"}

    outside = await bureau.post(f"{URL}/{made['id']}/end", json=late)
    stale = await bureau.post(f"{URL}/{made['id']}/end", json=early, headers={"if-match": '"7"'})

    assert outside.status_code == 422
    assert stale.status_code == 412


async def test_a_contract_out_of_reach_is_as_if_it_were_not_there(bureau, wuhan, ask):
    made = (await bureau.post(URL, json=ask)).json()
    callers = {
        "own district": (actor("district_bureau", division="420102"), 1),
        "other district": (actor("district_bureau", division="420103"), 0),
        "own street": (actor("township", division="420102007"), 1),
        "no division": (actor("district_bureau"), 0),
        "own agency": (actor("agency", agency_id=wuhan.agency), 1),
        "other agency": (actor("agency", agency_id=told.some_id()), 0),
        "auditor": (actor("auditor"), 1),
    }
    for name, (caller, seen) in callers.items():
        async with client(service, wuhan.database, caller) as http:
            listed = (await http.get(URL)).json()["items"]
            one = await http.get(f"{URL}/{made['id']}")
            absent = await http.get(f"{URL}/{told.some_id()}")
        assert len(listed) == seen, name
        assert one.status_code == (200 if seen else 404), name
        if not seen:
            assert one.json() | {"trace_id": 0} == absent.json() | {"trace_id": 0}, name


async def test_a_worker_sees_no_contract_and_a_district_signs_only_its_own(wuhan, ask):
    async with client(service, wuhan.database, actor("worker")) as http:
        assert (await http.get(URL)).status_code == 403
    async with client(service, wuhan.database, actor("district_bureau", division="420103")) as http:
        foreign = await http.post(URL, json=ask)
    assert foreign.status_code == 422
    assert foreign.json()["type"] == "/problems/unknown-reference"


async def test_a_list_is_narrowed_by_station_and_agency(bureau, wuhan, ask):
    other, provider = told.some_id(), told.some_id()
    await reactions.deliver(
        [
            wuhan.tell(told.station(other, "420103001"), other),
            wuhan.tell(told.agency(provider), provider),
        ],
        wuhan.database,
    )
    first = (await bureau.post(URL, json=ask)).json()["id"]
    second = (await bureau.post(URL, json=wish(other, provider))).json()["id"]

    async def listed(**params):
        answer = await bureau.get(URL, params={name: str(v) for name, v in params.items()})
        return [each["id"] for each in answer.json()["items"]]

    assert await listed() == [first, second]
    assert await listed(station_id=other) == [second]
    assert await listed(agency_id=wuhan.agency) == [first]
    assert await listed(station_id=other, agency_id=wuhan.agency) == []


async def test_a_contract_is_signed_under_the_pack_of_its_signing_day(bureau, wuhan, ask):
    _, text = told.shipped("420100")
    later = text.replace("contract.takeover_plan_on <= contract.start", "false")
    assert later != text
    stricter = PackActivated(version="stricter", in_force=date(2026, 6, 1), text=later)
    await reactions.deliver([wuhan.tell(stricter, told.some_id())], wuhan.database)

    before = await bureau.post(URL, json=ask)
    after = await bureau.post(
        URL,
        json=ask | {"signed_on": "2026-06-01", "starts_on": "2027-02-01", "ends_on": "2027-12-31"},
    )

    assert before.status_code == 201, before.text
    assert after.status_code == 409
    assert [rule["id"] for rule in after.json()["rules"]] == ["takeover-plan"]


async def test_a_renewal_without_its_evaluations_waits_for_them(bureau, ask):
    first = (await bureau.post(URL, json=ask)).json()
    renewal = ask | {
        "renewal_of": first["id"],
        "starts_on": "2027-01-10",
        "ends_on": "2028-01-08",
    }
    good = {"kind": "final", "day": "2026-10-01", "grade": "excellent"}

    unsaid = await bureau.post(URL, json=renewal)
    poor = await bureau.post(
        URL, json=renewal | {"prior_evaluations": [good, good | {"grade": "good"}]}
    )
    best = await bureau.post(URL, json=renewal | {"prior_evaluations": [good]})

    assert unsaid.json()["type"] == "/problems/facts-missing", unsaid.text
    assert poor.json()["type"] == "/problems/refused-by-policy", poor.text
    assert best.status_code == 201, best.text


async def test_hearing_a_station_twice_changes_nothing(wuhan):
    changed = wuhan.tell(told.station(wuhan.station, name="新名"), wuhan.station)

    first = await reactions.deliver([changed], wuhan.database)
    second = await reactions.deliver([changed], wuhan.database)

    assert [*first.values(), *second.values()] == ["applied", "duplicate"]


async def test_no_pack_heard_is_said_and_may_be_tried_again(database):
    station, agency, tell = told.some_id(), told.some_id(), told.Teller()
    await reactions.deliver(
        [
            tell(told.station(station, "330102001"), station, "330100"),
            tell(told.agency(agency), agency, "330100"),
        ],
        database,
    )
    async with client(service, database, actor("city_bureau", "330100")) as http:
        answer = await http.post("/v1/330100/contracts", json=wish(station, agency))

    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/policy-not-loaded"
