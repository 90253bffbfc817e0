"""Where a city's text goes beyond the law above it, the check says so with both clauses."""

from datetime import date
from pathlib import Path

import pytest

from chassis.packs import Jurisdiction, Sources
from chassis.packs.limits import against_law
from chassis.packs.sources import Layer
from deploy.policies import subjects

CN = (Path(__file__).parents[2] / "policies" / "cn" / "pack.yaml").read_text(encoding="utf-8")
CITY = """
pack: "990100"
kind: city
name: {{zh: 某市, en: Town}}
area: "9901"
extends: [cn]
documents: {{plan: {{title: 计划, in_force: 2024-01-01}}}}
{more}
"""
SELECTION = """
parameters:
  wanted: {{unit: criterion, many: true, value: [{words}], cite: plan 三}}
rules:
  selection:
    id: [T-3]
    cite: plan 三
    subject: tender
    require: param.wanted.all(c, c in tender.criteria)
    say: {{zh: 评审, en: criteria}}
"""
TERM = """
parameters:
  longest: {{unit: {unit}, value: {value}, cite: plan 四}}
rules:
  term:
    id: [T-4]
    cite: plan 四
    subject: contract
    require: contract.end < plus_months(contract.start, {times}param.longest)
    say: {{zh: 期限, en: term}}
"""
REGISTERED = """
rules:
  local:
    id: [T-5]
    cite: plan 五
    subject: agency
    require: "{require}"
    say: {zh: 本地, en: local}
"""


def city(more: str) -> Jurisdiction:
    layers = (
        Layer("cn", CN, "cn/pack.yaml"),
        Layer("990100", CITY.format(more=more), "990100/pack.yaml"),
    )
    return Jurisdiction.of(Sources("990100", layers), subjects())


def said(more: str) -> list[str]:
    return [str(trouble) for trouble in against_law(city(more))]


@pytest.mark.parametrize(
    ("unit", "value", "times", "over"),
    [
        ("months", 36, "", False),
        ("months", 37, "", True),
        ("years", 3, "12 * ", False),
        ("years", 4, "12 * ", True),
        ("months", 12, "", False),
    ],
)
def test_a_term_above_the_laws_cap_is_named_with_both_clauses(unit, value, times, over):
    found = said(TERM.format(unit=unit, value=value, times=times))

    assert bool(found) is over
    for each in found:
        assert "plan 四 ↔ order102 第二十四条" in each
        assert each.startswith("990100/pack.yaml:")


def test_a_criterion_of_place_is_named_with_both_clauses():
    assert said(SELECTION.format(words="price, quality")) == []

    [found] = said(SELECTION.format(words="price, local"))

    assert "plan 三 ↔ procurement 第五条" in found
    assert "(criterion.local)" in found


def test_a_rule_that_asks_where_an_agency_is_registered_is_named():
    assert said(REGISTERED.replace("{require}", "agency.provides_stations")) == []

    [found] = said(REGISTERED.replace("{require}", "agency.registered_in == '990101'"))

    assert "plan 五 ↔ procurement 第五条" in found


def test_what_the_pack_says_itself_is_said_once():
    declared = (
        SELECTION.format(words="local")
        + """
conflicts:
  place: {cite: plan 三, against: procurement 第五条, what: {zh: 本地优先, en: local first}}
"""
    )

    [found] = said(declared)

    assert "本地优先" in found


def test_a_city_may_not_loosen_what_is_final_above():
    loosened = "parameters:\n  contract_years_max: {unit: years, value: 5, cite: plan 四}\n"

    with pytest.raises(Exception, match="`contract_years_max` is final in `cn`"):
        city(loosened)


def test_a_longer_term_is_refused_whatever_the_city_writes():
    j = city(TERM.format(unit="years", value=5, times="12 * "))
    facts = {"contract": {"start": "2024-03-01", "end": "2028-02-29", "budget_secured": True}}

    words = {v.rule: v.word for v in j.judge("contract", facts, "990101", date(2024, 6, 1))}

    assert (words["term"], words["contract-cap"]) == ("met", "broken")
