"""Coverage: townships with a station over the townships the city's document counts."""

from datetime import date
from uuid import UUID

import pytest

from chassis.divisions import Division
from chassis.packs.model import Denominator
from services.evaluation.decide import coverage
from services.evaluation.decide.coverage import Ground
from services.evaluation.reactions import reactions
from tests import told
from tests.evaluation.test_compliance import LATE
from tests.http import actor

DAY = date(2022, 1, 1)


def township(code: str, name: str, system: str = "nbs") -> Division:
    return Division(system, date(2023, 6, 30), code, name, 4, code[:6], "town")


def at(division: str, **more):
    return told.station(told.some_id(), division, **more).model_dump(mode="json")


def ground(*townships: Division, **more) -> Ground:
    said = {"source": "nbs", "vintage": "2023-06-30", "count": len(townships), "system": "nbs"}
    return Ground(**said | {"townships": {t.code: t for t in townships}} | more)


TWO = ground(township("450202001", "城中街道"), township("450202100", "静兰镇"))


@pytest.mark.parametrize(
    ("number", "of", "share"),
    [(84, 120, "0.7000"), (83, 120, "0.6917"), (83, 118, "0.7034"), (0, 3, "0.0000"), (1, 0, None)],
)
def test_a_share_is_published_with_four_decimals(number, of, share):
    assert coverage.share(number, of) == share


def test_townships_are_counted_not_stations():
    found = coverage.covered([at("450202001"), at("450202001"), at("450202100003")], TWO)

    assert found.townships == {"450202001", "450202100"}


def test_only_open_township_stations_count():
    closed = [at("450202001", status="closed"), at("450202001", status="planned")]
    others = [at("450202001", tier="county"), at("450202001003", tier="community")]

    assert coverage.covered([*closed, *others], TWO).townships == set()


def test_a_station_in_no_counted_township_is_shown_beside():
    found = coverage.covered([at("450202400"), at("450202")], TWO)

    assert (found.townships, found.outside) == (set(), 2)


def test_a_station_under_the_other_systems_code_is_found_by_name_never_by_code():
    liugong, erliugong = "652301105", "652301104"
    counted = ground(
        township(liugong, "六工镇"),
        township("652301106", "二六工镇"),
        elsewhere=[township(erliugong, "六工镇", "mca"), township(liugong, "二六工镇", "mca")],
    )

    found = coverage.covered([at(erliugong, division_system="mca")], counted)

    assert found.townships == {liugong}


def test_without_an_edition_nothing_can_be_outside():
    found = coverage.covered([at("450202400")], ground(count=120, source="stated"))

    assert (found.townships, found.outside) == ({"450202400"}, 0)


def test_the_first_source_is_preferred_in_its_latest_year_not_after_the_day():
    entries = [
        Denominator(source="stated", year=2020, value=120),
        Denominator(source="nbs", year=2023, value=118),
        Denominator(source="stated", year=2022, value=118),
    ]

    assert coverage.preferred(entries, date(2021, 12, 31)).value == 120
    assert coverage.preferred(entries, date(2022, 1, 1)).value == 118
    assert coverage.preferred(entries, date(2019, 1, 1)).value == 120
    assert coverage.preferred([], DAY) is None


def test_a_figure_stated_for_the_whole_says_nothing_of_a_district():
    stated = ground(*TWO.townships.values(), source="stated", count=120)

    city = coverage.city_facts("450200", [at("450202001")], {}, stated)
    district = coverage.district_facts("450202", [at("450202001")], {}, stated)

    assert (city["townships"], city["townships_with_station"]) == (120, 1)
    assert "townships" not in district
    assert district["townships_with_station"] == 1


def test_certified_townships_are_unknown_while_a_worker_that_matters_is():
    station = at("450202001")
    post = told.posting(UUID(station["station_id"]), starts_on=date(2021, 1, 1))

    def people(*certs):
        return [
            told.worker(told.some_id(), post, cert=cert, cert_on=on).model_dump(mode="json")
            for cert, on in certs
        ]

    unknown_that_day = ("assistant", date(2022, 6, 1))
    certified = ("assistant", date(2020, 1, 1))

    def facts(*certs):
        held = coverage.certificates(DAY, people(*certs))
        return coverage.city_facts("450200", [station], held, TWO)

    assert facts(certified)["townships_with_certified"] == 1
    assert facts(("none", None))["townships_with_certified"] == 0
    assert "townships_with_certified" not in facts(unknown_that_day)
    assert facts(unknown_that_day, certified)["townships_with_certified"] == 1


async def test_a_citys_coverage_is_counted_by_the_denominator_its_pack_names(wuhan, divided):
    await divided("420102")
    for code in ("420102002", "420102002", "420102003", "420103001"):
        station = told.some_id()
        await wuhan.hear(told.station(station, code), station)

    answer = await wuhan.ask(actor("city_bureau"), "coverage", as_of="2024-01-01")

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["denominator"] == {"source": "nbs", "vintage": "2023-06-30", "count": 193}
    assert (shown["covered"], shown["outside_townships"]) == (2, 1)
    assert shown["share"] == "0.0104"
    [district] = shown["divisions"]
    assert (district["code"], district["covered"]) == ("420102", 2)
    assert district["units"] > 2
    goals = {(t["rule"], t["subject"]["id"]): t for t in shown["targets"]}
    whole = goals["coverage", "420100"]
    assert (whole["verdict"], whole["due"]) == ("broken", "2023-12-31")
    assert whole["cite"]["clause"] == "一(二)"
    assert goals["district-coverage", "420102"]["verdict"] == "broken"


async def test_liuzhou_reaches_seventy_percent_with_84_of_120_and_not_with_83(
    heard, divided, shipped_townships
):
    await divided("4502")
    await heard.hear(told.pack("450200"), told.some_id(), "450200")
    stations = {told.some_id(): code for code in shipped_townships("4502")[:84]}
    opened = [heard.tell(told.station(s, code), s, "450200") for s, code in stations.items()]
    await reactions.deliver(opened, heard.database)
    last, code = stations.popitem()
    closed = told.station(last, code, as_of=date(2021, 12, 31), status="closed")
    await heard.hear(closed, last, "450200", at=LATE)
    bureau = actor("city_bureau", "450200")

    async def shown(**asked):
        answer = (await heard.ask(bureau, "coverage", **asked)).json()
        goal = next(t for t in answer["targets"] if t["rule"] == "coverage")
        return answer["covered"], answer["share"], goal["verdict"]

    before = {"as_of": "2021-12-31", "known_at": "2026-11-05T00:00:00Z"}
    assert await shown(**before) == (84, "0.7000", "met")
    assert await shown(as_of="2021-12-31") == (83, "0.6917", "broken")
    assert (await shown(as_of="2021-12-30"))[:2] == (84, "0.7000")
    answer = (await heard.ask(bureau, "coverage", as_of="2021-12-31")).json()
    assert answer["denominator"] == {"source": "stated", "vintage": "2020", "count": 120}
    assert sum(row["covered"] for row in answer["divisions"]) == 83
    assert sum(row["units"] for row in answer["divisions"]) == 118


async def test_a_target_not_due_yet_says_when(wuhan, divided):
    await divided("420102")

    answer = await wuhan.ask(actor("auditor"), "coverage", as_of="2023-12-30")

    goal = next(t for t in answer.json()["targets"] if t["rule"] == "coverage")
    assert (goal["verdict"], goal["due"]) == ("not_applicable", "2023-12-31")


async def test_a_district_sees_the_citys_figure_and_its_own_row(wuhan, divided):
    await divided("4201")
    own = actor("district_bureau", division="420102")

    answer = (await wuhan.ask(own, "coverage", as_of="2024-01-01")).json()
    whole = await wuhan.ask(own, "compliance", subject="city:420100")
    mine = await wuhan.ask(own, "compliance", subject="district:420102")
    other = await wuhan.ask(own, "compliance", subject="district:420103")

    assert [d["code"] for d in answer["divisions"]] == ["420102"]
    assert {t["subject"]["id"] for t in answer["targets"]} == {"420100", "420102"}
    assert (whole.status_code, mine.status_code, other.status_code) == (404, 200, 404)


async def test_coverage_is_for_bureaus_and_auditors(wuhan):
    for role in ("evaluator", "partner", "worker", "agency"):
        assert (await wuhan.ask(actor(role), "coverage")).status_code == 403


def test_a_city_counts_its_own_centre_and_a_district_its_own():
    county = Division("nbs", date(2023, 6, 30), "450202", "城中区", 3, "4502", "county")
    counted = ground(*TWO.townships.values(), counties=[county])
    centres = [at("4502", tier="city"), at("450202", tier="county", district="450202")]

    city = coverage.city_facts("450200", centres, {}, counted)
    district = coverage.district_facts("450202", centres, {}, counted)

    assert (city["centres"], district["centres"]) == (1, 1)


def test_a_county_without_counties_counts_the_countys_centre():
    centre = at("652301", tier="county")

    assert coverage.city_facts("652301", [centre], {}, TWO)["centres"] == 1


def test_demonstration_studios_are_counted_apart_and_unknown_while_one_is():
    def studio(code, **facts):
        return at(code, tier="community", facts=facts)

    named = [studio("450202001001", demo=True), studio("450202001002", demo=False)]
    station = at("450202001", facts={"demo": True})

    facts = coverage.city_facts("450200", [*named, station], {}, TWO)
    unknown = coverage.city_facts("450200", [*named, studio("450202001003"), station], {}, TWO)

    assert (facts["demo_stations"], facts["demo_studios"]) == (1, 1)
    assert unknown["demo_stations"] == 1
    assert "demo_studios" not in unknown
