"""How a verdict is put in words, and the sheet of all of them."""

from datetime import UTC, date, datetime

import pytest

from chassis.packs import Jurisdiction, sheet
from tests.packs.town import changed, town

DAY = date(2022, 6, 30)


@pytest.fixture(scope="module")
def city() -> Jurisdiction:
    return town()


def line(j: Jurisdiction, rule: str, facts: dict, language: str | None = None) -> dict:
    [verdict] = j.judge(j.subject_of(rule), facts, "990101", DAY, rules={rule})
    return verdict.line(language)


def test_a_line_has_rule_clause_facts_parameters_and_words(city):
    workers = [{"full_time": True, "cert": "senior"}, {"full_time": False, "cert": "none"}]

    assert line(city, "certified-staff", {"station": {"tier": "township", "workers": workers}}) == {
        "rule": "certified-staff",
        "verdict": "broken",
        "severity": "violation",
        "modality": "must",
        "effect": "monitor",
        "cite": {
            "document": "三年行动计划",
            "number": None,
            "clause": "一",
            "ids": ["T-1-a", "T-1-b"],
            "ended": False,
        },
        "facts": {
            "station.tier": "township",
            "station.workers[].cert": ["senior", "none"],
            "station.workers[].full_time": [True, False],
        },
        "let": {"certified": 1},
        "parameters": {"certified_min": {"value": 3, "kind": "policy", "cite": "plan 一"}},
        "missing": [],
        "waiver": None,
        "say": {"zh": "持证1人，应不少于3人", "en": "1 certified, at least 3"},
    }


def test_one_language_can_be_asked_for(city):
    said = line(city, "rooms", {"station": {"rooms": []}}, "en")

    assert said["say"] == "needs Case room, Group room"


def test_words_of_a_vocabulary_are_shown_by_name_and_money_in_yuan(city):
    pay = {"month_end": "2022-05-31", "wage_class": "urban", "cert": "assistant", "pay": 123456}

    assert line(city, "rooms", {"station": {"rooms": []}})["say"]["zh"] == "应设个案室、小组室"
    assert line(city, "pay", {"payroll": pay})["say"]["zh"] == "当月1,234.56元"


def test_of_a_table_the_entry_that_was_read_is_shown(city):
    pay = {"month_end": "2022-05-31", "wage_class": "urban", "cert": "assistant", "pay": 1}

    shown = line(city, "pay", {"payroll": pay})

    assert shown["parameters"] == {
        "minimum_wage": {"value": 100000, "kind": "operator", "cite": "示例", "key": "urban"},
        "pay_floor": {"value": 200.0, "kind": "policy", "cite": "plan 四", "key": "assistant"},
    }
    assert shown["let"] == {"floor": 20000000}


def test_what_is_unknown_is_a_question_mark_and_what_is_none_a_dash(city):
    unknown = line(city, "supervised", {"station": {}})
    none = line(city, "supervised", {"station": {"last_supervised": None}})

    assert (unknown["verdict"], unknown["say"]["zh"], unknown["facts"]) == (
        "undecided",
        "最近督导？",
        {},
    )
    assert unknown["missing"] == ["station.last_supervised"]
    assert (none["verdict"], none["say"]["zh"]) == ("broken", "最近督导—")
    assert none["facts"] == {"station.last_supervised": None}


@pytest.mark.parametrize(
    ("rule", "facts", "severity"),
    [
        ("rooms", {"station": {"rooms": []}}, "violation"),
        ("supervised", {"station": {"last_supervised": None}}, "warning"),
        ("led", {"stated": {"party_led": False}}, "hint"),
        ("coverage", {"city": {"townships": 10, "with_station": 1}}, "target"),
        ("monthly", {"station": {"months": [{"visits": 0}]}}, "overdue"),
        ("rooms", {"station": {"rooms": ["case", "group"]}}, None),
    ],
)
def test_how_bad_it_is_follows_from_how_binding_the_clause_is(city, rule, facts, severity):
    assert line(city, rule, facts)["severity"] == severity


def test_a_gate_is_named_in_the_line(city):
    facts = {"contract": {"start": "2022-01-01", "end": "2025-01-01"}}

    assert line(city, "contract-cap", facts)["effect"] == {"refuse": "buying.sign"}


def test_a_verdict_that_could_have_been_otherwise_says_why(city):
    shown = line(
        city,
        "certified-staff",
        {"station": {"tier": "township", "workers": [{"full_time": False}]}},
    )
    sleeping = line(city, "piloted", {"station": {"rooms": []}}, "zh")

    assert "why" not in shown
    assert sleeping["verdict"] == "not_applicable"
    assert sleeping["why"] == "当日没有生效的条款"


def test_a_sheet_counts_and_names_pack_version_day_and_when_it_was_known(city):
    facts = {"station": {"tier": "township", "workers": [], "rooms": ["case", "group"]}}
    verdicts = city.judge("station", facts, "990101", DAY)

    whole = sheet(city, "station:S-1", verdicts, DAY, datetime(2026, 11, 21, 2, tzinfo=UTC), "zh")

    assert whole["subject"] == {"kind": "station", "id": "S-1"}
    assert (whole["city"], whole["as_of"]) == ("990100", "2022-06-30")
    assert whole["known_at"] == "2026-11-21T10:00:00+08:00"
    assert whole["pack"] == {"id": "990100", "version": city.version}
    assert whole["counts"] == {
        "met": 1,
        "broken": 1,
        "waived": 0,
        "undecided": 5,
        "not_applicable": 1,
    }
    assert sum(whole["counts"].values()) == len(whole["verdicts"])


def test_the_version_changes_with_a_letter_of_any_layer(city):
    versions = {changed("pack: ", "# a word\npack: ", code).version for code in ("land", "990100")}

    assert len(city.version) == 12
    assert city.version == town().version
    assert len(versions | {city.version}) == 3
