"""Worked cases, mutation and forgetting: who tries the packs, and are they honest."""

import pytest

from chassis.packs import Jurisdiction, Troubles
from chassis.packs.cases import Cases, load_cases, run_cases
from chassis.packs.forget import forget
from chassis.packs.mutate import mutate
from tests.packs.town import FIXTURES, one_rule, town

HEAD = """
cases:
  - name: a
    subject: station
    on: 2022-06-01
    area: "990101"
"""


@pytest.fixture(scope="module")
def city() -> Jurisdiction:
    return town()


@pytest.fixture(scope="module")
def cases(city) -> Cases:
    return load_cases(FIXTURES / "990100" / "cases.yaml", city)


def written(tmp_path, j: Jurisdiction, body: str) -> Cases:
    path = tmp_path / "cases.yaml"
    path.write_text(HEAD + body, encoding="utf-8")
    return load_cases(path, j)


def test_the_invented_city_agrees_with_its_cases(city, cases):
    assert run_cases(city, cases) == []
    assert len(cases.all) > 30


def test_every_row_that_disagrees_is_named_with_its_line(tmp_path):
    j = one_rule("station.brands > 1")
    cases = written(
        tmp_path,
        j,
        "    columns: [station.brands, it]\n    rows:\n      - [1, met]\n      - [2, broken]\n",
    )

    said = [(trouble.line, trouble.text) for trouble in run_cases(j, cases)]

    assert said == [
        (9, "a / row 1: it is broken, expected met"),
        (10, "a / row 2: it is met, expected broken"),
    ]


def test_a_rule_without_a_met_or_a_broken_row_is_named(tmp_path):
    j = one_rule("station.brands > 1")
    cases = written(tmp_path, j, "    columns: [station.brands, it]\n    rows: [[2, met]]\n")

    assert [each.text for each in run_cases(j, cases)] == ["rule it has no case that is broken"]


def test_all_over_a_list_needs_a_row_where_it_is_empty(tmp_path):
    j = one_rule("station.workers.all(w, w.full_time)")
    people = "    people: {f: {full_time: true}, p: {full_time: false}}\n"
    rows = "    columns: [station.workers, it]\n    rows: [[[f], met], [[p], broken]]\n"

    said = run_cases(j, written(tmp_path, j, people + rows))
    quiet = run_cases(
        j, written(tmp_path, j, people + rows.replace("rows: [", "rows: [[[], met], "))
    )

    assert [each.text for each in said] == [
        "rule it has no case where station.workers is empty: is it met then?"
    ]
    assert quiet == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "    columns: [station.brands, itt]\n    rows: [[1, met]]\n",
            "no rule `itt`; did you mean `it`?",
        ),
        (
            "    columns: [station.brands, it]\n    rows: [[1, mett]]\n",
            "`mett` is no verdict; did you mean `met`?",
        ),
        ("    columns: [station.brands, it]\n    rows: [[1]]\n", "1 cells under 2 columns"),
        (
            "    columns: [station.brand, it]\n    rows: [[1, met]]\n",
            "no fact `brand` in Station; did you mean `brands`?",
        ),
        ("    columns: [staton.brands, it]\n    rows: [[1, met]]\n", "not part of a station"),
        ("    columns: [stated.x, it]\n    rows: [[1, met]]\n", "no stated fact `stated.x`"),
        ("    facts: {station: {brand: 1}}\n    columns: [it]\n    rows: [[met]]\n", "`brands`"),
        (
            "    columns: [station.tier, it]\n    rows: [[townshop, met]]\n",
            "did you mean `township`?",
        ),
        ("    columns: [on, it]\n    rows: [[soon, met]]\n", "`on` is a date"),
        (
            "    parameters: {brands_min: 1}\n    columns: [it]\n    rows: [[met]]\n",
            "no parameter `brands_min`",
        ),
        ("    columnz: [it]\n    columns: [it]\n    rows: [[met]]\n", "columnz"),
    ],
)
def test_a_row_that_is_no_case_is_named(tmp_path, body, text):
    with pytest.raises(Troubles) as wrong:
        written(tmp_path, one_rule("station.brands > 1"), body)

    assert any(text in trouble.text for trouble in wrong.value.all)


def test_every_change_of_the_invented_city_is_noticed_by_its_cases(city, cases):
    flips = [mutant for mutant in mutate(city, cases) if mutant.flip]

    assert len(flips) > 20
    assert [mutant.what for mutant in flips if not mutant.noticed] == []
    assert run_cases(city, cases) == []  # every change was taken back


def test_a_comparison_no_case_pins_down_is_found(tmp_path):
    j = one_rule("station.brands >= 2 && !station.demo")
    rows = "    facts: {station: {demo: false}}\n    columns: [station.brands, it]\n    rows: [[3, met], [1, broken]]\n"

    missed = [m for m in mutate(j, written(tmp_path, j, rows)) if not m.noticed]

    assert any("_>=_ to _>_" in mutant.what and mutant.flip for mutant in missed)
    assert any("_&&_ loses a side" in mutant.what for mutant in missed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_verdict_flips_when_facts_are_forgotten(city, cases, seed):
    tried, unsound = forget(city, cases.all, seed, rounds=40)

    assert tried > 1000
    assert unsound == []


def test_forgetting_would_find_a_guess(tmp_path):
    j = one_rule("station.brands > 1")
    cases = written(
        tmp_path, j, "    columns: [station.brands, it]\n    rows: [[2, met], [1, broken]]\n"
    )
    [entry] = j.rules["it"]
    entry.item.compiled.program = j.environment("station").compile(
        "has(station.brands) ? 9001 : 9000"
    )

    _, unsound = forget(j, cases.all, 1, rounds=5)

    assert any("met -> broken" in each for each in unsound)
