"""Growth, filings, deadlines and years: known where they were told, counted as the document counts."""

from datetime import date

import pytest

from contracts.registry import DutyChanged, FilingChanged, RegisterChanged, TargetChanged
from services.evaluation.decide import figures
from services.evaluation.decide.coverage import Ground
from services.evaluation.decide.deadlines import deadlines
from services.evaluation.decide.figures import Land
from tests import told
from tests.http import actor

DAY = date(2026, 11, 20)
CITED = {"cite": "notice 三", "clause": "WH-4.3-a"}


def filing(**more):
    said = {
        "filing_id": told.some_id(),
        "as_of": date(2026, 1, 1),
        "kind": "plan",
        "filer": "district",
        "receiver": "city",
        "division": "420102",
        "station_id": None,
        "year": 2026,
        "sections": ["goals"],
        "issued_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 31),
        "filed_on": None,
        "received_on": None,
        "receipt_no": None,
        "returned_on": None,
        "status": "due",
        **CITED,
    }
    return FilingChanged(**said | more)


def duty(**more):
    said = {
        "duty_id": told.some_id(),
        "as_of": date(2026, 1, 1),
        "department": "justice",
        "partner_id": None,
        "division": None,
        "what": "移交名单",
        "every": "once",
        "due_on": date(2026, 6, 30),
        "times": None,
        "done_on": [],
        "status": "open",
        **CITED,
    }
    return DutyChanged(**said | more)


def plain(event):
    return event.model_dump(mode="json")


def shown(*events, day=DAY):
    filings = [plain(e) for e in events if isinstance(e, FilingChanged)]
    duties = [plain(e) for e in events if isinstance(e, DutyChanged)]
    found = deadlines(filings, duties, day)
    return [(each.due_on, each.done_on, each.status, each.late_days) for each in found]


def test_a_document_is_due_until_its_day_then_late_and_done_when_filed():
    waiting = filing()

    assert shown(waiting, day=date(2026, 3, 31)) == [("2026-03-31", None, "due", 0)]
    assert shown(waiting, day=date(2026, 4, 1)) == [("2026-03-31", None, "late", 1)]
    in_time = filing(filed_on=date(2026, 3, 31), status="filed")
    after = filing(filed_on=date(2026, 4, 10), status="filed")
    assert shown(in_time) == [("2026-03-31", "2026-03-31", "done", 0)]
    assert shown(after) == [("2026-03-31", "2026-04-10", "done_late", 10)]
    assert shown(after, day=date(2026, 4, 9)) == [("2026-03-31", None, "late", 9)]


def test_a_document_sent_back_is_not_done():
    back = filing(filed_on=date(2026, 3, 30), returned_on=date(2026, 4, 2), status="returned")

    assert shown(back) == [("2026-03-31", None, "late", 234)]
    assert shown(back, day=date(2026, 4, 1)) == [("2026-03-31", "2026-03-30", "done", 0)]


def quarterly(*done, times=None):
    days = [date.fromisoformat(f"2026-{each}") for each in done]
    return duty(every="quarter", due_on=date(2026, 3, 31), done_on=days, times=times)


def test_a_duty_that_recurs_is_due_every_time_and_the_next_one_is_told():
    assert shown(quarterly("02-01")) == [
        ("2026-03-31", "2026-02-01", "done", 0),
        ("2026-06-30", None, "late", 143),
        ("2026-09-30", None, "late", 51),
        ("2026-12-31", None, "due", 0),
    ]


def test_what_is_done_late_counts_for_the_oldest_turn_still_open():
    july = date(2026, 7, 10)

    assert shown(quarterly("03-30", "07-05"), day=july) == [
        ("2026-03-31", "2026-03-30", "done", 0),
        ("2026-06-30", "2026-07-05", "done_late", 5),
        ("2026-09-30", None, "due", 0),
    ]
    # Done again, it is the turn's that has begun; done a third time, nobody's: nothing is done ahead.
    again = shown(quarterly("03-30", "07-05", "07-06", "07-07"))
    assert [status for _, _, status, _ in again] == ["done", "done_late", "done", "due"]
    ahead = shown(quarterly("01-10", "01-20", "01-30"), day=date(2026, 6, 30))
    assert [status for _, _, status, _ in ahead] == ["done", "due", "due"]
    twice = shown(quarterly("03-01", "04-02", "05-01", "05-02", times=2), day=date(2026, 6, 30))
    assert twice[:2] == [
        ("2026-03-31", "2026-04-02", "done_late", 2),
        ("2026-06-30", "2026-05-02", "done", 0),
    ]


def test_a_duty_to_be_done_twice_is_done_with_the_second_and_a_dropped_one_is_none():
    once = duty(times=2, done_on=[date(2026, 6, 1)])
    twice = duty(times=2, done_on=[date(2026, 6, 1), date(2026, 7, 2)])

    assert shown(once) == [("2026-06-30", None, "late", 143)]
    assert shown(twice) == [("2026-06-30", "2026-07-02", "done_late", 2)]
    assert shown(duty(status="dropped")) == []


def test_what_has_no_day_is_told_last_and_is_never_late():
    asked = duty(due_on=None)
    done = duty(due_on=None, done_on=[date(2026, 6, 1)])
    told_of = shown(asked, done, filing(), filing(due_on=None))

    assert told_of[0] == ("2026-03-31", None, "late", 234)
    assert sorted(told_of[1:], key=str) == [
        (None, "2026-06-01", "done", 0),
        (None, None, "undated", 0),
        (None, None, "undated", 0),
    ]


def history(*versions):
    return {told.some_id(): sorted(versions, key=lambda v: v["valid_from"], reverse=True)}


def version(since, status="open", tier="community"):
    said = {
        "valid_from": since,
        "told": since,
        "status": status,
        "tier": tier,
        "district": "420102",
    }
    return said | {"open_on": since, "stages": []}


def test_a_year_counts_rooms_at_its_end_beside_the_year_before():
    rooms = {
        **history(version("2023-03-01")),
        **history(version("2024-05-01"), version("2025-07-01", status="closed")),
        **history(version("2025-01-10")),
    }

    found = figures.years(rooms, {}, DAY)

    assert found == [
        {"year": 2024, "community_stations": 2, "before": 1},
        {"year": 2025, "community_stations": 2, "before": 2},
    ]


def test_a_room_entered_late_counts_from_the_day_it_opened():
    def staged(*stages):
        return [{"status": status, "on": on} for status, on in stages]

    rooms = {
        **history(version("2022-06-01")),
        **history(version("2026-03-01") | {"stages": staged(("open", "2024-02-01"))}),
        **history(
            version("2025-01-01", status="closed")
            | {"stages": staged(("open", "2023-02-01"), ("closed", "2024-06-30"))}
        ),
        **history(version("2026-03-01", status="planned") | {"open_on": None}),
    }

    found = figures.years(rooms, {}, DAY)

    assert [(y["year"], y["before"], y["community_stations"]) for y in found] == [
        (2023, 1, 2),
        (2024, 2, 2),
        (2025, 2, 2),
    ]


def test_years_before_the_first_entry_are_known_as_far_as_the_register_is_whole():
    rooms = history(
        version("2026-03-01") | {"stages": [{"status": "open", "on": "2024-02-01"}]},
    )

    assert figures.years(rooms, {}, DAY) == []
    found = figures.years(rooms, {}, DAY, {"stations": "2023-12-31"})
    assert [(y["year"], y["before"], y["community_stations"]) for y in found] == [
        (2024, 0, 1),
        (2025, 1, 1),
    ]


def test_a_worker_entered_late_was_there_since_the_first_posting():
    def person(since, began=None):
        return {
            "valid_from": since,
            "told": since,
            "status": "active",
            "cert": "assistant",
            "cert_on": "2020-01-01",
            "began": began,
        }

    rooms = history(version("2022-06-01"))
    people = {
        **history(person("2023-12-01")),
        # Posted by a word of its own, after the person was entered.
        **history(person("2025-02-01", "2023-05-01"), person("2025-01-31")),
        **history(person("2025-02-01")),
    }

    found = {each["year"]: each for each in figures.years(rooms, people, DAY)}

    assert (found[2024]["certified"], found[2024]["certified_before"]) == (2, 2)
    assert (found[2025]["certified"], found[2025]["certified_before"]) == (3, 2)


def test_certified_of_a_year_are_known_where_records_reach_the_year_before():
    def person(since, cert="assistant", on="2020-01-01"):
        said = {"valid_from": since, "told": since, "status": "active"}
        return said | {"cert": cert, "cert_on": on}

    rooms = history(version("2022-06-01"))
    people = {**history(person("2023-12-01")), **history(person("2024-02-01"))}

    found = {each["year"]: each for each in figures.years(rooms, people, DAY)}

    assert "certified" not in found[2023]
    assert (found[2024]["certified"], found[2024]["certified_before"]) == (2, 1)


def test_who_was_entered_late_does_not_say_that_nobody_left_before():
    there = version("2022-06-01") | {"told": "2026-03-01"}
    person = {"valid_from": "2022-01-10", "told": "2026-03-01", "status": "active"}
    people = history(person | {"cert": "assistant", "cert_on": "2020-01-01"})

    assert figures.years(history(there), people, DAY) == []
    registers = {"stations": "2022-12-31", "workers": "2023-12-31"}
    found = {e["year"]: e for e in figures.years(history(there), people, DAY, registers)}
    assert sorted(found) == [2023, 2024, 2025]
    assert "certified" not in found[2023]
    assert (found[2024]["before"], found[2024]["certified_before"]) == (1, 1)


@pytest.mark.parametrize(("cert", "on", "number"), [("none", None, 0), ("assistant", None, 1)])
def test_who_is_certified_is_counted(cert, on, number):
    people = [plain(told.worker(told.some_id(), cert=cert, cert_on=on))]

    assert figures.certified(people, DAY) == number


def test_specialities_are_counted_each_for_itself_and_unknown_where_not_told():
    one = plain(told.worker(told.some_id(), specialities=["elderly", "justice"]))
    two = plain(told.worker(told.some_id(), specialities=["elderly"]))
    old = {k: v for k, v in one.items() if k != "specialities"}

    assert figures.by_speciality([one, two], DAY, ["elderly", "youth"]) == {
        "elderly": 2,
        "youth": 0,
        "justice": 1,
    }
    assert figures.by_speciality([one, old], DAY, ["elderly"]) is None


NOTICE = date(2021, 12, 1)
SINCE_THEN = {"filings": "2021-12-01"}


def filed(*told_of, area="420102", day=DAY, registers=SINCE_THEN, since=NOTICE):
    land = Land(Ground("nbs", "", 0, "nbs"), [], [], {}, filings=told_of, registers=registers,
                filings_since=since)  # fmt: skip
    return figures.filed(land, {area}, day)


NONE = {"filings": [], "townships_with_plan": 0}


def test_what_was_filed_is_an_areas_own():
    one = plain(filing(filed_on=date(2026, 3, 9), status="filed"))
    other = plain(filing(division="420103", filed_on=date(2026, 3, 9), status="filed"))

    [mine] = filed(one, other)["filings"]

    assert mine == {
        "kind": "plan",
        "by": "district",
        "to": "city",
        "day": "2026-03-09",
        "issued": "2026-03-02",
        "working_days": 5,
        "sections": ["goals"],
    }
    assert filed(one, other, area=None) == NONE


@pytest.mark.parametrize(
    ("registers", "known"),
    [({}, False), ({"filings": "2021-12-02"}, False), ({"filings": "2021-12-01"}, True)],
)
def test_filings_are_known_where_the_register_is_whole_since_a_document_asks_for_them(
    registers, known
):
    one = plain(filing(division="420103", filed_on=date(2026, 3, 9), status="filed"))

    assert filed(one, registers=registers) == (NONE if known else {})
    assert filed(one, registers=registers, since=date.max, day=NOTICE) == (NONE if known else {})


def test_a_township_has_a_plan_where_it_handed_one_in_and_nobody_knows_while_the_register_has_gaps():
    def plan(code, kind="plan", filer="township"):
        return plain(
            filing(kind=kind, filer=filer, division=code, filed_on=date(2026, 3, 9), status="filed")
        )

    told_of = [
        *(plan("420102002"), plan("420102002"), plan("420102003"), plan("420103001")),
        *(plan("420102004", kind="annual_plan"), plan("420102", filer="district")),
    ]

    assert filed(*told_of)["townships_with_plan"] == 2
    assert filed()["townships_with_plan"] == 0
    assert "townships_with_plan" not in filed(*told_of, registers={})


def test_a_document_sent_back_stood_until_that_day():
    back = plain(
        filing(filed_on=date(2026, 3, 30), returned_on=date(2026, 4, 2), status="returned")
    )

    assert len(filed(back, day=date(2026, 4, 1))["filings"]) == 1
    assert filed(back, day=date(2026, 4, 2)) == NONE


def test_agencies_incubated_are_counted_where_their_register_reaches_back_so_far():
    def body(on, where="450202"):
        return plain(told.agency(told.some_id(), incubated_on=on, incubated_in=where))

    agencies = [body(date(2021, 5, 1)), body(date(2023, 12, 31)), body(date(2024, 1, 1))]
    agencies += [body(date(2022, 1, 1), "450203"), plain(told.agency(told.some_id()))]

    def counted(district, since, day=DAY):
        land = Land(Ground("nbs", "", 0, "nbs"), [], [], {}, agencies=agencies,
                    registers={"agencies": since} if since else {})  # fmt: skip
        return figures.incubated(land, district, day)

    assert counted("450204", None) == counted("450204", "2021-01-02") == {}
    assert counted("450204", "2021-01-01") == {"agencies_incubated": 0}
    assert counted("450202", "2021-01-01") == {"agencies_incubated": 2}
    assert counted("450202", "2021-01-01", date(2022, 6, 1)) == {"agencies_incubated": 1}
    assert counted(None, "2021-01-01") == {"agencies_incubated": 3}


async def test_a_plan_is_broken_only_once_the_city_says_the_register_is_whole(wuhan, divided):
    await divided("4201")
    other = filing(division="420103", filed_on=date(2026, 3, 1), status="filed")
    await wuhan.hear(other, other.filing_id)
    rule = "plans-filed"

    async def asked():
        return (await wuhan.verdicts("district:420102"))[rule]

    before = await asked()
    whole = RegisterChanged(name="filings", complete_from=date(2021, 12, 1))
    await wuhan.hear(whole, told.some_id())
    after = await asked()

    assert (before["verdict"], before["missing"]) == ("undecided", ["district.filings"])
    assert after["verdict"] == "broken"


async def test_a_filing_entered_late_is_believed_of_the_days_before_it_was_entered(wuhan):
    entered = date(2026, 10, 1)
    late = filing(as_of=entered, filed_on=date(2026, 3, 9), status="filed")
    await wuhan.hear(late, late.filing_id)

    async def shown(day):
        answer = await wuhan.ask(actor("city_bureau"), "deadlines", as_of=day)
        return [(i["done_on"], i["status"]) for i in answer.json()["items"]]

    assert await shown("2026-04-01") == [("2026-03-09", "done")]
    assert await shown("2026-03-08") == [(None, "due")]


async def test_a_document_handed_in_again_leaves_what_was_said_of_the_days_before(wuhan):
    one = told.some_id()
    first = filing(filing_id=one, filed_on=date(2026, 3, 9), status="filed")
    back = filing(
        filing_id=one, filed_on=date(2026, 3, 9), returned_on=date(2026, 3, 20), status="returned"
    )
    again = filing(filing_id=one, filed_on=date(2026, 4, 10), status="filed")
    taken = filing(
        filing_id=one, filed_on=date(2026, 4, 10), received_on=date(2026, 4, 12), status="received"
    )
    for event in (first, back, again, taken):
        await wuhan.hear(event, one)

    async def shown(day):
        answer = await wuhan.ask(actor("city_bureau"), "deadlines", as_of=day)
        return [(i["done_on"], i["status"]) for i in answer.json()["items"]]

    assert await shown("2026-03-15") == [("2026-03-09", "done")]
    assert await shown("2026-03-25") == [(None, "due")]
    assert await shown("2026-04-11") == [("2026-04-10", "done_late")]


async def test_a_target_set_late_is_of_all_days_and_a_withdrawal_of_those_from_it_on(heard):
    city, one = "450200", told.some_id()
    await heard.hear(told.pack(city), told.some_id(), city)
    await heard.hear(target(target_id=one, as_of=date(2026, 5, 1)), one, city)
    gone = target(target_id=one, as_of=date(2026, 9, 1), status="withdrawn")
    await heard.hear(gone, one, city)
    await heard.hear(target(target_id=one, as_of=date(2026, 10, 1)), one, city)
    bureau = actor("city_bureau", city)

    async def base(day):
        found = await heard.verdicts(f"city:{city}", bureau, as_of=day)
        return found["certified-doubled"]["facts"].get("city.certified_2020")

    days = ("2024-01-01", "2026-08-31", "2026-09-01", "2026-10-01")
    assert [await base(day) for day in days] == [200, 200, None, 200]


def target(**more):
    said = {
        "target_id": told.some_id(),
        "as_of": date(2021, 1, 1),
        "kind": "certified",
        "year": 2023,
        "due_on": date(2023, 12, 31),
        "tier": None,
        "speciality": None,
        "division": None,
        "amount": 400,
        "unit": "count",
        "baseline_year": 2020,
        "baseline": 200,
        "status": "active",
        **CITED,
    }
    return TargetChanged(**said | more)


def test_the_baseline_is_what_the_citys_target_says():
    one = plain(target())

    assert figures.baseline([one]) == {"certified_2020": 200}
    assert figures.baseline([one | {"status": "withdrawn"}]) == {}


async def test_deadlines_are_listed_within_reach_filtered_and_counted(wuhan):
    mine, other = filing(), filing(division="420103", filed_on=date(2026, 3, 1), status="filed")
    for event in (mine, other):
        await wuhan.hear(event, event.filing_id)
    whole, undated = duty(), duty(due_on=None, division="420103")
    for event in (whole, undated):
        await wuhan.hear(event, event.duty_id)

    async def items(who=None, **asked):
        answer = await wuhan.ask(who or actor("city_bureau"), "deadlines", **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    everything = await items()
    none = {"due": 0, "done_late": 0}
    assert everything["counts"] == none | {"late": 2, "done": 1, "undated": 1}
    assert [i["kind"] for i in everything["items"]] == ["filing", "filing", "duty", "duty"]
    assert [i["id"] for i in (await items(status="undated"))["items"]] == [str(undated.duty_id)]
    assert [i["id"] for i in (await items(status="done"))["items"]] == [str(other.filing_id)]
    duties = [i["id"] for i in (await items(kind="duty"))["items"]]
    assert duties == [str(whole.duty_id), str(undated.duty_id)]
    assert [i["id"] for i in (await items(district="420102"))["items"]] == [str(mine.filing_id)]
    first = await items(limit=1)
    rest = await items(limit=2, after=first["next"])
    last = await items(limit=5, after=rest["next"])
    assert [len(each["items"]) for each in (first, rest, last)] == [1, 2, 1]
    assert (await items(as_of="2026-03-31"))["counts"]["late"] == 0


async def test_a_bureau_sees_the_whole_citys_deadlines_too_and_a_station_its_own(wuhan):
    station = told.some_id()
    own = filing(filer="station", station_id=station, division="420102007")
    near, far, whole = filing(), filing(division="420103"), duty()
    for event in (own, near, far):
        await wuhan.hear(event, event.filing_id)
    await wuhan.hear(whole, whole.duty_id)

    async def seen(role, **more):
        answer = await wuhan.ask(actor(role, **more), "deadlines")
        return {i["id"] for i in answer.json().get("items", [answer.status_code])}

    here = {str(own.filing_id), str(near.filing_id), str(whole.duty_id)}
    assert await seen("district_bureau", division="420102") == here
    assert await seen("city_bureau") == here | {str(far.filing_id)}
    for role in ("station_head", "worker"):
        assert await seen(role, station_id=station) == {str(own.filing_id)}
    for role in ("evaluator", "agency", "supervisor", "worker"):
        answer = await wuhan.ask(actor(role), "deadlines")
        assert answer.status_code == 403, role


async def test_a_duty_noted_late_is_believed_of_the_day_it_was_done(wuhan):
    entered, one = date(2026, 10, 1), told.some_id()
    for done in ([], [date(2026, 6, 20)]):
        await wuhan.hear(duty(duty_id=one, as_of=entered, done_on=done), one)
    gone = date(2026, 11, 1)
    await wuhan.hear(duty(duty_id=one, as_of=gone, status="dropped"), one)
    again = duty(duty_id=one, as_of=date(2026, 11, 10), done_on=[date(2026, 6, 20)])
    await wuhan.hear(again, one)

    async def seen(day):
        answer = await wuhan.ask(actor("city_bureau"), "deadlines", as_of=day)
        return [i["status"] for i in answer.json()["items"]]

    days = ("2026-06-19", "2026-07-01", "2026-11-01", "2026-11-10")
    assert [await seen(day) for day in days] == [["due"], ["done"], [], ["done"]]


async def test_coverage_has_tiers_and_years(wuhan, divided):
    await divided("420102")
    for code, tier, opened in (
        ("420102002", "township", "2023-05-01"),
        ("420102003", "township", "2025-05-01"),
        ("420102002001", "community", "2024-05-01"),
        ("420102", "county", "2024-05-01"),
    ):
        station = told.some_id()
        when = date.fromisoformat(opened)
        await wuhan.hear(told.station(station, code, tier=tier, as_of=when, open_on=when), station)

    async def asked(**more):
        return (await wuhan.ask(actor("city_bureau"), "coverage", **more)).json()

    township = await asked(by_year="true")
    assert [(y["year"], y["covered"]) for y in township["years"]] == [
        (2023, 1),
        (2024, 1),
        (2025, 2),
    ]
    assert all(any(t["rule"] == "coverage" for t in y["targets"]) for y in township["years"])
    community = await asked(tier="community")
    assert (community["covered"], community["outside_townships"]) == (1, 0)
    assert community["denominator"]["count"] > 1
    [row] = community["divisions"]
    assert row["covered"] == 1
    assert row["units"] == community["denominator"]["count"]
    county = await asked(tier="county")
    assert (county["covered"], county["share"]) == (1, "1.0000")
    assert "years" not in county


async def test_a_station_entered_late_covers_its_township_since_it_opened(wuhan, divided):
    await divided("420102")
    station, began = told.some_id(), date(2024, 5, 1)
    stages = [{"status": "open", "on": "2024-05-01"}, {"status": "closed", "on": "2026-01-31"}]
    late = told.station(
        station, "420102002", as_of=date(2026, 3, 1), open_on=began, status="closed", stages=stages
    )
    await wuhan.hear(late, station)

    async def covered(**asked):
        return (await wuhan.ask(actor("city_bureau"), "coverage", **asked)).json()

    assert (await covered())["covered"] == 0
    assert (await covered(as_of="2024-04-30"))["covered"] == 0
    assert (await covered(as_of="2026-01-30"))["covered"] == 1
    years = (await covered(by_year="true"))["years"]
    assert [(y["year"], y["covered"]) for y in years] == [(2024, 1), (2025, 1)]
