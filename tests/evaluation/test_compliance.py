"""Verdict sheets from events: two times, unknown facts, and whose verdicts a caller may see."""

from datetime import UTC, date, datetime

from chassis.events import Envelope
from contracts.registry import PackActivated
from services.evaluation import gather, queries
from services.evaluation.models import Fact
from services.evaluation.reactions import reactions
from tests import told
from tests.conftest import NOW, who
from tests.http import actor

LATE = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
WORKERS = 3


async def staffed(city, workers=WORKERS, **more):
    """Tell of a station with full-time workers."""
    station = told.some_id()
    await city.hear(told.station(station, **more), station)
    for _ in range(workers):
        worker = told.some_id()
        await city.hear(told.worker(worker, told.posting(station)), worker)
    return station


async def test_a_station_heard_of_by_events_is_judged_with_clause_and_facts(wuhan):
    station = await staffed(wuhan)

    answer = await wuhan.ask(actor("city_bureau"), "compliance", subject=f"station:{station}")

    assert answer.status_code == 200, answer.text
    sheet = answer.json()
    assert sheet["subject"] == {"kind": "station", "id": str(station)}
    assert sheet["pack"] == {"id": "420100", "version": told.shipped("420100")[0]}
    assert sum(sheet["counts"].values()) == len(sheet["verdicts"])
    line = next(v for v in sheet["verdicts"] if v["rule"] == "full-time")
    assert line["verdict"] == "met"
    assert line["let"]["full_time"] == WORKERS
    assert line["cite"]["number"] == "武民政〔2021〕26号"


async def test_as_of_asks_the_day_a_fact_speaks_of(wuhan):
    station = await staffed(wuhan, workers=2)
    worker = told.some_id()
    await wuhan.hear(told.worker(worker, told.posting(station, starts_on=date(2023, 3, 1))), worker)

    before = await wuhan.verdicts(f"station:{station}", as_of="2023-02-28")
    after = await wuhan.verdicts(f"station:{station}", as_of="2023-03-01")

    assert (before["full-time"]["verdict"], after["full-time"]["verdict"]) == ("broken", "met")


async def test_known_at_gives_the_answer_of_then_before_a_late_fact(wuhan):
    station = await staffed(wuhan, workers=2)
    worker = told.some_id()
    asked = {"as_of": "2026-10-31"}
    await wuhan.hear(told.worker(worker, told.posting(station)), worker, at=LATE)

    then = await wuhan.verdicts(f"station:{station}", known_at="2026-11-05T00:00:00Z", **asked)
    now = await wuhan.verdicts(f"station:{station}", **asked)

    assert (then["full-time"]["verdict"], now["full-time"]["verdict"]) == ("broken", "met")


async def test_a_station_is_judged_as_it_stood_not_as_it_stands(wuhan):
    station = told.some_id()
    await wuhan.hear(told.station(station, facts={"rooms": ["office"]}), station)
    full = {"rooms": ["office", "case", "group", "multi"]}
    changed = told.station(station, as_of=date(2024, 1, 1), facts=full)
    await wuhan.hear(changed, station, at=LATE)

    before = await wuhan.verdicts(f"station:{station}", as_of="2023-12-31")
    after = await wuhan.verdicts(f"station:{station}", as_of="2024-01-01")

    assert (before["rooms"]["verdict"], after["rooms"]["verdict"]) == ("broken", "met")


async def test_what_nobody_told_is_never_met(wuhan):
    station = await staffed(wuhan, workers=0)

    verdicts = await wuhan.verdicts(f"station:{station}")

    assert verdicts["rooms"]["verdict"] == "undecided"
    assert verdicts["rooms"]["missing"] == ["station.rooms"]
    told_of = {"name", "tier", "mode", "open_on", "division", "domains", "workers"}
    for line in verdicts.values():
        if line["verdict"] == "met":
            read = {path.split(".")[1].removesuffix("[]") for path in line["facts"]}
            assert read <= told_of, line


async def test_a_restored_producers_word_replaces_what_it_said_before(wuhan):
    station = told.some_id()
    for rooms in (["office"], ["office", "case"]):
        await wuhan.hear(told.station(station, facts={"rooms": rooms}), station)
    again = told.station(station, facts={"rooms": ["office", "case", "group", "multi"]})
    restored = Envelope.wrap(
        again, city="420100", aggregate_id=station, version=1, epoch=2, time=LATE
    )

    await reactions.deliver([restored], wuhan.database)

    now = await wuhan.verdicts(f"station:{station}")
    then = await wuhan.verdicts(f"station:{station}", known_at="2026-11-05T00:00:00Z")
    assert (now["rooms"]["verdict"], then["rooms"]["verdict"]) == ("met", "broken")


async def test_a_later_pack_counts_from_its_day_and_once_it_was_known(wuhan):
    station = await staffed(wuhan)
    _, text = told.shipped("420100")
    more = text.replace("{central: 3, new: 2}", "{central: 4, new: 4}")
    stricter = PackActivated(version="stricter", in_force=date(2025, 1, 1), text=more)
    await wuhan.hear(stricter, told.some_id(), at=LATE)

    before = await wuhan.verdicts(f"station:{station}", as_of="2024-12-31")
    after = await wuhan.verdicts(f"station:{station}", as_of="2025-01-01")
    then = await wuhan.verdicts(
        f"station:{station}", as_of="2025-01-01", known_at="2026-11-05T00:00:00Z"
    )

    since = await wuhan.verdicts(
        f"station:{station}", as_of="2025-01-01", known_at="2026-11-12T00:00:00Z"
    )

    words = [sheet["full-time"]["verdict"] for sheet in (before, after, then, since)]
    assert words == ["met", "broken", "met", "broken"]


async def test_before_the_first_pack_the_first_one_judges(heard):
    await heard.hear(told.pack("420100", in_force=date(2026, 1, 1)), told.some_id())
    station = await staffed(heard)

    verdicts = await heard.verdicts(f"station:{station}", as_of="2024-06-30")

    assert verdicts["full-time"]["verdict"] == "met"


async def test_hearing_twice_keeps_one_fact(wuhan):
    station = told.some_id()
    said = wuhan.tell(told.station(station), station)

    first = await reactions.deliver([said], wuhan.database)
    second = await reactions.deliver([said], wuhan.database)

    assert [*first.values(), *second.values()] == ["applied", "duplicate"]
    async with wuhan.database.begin(who()) as tx:
        assert await tx.count(Fact) == 1


async def test_a_subject_nobody_told_of_and_one_out_of_reach_look_the_same(wuhan):
    station = await staffed(wuhan)
    agency = told.some_id()
    run = told.some_id()
    await wuhan.hear(told.station(run, "420103001", operator_id=agency), run)
    callers = {
        "own district": (actor("district_bureau", division="420102"), station, 200),
        "other district": (actor("district_bureau", division="420103"), station, 404),
        "own station": (actor("station_head", station_id=station), station, 200),
        "own worker": (actor("worker", station_id=station), station, 200),
        "other station": (actor("worker", station_id=run), station, 404),
        "operator": (actor("agency", agency_id=agency), run, 200),
        "other agency": (actor("agency", agency_id=told.some_id()), run, 404),
        "auditor": (actor("auditor"), station, 200),
        "evaluator": (actor("evaluator"), station, 404),
        "supervisor": (actor("supervisor"), station, 404),
        "partner": (actor("partner"), station, 403),
        "absent": (actor("city_bureau"), told.some_id(), 404),
    }

    for label, (caller, subject, status) in callers.items():
        answer = await wuhan.ask(caller, "compliance", subject=f"station:{subject}")
        assert answer.status_code == status, label


async def test_a_worker_is_judged_at_the_station_that_caller_reaches(wuhan):
    station, worker = told.some_id(), told.some_id()
    await wuhan.hear(told.station(station), station)
    await wuhan.hear(told.worker(worker, told.posting(station), sw_years=1.0), worker)

    verdicts = await wuhan.verdicts(f"worker:{worker}")
    foreign = await wuhan.ask(
        actor("district_bureau", division="420103"), "compliance", subject=f"worker:{worker}"
    )

    assert verdicts["experienced"]["verdict"] == "broken"
    assert verdicts["experienced"]["severity"] == "warning"
    assert foreign.status_code == 404


async def test_a_worker_is_judged_by_the_certificate_of_that_day(wuhan):
    station, worker = told.some_id(), told.some_id()
    await wuhan.hear(told.station(station), station)
    post = told.posting(station)
    await wuhan.hear(told.worker(worker, post, cert="none", cert_on=None), worker)
    passed = told.worker(worker, post, as_of=date(2024, 1, 1), cert_on=date(2024, 1, 1))
    await wuhan.hear(passed, worker, at=LATE)

    async def held(day):
        when = queries.When(date.fromisoformat(day), NOW)
        async with wuhan.database.begin(who()) as tx:
            state = await queries.one(tx, "station", station, when)
            [found] = await gather.families(tx, [state], when)
            facts = found.cases[0].facts["station"]
        return [each["cert"] for each in facts["workers"]]

    assert await held("2023-12-31") == ["none"]
    assert await held("2024-01-01") == ["assistant"]
    assert (await wuhan.verdicts(f"worker:{worker}", as_of="2023-12-31"))["experienced"][
        "verdict"
    ] == "broken"


async def test_a_worker_at_no_station_is_the_citys_to_see(wuhan):
    worker = told.some_id()
    await wuhan.hear(told.worker(worker), worker)
    district = actor("district_bureau", division="420102")

    city = await wuhan.verdicts(f"worker:{worker}")
    other = await wuhan.ask(district, "compliance", subject=f"worker:{worker}")

    assert city["experienced"]["verdict"] == "not_applicable"
    assert other.status_code == 404


async def test_what_is_no_subject_is_named(wuhan):
    strange = await wuhan.ask(actor("city_bureau"), "compliance", subject="tree:1")
    shapeless = await wuhan.ask(actor("city_bureau"), "compliance", subject="station")
    unknown = await wuhan.ask(actor("city_bureau"), "compliance", subject="city:420100", day="x")

    assert (strange.status_code, strange.json()["errors"][0]["at"]) == (422, "?/subject")
    assert (shapeless.status_code, unknown.status_code) == (422, 400)
