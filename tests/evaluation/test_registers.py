"""Training and supervision heard of become verdicts, and only once their registers are whole."""

from datetime import date

import pytest

from contracts.registry import (
    LinkChanged,
    RegisterChanged,
    Supervised,
    SupervisionChanged,
    SupervisionDay,
    SupervisorChanged,
    TrainingChanged,
)
from services.evaluation.models import Sheet
from tests import told
from tests.conftest import who
from tests.evaluation.test_verdicts import signed
from tests.http import actor

CITY = "450200"
BUREAU = actor("city_bureau", CITY)
WHOLE = date(2026, 1, 1)


@pytest.fixture
async def town(heard):
    """A station in Liuzhou with one worker and a contract since the year began."""
    await heard.hear(told.pack(CITY), told.some_id(), CITY)
    heard.station, heard.worker = told.some_id(), told.some_id()
    station = told.station(heard.station, division="450202001")
    await heard.hear(station, heard.station, CITY)
    worker = told.worker(heard.worker, told.posting(heard.station))
    await heard.hear(worker, heard.worker, CITY)
    contract = signed(heard.station, told.some_id())
    await heard.hear(contract, contract.contract_id, CITY)
    return heard


async def opened(town, *names):
    for name in names:
        event = RegisterChanged(name=name, complete_from=WHOLE)
        await town.hear(event, told.some_id(), CITY)


async def guided(town, **more):
    """Give the station a supervisor, who serves on no station."""
    person, supervisor = told.some_id(), told.some_id()
    await town.hear(told.worker(person, **{"sw_years": 6.0} | more), person, CITY)
    stations = [Supervised(station_id=town.station, starts_on=WHOLE, ends_on=None)]
    event = SupervisorChanged(
        supervisor_id=supervisor,
        worker_id=person,
        as_of=WHOLE,
        hired_by="agency",
        agency_id=None,
        full_time=False,
        talent_level=None,
        starts_on=WHOLE,
        ends_on=None,
        stations=stations,
    )
    await town.hear(event, supervisor, CITY)
    return person, supervisor


async def visited(town, supervisor, *days, hours=8.0):
    visit = told.some_id()
    event = SupervisionChanged(
        supervision_id=visit,
        station_id=town.station,
        supervisor_id=supervisor,
        as_of=days[-1],
        status="held",
        kind="on_site",
        days=[SupervisionDay(day=day, hours=hours) for day in days],
        recorded_on=None,
    )
    await town.hear(event, visit, CITY)


async def verdict(town, kind, identity, rule):
    """Return what is answered, after seeing that the same is stored."""
    await town.judge(CITY)
    asked = await town.verdicts(f"{kind}:{identity}", BUREAU)
    return asked[rule]


async def test_training_hours_are_broken_only_once_the_register_is_whole(town):
    before = await verdict(town, "worker", town.worker, "training")
    await opened(town, "trainings")
    after = await verdict(town, "worker", town.worker, "training")

    assert (before["verdict"], before["missing"]) == (
        "undecided",
        ["worker.training_hours_this_year"],
    )
    assert after["verdict"] == "broken"
    assert after["facts"]["worker.training_hours_this_year"] == 0


async def test_a_training_makes_its_people_and_nobody_else_due(town):
    await opened(town, "trainings")
    await town.judge(CITY)
    event = TrainingChanged(
        training_id=told.some_id(),
        as_of=date(2026, 3, 3),
        status="held",
        kind="practice",
        mode="online",
        hours=48.0,
        starts_on=date(2026, 3, 2),
        ends_on=date(2026, 3, 3),
        worker_ids=[town.worker],
    )
    await town.hear(event, event.training_id, CITY)

    line = await verdict(town, "worker", town.worker, "training")

    assert line["verdict"] == "met"
    cancelled = event.model_copy(update={"status": "cancelled", "worker_ids": []})
    await town.hear(cancelled, event.training_id, CITY)
    assert (await verdict(town, "worker", town.worker, "training"))["verdict"] == "broken"


async def test_a_training_whose_days_were_wrong_is_not_believed_of_the_days_between(town):
    await opened(town, "trainings")
    event = TrainingChanged(
        training_id=told.some_id(),
        as_of=date(2026, 3, 3),
        status="held",
        kind="practice",
        mode="online",
        hours=48.0,
        starts_on=date(2026, 3, 2),
        ends_on=date(2026, 3, 3),
        worker_ids=[town.worker],
    )
    await town.hear(event, event.training_id, CITY)
    later = {"starts_on": date(2026, 9, 2), "ends_on": date(2026, 9, 3)}
    await town.hear(event.model_copy(update=later), event.training_id, CITY)

    asked = await town.verdicts(f"worker:{town.worker}", BUREAU, as_of="2026-06-30")

    assert asked["training"]["facts"]["worker.training_hours_this_year"] == 0


async def test_two_days_of_one_visit_fill_the_hours_and_a_month_without_one_is_broken(town):
    await opened(town, "supervisions", "supervisors")
    _, supervisor = await guided(town)
    for month in range(1, 11):
        await visited(town, supervisor, date(2026, month, 5), date(2026, month, 6))

    await town.judge(CITY)
    stored = await words_of(town, "station", town.station)

    assert stored["supervised-monthly"] == stored["supervision-length"] == "met"
    await visited(town, supervisor, date(2026, 10, 20), hours=15.5)
    short = await verdict(town, "station", town.station, "supervision-length")
    assert short["verdict"] == "broken"


async def test_a_full_month_without_a_supervision_is_broken_once_the_register_is_whole(town):
    before = await verdict(town, "station", town.station, "supervised-monthly")
    await opened(town, "supervisions")
    after = await verdict(town, "station", town.station, "supervised-monthly")

    assert (before["verdict"], after["verdict"]) == ("undecided", "broken")


async def words_of(town, kind, identity):
    """Return stored words by rule."""
    async with town.database.begin(who(CITY)) as tx:
        row = await tx.get(Sheet, kind, str(identity))
    return {rule: word for rule, word, _ in (text.split(":") for text in row.verdicts)}


async def test_a_supervisors_own_experience_is_the_persons(town):
    await opened(town, "supervisors")
    person, supervisor = await guided(town)
    await town.judge(CITY)
    before = (await words_of(town, "station", town.station))["supervisor-inside"]

    await town.hear(told.worker(person, sw_years=0.5), person, CITY)
    await town.judge(CITY)

    after = (await words_of(town, "station", town.station))["supervisor-inside"]
    assert (before, after) == ("met", "broken")
    sheet = await town.ask(BUREAU, "compliance", subject=f"supervisor:{supervisor}")
    assert sheet.status_code == 200
    out = await town.ask(
        actor("supervisor", CITY, worker_id=told.some_id()),
        "compliance",
        subject=f"supervisor:{supervisor}",
    )
    assert out.status_code == 404


def link(centre, below, **more):
    said = {
        "link_id": told.some_id(),
        "as_of": WHOLE,
        "kind": "supervises",
        "from_kind": "station",
        "from_id": centre,
        "to_kind": "station",
        "to_id": below,
        "starts_on": WHOLE,
        "ends_on": None,
    }
    return LinkChanged(**said | more)


async def test_a_centre_that_supervises_a_station_is_known_by_its_link(wuhan):
    station, centre = told.some_id(), told.some_id()
    await wuhan.hear(told.station(station), station)
    await wuhan.hear(told.station(centre, "420102", tier="county"), centre)

    async def guided():
        await wuhan.judge()
        async with wuhan.database.begin(who()) as tx:
            row = await tx.get(Sheet, "station", str(station))
        return next(text.split(":")[1] for text in row.verdicts if text.startswith("guided:"))

    assert await guided() == "undecided"
    over = link(centre, station)
    await wuhan.hear(over, over.link_id)
    assert await guided() == "met"
    closed = told.station(centre, "420102", tier="county", status="closed")
    await wuhan.hear(closed, centre)
    assert await guided() == "undecided"
    await wuhan.hear(RegisterChanged(name="links", complete_from=WHOLE), told.some_id())
    assert await guided() == "broken"


async def test_a_centre_nobody_has_told_of_yet_is_not_known_to_be_none(wuhan):
    station = told.some_id()
    await wuhan.hear(told.station(station), station)
    tie = link(told.some_id(), station)
    await wuhan.hear(tie, tie.link_id)
    await wuhan.hear(RegisterChanged(name="links", complete_from=WHOLE), told.some_id())

    asked = await wuhan.verdicts(f"station:{station}")

    assert asked["guided"]["verdict"] == "undecided"


@pytest.mark.parametrize(
    "more",
    [{"kind": "dispatches"}, {"ends_on": date(2026, 10, 31)}, {"tier": "township"}],
)
async def test_no_other_tie_is_supervision_by_a_centre(wuhan, more):
    station, above = told.some_id(), told.some_id()
    tier = more.pop("tier", "county")
    await wuhan.hear(told.station(station), station)
    await wuhan.hear(told.station(above, "420102", tier=tier), above)
    tie = link(above, station, **more)
    await wuhan.hear(tie, tie.link_id)
    await wuhan.hear(RegisterChanged(name="links", complete_from=WHOLE), told.some_id())

    asked = await wuhan.verdicts(f"station:{station}")

    assert asked["guided"]["verdict"] == "broken"


async def test_who_runs_no_station_is_known_once_contracts_are_whole(town):
    agency = told.some_id()
    await town.hear(told.agency(agency, business_scope="保洁"), agency, CITY)

    before = await verdict(town, "agency", agency, "agency-scope")
    await opened(town, "contracts")
    after = await verdict(town, "agency", agency, "agency-scope")

    assert (before["verdict"], before["missing"]) == ("undecided", ["agency.provides_stations"])
    assert after["verdict"] == "not_applicable"
