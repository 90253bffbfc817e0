"""Targets: met by the number of the day, due on the day the number began."""

from datetime import date

import pytest

from chassis.packs import Jurisdiction, Sources
from chassis.packs.sources import Layer
from services.evaluation.decide.targets import targets
from services.evaluation.rules import SHEETS

TEXT = """
pack: "999900"
kind: city
name: {zh: 试市, en: Trial}
area: "9999"
documents:
  plan: {title: 试行计划, issued: 2021-07-12, in_force: 2021-07-12}
parameters:
  coverage_min:
    unit: percent
    values:
      - {from: 2021-12-31, value: 70, cite: plan 一}
      - {from: 2022-12-31, value: 100, cite: plan 一}
  centres_due: {unit: date, value: 2023-12-31, cite: plan 一}
  steady: {unit: percent, value: 10, cite: plan 一}
rules:
  coverage:
    id: T-1
    cite: plan 一
    subject: city
    modality: target
    let: {share: "percent(city.townships_with_station, city.townships)"}
    require: share >= param.coverage_min
    say: {zh: "覆盖率{share}%", en: "{share} %"}
  centres:
    id: T-2
    cite: plan 一
    subject: city
    modality: target
    when: day >= param.centres_due
    require: city.centres > 0
    say: {zh: 中心, en: centre}
  steady:
    id: T-3
    cite: plan 一
    subject: city
    modality: target
    require: percent(city.townships_with_station, city.townships) >= param.steady
    say: {zh: 站, en: station}
  no-target:
    id: T-4
    cite: plan 一
    subject: city
    require: city.stations > 0
    say: {zh: 站, en: station}
"""
TRIAL = Jurisdiction.of(Sources("999900", (Layer("999900", TEXT, "pack.yaml"),)), SHEETS)


def goals(day, stations=0, of=120):
    facts = {
        "code": "999900",
        "townships": of,
        "townships_with_station": stations,
        "centres": 0,
        "stations": 0,
    }
    found = targets(TRIAL, "city", "9999", facts, day, "zh")
    return {goal["rule"]: goal for goal in found}


@pytest.mark.parametrize(
    ("stations", "of", "verdict"),
    [(84, 120, "met"), (83, 120, "broken"), (83, 118, "met"), (42, 120, "broken")],
)
def test_seventy_percent_is_reached_or_not_by_the_denominator(stations, of, verdict):
    assert goals(date(2021, 12, 31), stations, of)["coverage"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("day", "verdict", "due"),
    [
        (date(2021, 12, 30), "not_applicable", "2021-12-31"),
        (date(2021, 12, 31), "met", "2021-12-31"),
        (date(2022, 12, 30), "met", "2021-12-31"),
        (date(2022, 12, 31), "broken", "2022-12-31"),
    ],
)
def test_a_target_is_due_the_day_its_number_begins(day, verdict, due):
    goal = goals(day, 84)["coverage"]

    assert (goal["verdict"], goal["due"]) == (verdict, due)


def test_a_date_the_rule_compares_with_is_its_due_date():
    assert goals(date(2023, 1, 1))["centres"]["due"] == "2023-12-31"
    assert goals(date(2024, 1, 1))["centres"]["verdict"] == "broken"


def test_a_number_as_old_as_its_document_has_no_due_date():
    assert goals(date(2022, 1, 1), 60)["steady"]["due"] is None


def test_only_targets_are_shown():
    assert set(goals(date(2022, 1, 1))) == {"coverage", "centres", "steady"}
