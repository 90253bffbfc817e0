"""Verdicts over days, areas and layers: what holds where and when."""

from datetime import date

import pytest

from chassis.packs import Jurisdiction, NoParameter, Waiver
from tests.packs.town import SUBJECTS, changed, one_rule, sources, text_of, town, word

CERTIFIED = {"full_time": True, "cert": "assistant"}
DAY = date(2022, 6, 1)


def staffed(number: int) -> dict:
    return {"station": {"tier": "township", "workers": [CERTIFIED] * number}}


@pytest.fixture(scope="module")
def city() -> Jurisdiction:
    return town()


@pytest.fixture(scope="module")
def district() -> Jurisdiction:
    return town("990102")


@pytest.mark.parametrize(
    ("on", "certified", "expected"),
    [
        ("2022-12-31", 3, "met"),
        ("2023-01-01", 3, "broken"),
        ("2023-01-01", 4, "met"),
        ("2021-07-12", 3, "met"),
        ("2021-07-11", 3, "not_applicable"),
    ],
)
def test_the_latest_value_counts_from_its_day_and_none_before_its_document(
    city, on, certified, expected
):
    assert word(city, "certified-staff", staffed(certified), on) == expected


def test_the_longest_area_wins_over_a_later_date(city):
    assert word(city, "certified-staff", staffed(2), "2023-06-01", "990102001") == "met"
    assert word(city, "certified-staff", staffed(2), "2023-06-01", "990101001") == "broken"


def test_the_nearest_layer_wins_in_the_same_area(district):
    assert word(district, "certified-staff", staffed(2), "2022-06-30", "990102") == "met"
    assert word(district, "certified-staff", staffed(2), "2022-07-01", "990102") == "broken"
    assert word(district, "certified-staff", staffed(5), "2022-07-01", "990102") == "met"


def test_a_nearer_rule_replaces_the_whole_rule_once_its_document_is_in_force(district):
    one_room = {"station": {"rooms": ["case"]}}

    assert word(district, "rooms", one_room, "2022-06-30", "990102") == "broken"
    assert word(district, "rooms", one_room, "2022-07-01", "990102") == "met"


def test_a_rule_switched_off_is_not_even_listed(city, district):
    led = {"station": {}, "stated": {"party_led": False}}

    assert word(city, "led", led) == "broken"
    assert word(district, "led", led, area="990102") == "absent"


def test_a_layer_may_bind_a_part_of_the_city_and_wins_there():
    east = """
pack: east
kind: layer
name: {zh: 东部, en: East}
area: ["990103", "990104"]
documents: {order: {title: 东部令, in_force: 2021-01-01}}
rules:
  hours: {cite: order 一, subject: station, require: station.open_hours >= 10.0, say: {zh: 十小时, en: ten hours}}
"""
    texts = changed("extends: [land]", "extends: [land, east]")
    land, own = texts.layers
    j = Jurisdiction.of(sources(land=land.text, east=east, t990100=own.text), SUBJECTS)
    six = {"station": {"open_hours": 6.0}}

    assert word(j, "hours", six, area="990101") == "met"
    assert word(j, "hours", six, area="990103001") == "broken"
    assert word(j, "hours", six, area="990104001") == "broken"


def test_an_area_outside_is_read_as_the_whole_jurisdiction(city):
    assert word(city, "certified-staff", staffed(3), area="990100") == "met"
    assert (
        word(town("990102"), "rooms", {"station": {"rooms": ["case"]}}, "2022-07-01", "990100")
        == "met"
    )


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2020-12-31", "not_applicable"),
        ("2021-01-01", "broken"),
        ("2021-12-31", "broken"),
        ("2022-01-01", "not_applicable"),
    ],
)
def test_a_document_that_lapses_takes_its_rules_along(city, on, expected):
    assert word(city, "piloted", {"station": {"rooms": []}}, on) == expected


def test_a_document_that_goes_on_after_its_end_is_marked_as_ended(city):
    for on, ended in ((date(2023, 12, 31), False), (date(2024, 1, 1), True)):
        [verdict] = city.judge("station", {"station": {"rooms": []}}, "990101", on, rules={"rooms"})

        assert verdict.word == "broken"
        assert verdict.line()["cite"]["ended"] is ended


def test_a_document_is_in_force_until_the_day_before_the_one_that_replaces_it(city):
    five = {"station": {"open_hours": 5.0}}

    assert word(city, "hours", five, "2023-12-31") == "broken"
    assert word(city, "hours", five, "2024-01-01") == "not_applicable"


def test_a_parameter_without_a_value_yet_is_the_due_date(city):
    covered = {"city": {"townships": 10, "with_station": 7}}
    [early] = city.judge("city", covered, "990100", date(2021, 12, 30), rules={"coverage"})

    assert early.word == "not_applicable"
    assert early.why == {"zh": "参数尚无取值：coverage_min", "en": "no value yet: coverage_min"}
    assert word(city, "coverage", covered, "2021-12-31") == "met"
    assert word(city, "coverage", covered, "2022-12-31") == "broken"


def test_what_an_operator_has_not_said_is_missing_with_its_key(city):
    pay = {"month_end": "2022-05-31", "wage_class": "county", "cert": "none", "pay": 1}
    [unsaid] = city.judge("payroll", {"payroll": pay}, "990101", DAY)
    [before] = city.judge("payroll", {"payroll": {**pay, "month_end": "2021-07-31"}}, "990101", DAY)

    assert (unsaid.word, unsaid.missing) == ("undecided", ["param.minimum_wage[county]"])
    assert (before.word, before.missing) == ("undecided", ["param.minimum_wage"])


def test_the_day_a_rule_names_decides_which_parameters_count():
    values = "{value: 100, from: 2020-01-01, cite: plan 一}, {value: 200, from: 2022-01-01, cite: plan 一}"
    more = f"parameters: {{floor: {{unit: fen, values: [{values}]}}}}"
    j = one_rule("payroll.pay >= param.floor", subject="payroll", more=more)
    dated = sources(
        land=text_of("land"),
        t990100=j.sources.layers[-1].text.replace(
            "    when:", "    at: payroll.month_end\n    when:"
        ),
    )
    by_month = Jurisdiction.of(dated, SUBJECTS)
    pay = {"payroll": {"month_end": "2021-12-31", "pay": 150}}

    assert word(j, "it", pay, "2022-06-01") == "broken"
    assert word(by_month, "it", pay, "2022-06-01") == "met"
    [open_] = by_month.judge("payroll", {"payroll": {"pay": 150}}, "990101", DAY)
    assert (open_.word, open_.missing) == ("undecided", ["payroll.month_end"])


def test_a_waiver_passes_what_is_broken_for_its_days_and_nothing_else(city):
    waiver = Waiver("rooms", date(2022, 5, 1), date(2022, 6, 1), "city.bureau", "改造中")
    facts = {"station": {"rooms": []}}

    def judged(on, rooms=facts):
        [verdict] = city.judge("station", rooms, "990101", on, rules={"rooms"}, waivers=[waiver])
        return verdict

    assert judged(DAY).word == "waived"
    assert judged(DAY).line()["waiver"] == {
        "who": "city.bureau",
        "why": "改造中",
        "from": "2022-05-01",
        "until": "2022-06-01",
    }
    assert judged(date(2022, 4, 30)).word == "broken"
    assert judged(date(2022, 6, 2)).word == "broken"
    assert judged(DAY, {"station": {}}).word == "undecided"
    assert judged(DAY, {"station": {"rooms": ["case", "group"]}}).word == "met"


def test_a_parameter_comes_with_its_kind_unit_and_clause(city):
    days = city.parameter("reply_days", "990101", DAY)
    wage = city.parameter("minimum_wage", "990101", DAY, key="urban")
    rooms = city.parameter("rooms", "990101", DAY)

    assert (days.value, days.kind, days.unit, days.cite) == (
        5,
        "local_default",
        "working_day",
        None,
    )
    assert (wage.value, wage.kind) == (100000, "operator")
    assert rooms.cite == {
        "document": "三年行动计划",
        "number": None,
        "clause": "二",
        "ids": ["T-2-a"],
        "ended": False,
    }


def test_a_parameter_nobody_has_is_named_with_the_likely_one(city):
    with pytest.raises(NoParameter, match="no parameter `reply_day`; did you mean `reply_days`"):
        city.parameter("reply_day", "990101", DAY)
    with pytest.raises(NoParameter, match="no value for `county`"):
        city.parameter("minimum_wage", "990101", DAY, key="county")
    with pytest.raises(NoParameter, match="no value on 2021-07-31"):
        city.parameter("minimum_wage", "990101", date(2021, 7, 31))


def test_a_changed_fact_touches_the_rules_that_read_it(city):
    assert city.touched(["station.rooms"]) == {"rooms", "piloted"}
    assert city.touched(["station.workers[].cert"]) == {"certified-staff"}
    assert city.touched(["station.workers"]) == {"certified-staff"}
    assert city.touched(["payroll.month_end"]) == {"pay"}
    assert city.touched(["stated.party_led"]) == {"led"}
    assert city.touched(["station.name"]) == set()


def test_time_passing_touches_rules_that_read_the_day_and_the_days_of_change(city):
    assert city.daily == {"supervised"}
    assert date(2022, 12, 31) in city.change_days
    assert date(2022, 1, 1) in city.change_days  # the pilot's document has lapsed


def test_calendar_denominators_and_vocabulary_are_those_of_all_layers(city):
    assert city.holidays == {date(2022, 4, 14), date(2022, 10, 1)}
    assert city.workdays == {date(2022, 4, 16)}
    assert [each.source for each in city.denominators["townships"]] == ["stated", "nbs"]
    assert city.broader("cert", "senior") == ["senior", "worker"]
    assert (city.id, city.kind, city.layers, city.prefixes) == (
        "990100",
        "city",
        ("land", "990100"),
        ("9901",),
    )


def test_other_values_can_be_supposed_without_touching_the_pack(city):
    supposed = city.supposing({"certified_min": 1})
    dated = city.supposing({"certified_min": [{"value": 1, "from": "2022-06-01"}]})

    assert word(supposed, "certified-staff", staffed(1)) == "met"
    assert word(dated, "certified-staff", staffed(1), "2022-06-01") == "met"
    assert word(dated, "certified-staff", staffed(1), "2022-05-31") == "not_applicable"
    assert word(city, "certified-staff", staffed(1)) == "broken"


def test_facts_are_judged_the_same_in_any_order_of_days(city):
    days = [date(2024, 1, 1), date(2021, 1, 1), date(2022, 12, 31), date(2021, 12, 31)]
    facts = {"station": {**staffed(3)["station"], "rooms": [], "open_hours": 6.0}}

    once = {day: [str(v) for v in city.judge("station", facts, "990101", day)] for day in days}
    again = {
        day: [str(v) for v in town().judge("station", facts, "990101", day)]
        for day in reversed(days)
    }

    assert once == again
