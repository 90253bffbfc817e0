"""Three values: what the CEL runtime decides without a fact, and what it must not."""

from datetime import date

import pytest

from chassis.packs.helpers import plus_months
from tests.packs.town import one_rule, word

DAY = date(2022, 6, 1)

YES, NO, OPEN = "met", "broken", "undecided"


@pytest.mark.parametrize(
    ("require", "station", "expected"),
    [
        ("station.demo && station.brands > 0", {"demo": False}, NO),
        ("station.brands > 0 && station.demo", {"demo": False}, NO),
        ("station.demo && station.brands > 0", {"demo": True}, OPEN),
        ("station.demo || station.brands > 0", {"demo": True}, YES),
        ("station.brands > 0 || station.demo", {"demo": True}, YES),
        ("station.brands > 0 || station.demo", {"demo": False}, OPEN),
        ("!station.demo", {}, OPEN),
        ("station.workers.exists(w, w.full_time)", {"workers": [{}, {"full_time": True}]}, YES),
        ("station.workers.exists(w, w.full_time)", {"workers": [{}, {"full_time": False}]}, OPEN),
        ("station.workers.all(w, w.full_time)", {"workers": [{}, {"full_time": False}]}, NO),
        ("station.workers.all(w, w.full_time)", {"workers": [{}, {"full_time": True}]}, OPEN),
        ("station.workers.all(w, w.full_time)", {"workers": []}, YES),
        ("station.workers.all(w, w.full_time)", {}, OPEN),
        (
            "station.months.filter(m, m.visits > 0).size() >= 1",
            {"months": [{}, {"visits": 2}]},
            OPEN,
        ),
        ("station.months.exists_one(m, m.visits > 0)", {"months": [{}, {"visits": 2}]}, OPEN),
        ("'case' in station.rooms", {}, OPEN),
        ("station.brands > 0 ? true : station.demo", {"demo": True}, OPEN),
    ],
)
def test_and_or_exists_and_all_may_decide_without_a_fact_and_nothing_else_may(
    require, station, expected
):
    assert word(one_rule(require), "it", {"station": station}) == expected


@pytest.mark.parametrize(
    ("require", "station", "expected"),
    [
        ("station.demo ? true : true", {}, YES),
        ("station.demo || !station.demo", {}, YES),
        ("station.tier == 'township' || station.tier == 'community'", {}, YES),
        ("station.tier == 'township'", {}, OPEN),
        (
            "station.workers.filter(w, w.full_time).size() >= 1",
            {"workers": [{"full_time": True}, {}]},
            YES,
        ),
        (
            "station.workers.filter(w, w.full_time).size() >= 2",
            {"workers": [{"full_time": False}, {}]},
            NO,
        ),
        ("station.head_cert == null || station.head_cert != null", {}, YES),
    ],
)
def test_a_handful_of_possible_facts_is_tried_in_every_combination(require, station, expected):
    assert word(one_rule(require), "it", {"station": station}) == expected


def test_beyond_sixty_four_combinations_nothing_is_tried():
    rule = one_rule("station.workers.filter(w, w.full_time).size() >= 1")
    sure, open_ = {"full_time": True}, {}

    assert word(rule, "it", {"station": {"workers": [sure, *[open_] * 6]}}) == "met"
    assert word(rule, "it", {"station": {"workers": [sure, *[open_] * 7]}}) == "undecided"


def test_an_undecided_verdict_names_the_place_of_every_missing_fact():
    j = one_rule("station.workers.filter(w, w.cert == 'senior').size() >= 2")
    workers = [{"cert": "senior"}, {"full_time": True}, {}]

    [verdict] = j.judge("station", {"station": {"workers": workers}}, "990101", DAY, rules={"it"})

    assert verdict.word == "undecided"
    assert verdict.missing == ["station.workers[1].cert", "station.workers[2].cert"]


def test_a_sheet_that_is_missing_altogether_is_named():
    j = one_rule("contract.end > contract.start && station.demo", subject="contract")
    contract = {"start": "2022-01-01", "end": "2022-02-01"}

    [verdict] = j.judge("contract", {"contract": contract}, "990101", DAY, rules={"it"})

    assert (verdict.word, verdict.missing) == ("undecided", ["station"])


def test_known_to_be_none_is_not_unknown():
    j = one_rule("station.plaque != null && fits(station.plaque, '某市.+站')")

    assert word(j, "it", {"station": {"plaque": None}}) == "broken"
    assert word(j, "it", {"station": {"plaque": "某市甲站"}}) == "met"
    assert word(j, "it", {"station": {"plaque": "某市甲站点"}}) == "broken"
    assert word(j, "it", {"station": {}}) == "undecided"


@pytest.mark.parametrize(
    ("require", "subject", "facts", "why"),
    [
        (
            "percent(city.with_station, city.townships) >= 50.0",
            "city",
            {"with_station": 0, "townships": 0},
            "a share of nothing has no answer",
        ),
        (
            "station.last_supervised == null ? station.last_supervised < day : true",
            "station",
            {"last_supervised": None},
            "a fact known to be none was used",
        ),
    ],
)
def test_where_a_helper_has_no_answer_the_verdict_says_why(require, subject, facts, why):
    j = one_rule(require, subject=subject)

    [verdict] = j.judge(subject, {subject: facts}, "990101", DAY, rules={"it"})

    assert (verdict.word, list(verdict.missing)) == ("undecided", [])
    assert verdict.why["en"] == why


@pytest.mark.parametrize(
    ("require", "station", "expected"),
    [
        ("plus_months(station.opened_on, 1) == station.opened_on", {"opened_on": "2021-01-31"}, NO),
        ("day <= plus_months(station.opened_on, 24)", {"opened_on": "2020-06-01"}, YES),
        ("day <= plus_months(station.opened_on, 24)", {"opened_on": "2020-05-31"}, NO),
        ("days_between(station.opened_on, day) == 1", {"opened_on": "2022-05-31"}, YES),
        ("year(station.opened_on) == 2021", {"opened_on": "2021-12-31"}, YES),
        ("ceil_div(station.brands, 2) == 2", {"brands": 3}, YES),
        ("larger(station.brands, 5) == 5", {"brands": 3}, YES),
        (
            "station.months.map(m, m.visits).sum() == 3",
            {"months": [{"visits": 1}, {"visits": 2}]},
            YES,
        ),
        ("[station.open_hours, 1.5].total() == 3.5", {"open_hours": 2.0}, YES),
    ],
)
def test_helpers_count_as_the_documents_do(require, station, expected):
    assert word(one_rule(require), "it", {"station": station}) == expected


@pytest.mark.parametrize(
    ("start", "months", "corresponding"),
    [
        ("2021-01-31", 1, "2021-02-28"),
        ("2020-01-31", 1, "2020-02-29"),
        ("2021-11-30", 3, "2022-02-28"),
        ("2021-12-31", 12, "2022-12-31"),
        ("2021-03-31", -1, "2021-02-28"),
    ],
)
def test_the_corresponding_day_is_clamped_to_the_end_of_its_month(start, months, corresponding):
    assert plus_months(start, months) == corresponding
