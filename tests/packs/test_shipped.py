"""The shipped packs: they load, their cases hold, and no verdict of theirs is a guess."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from chassis.packs import Jurisdiction, Sources, Subjects, Waiver, load_folder, packs_in
from chassis.packs.cases import load_cases, run_cases
from chassis.packs.compiling import Compiled
from chassis.packs.forget import forget
from chassis.packs.mutate import mutate
from contracts.facts import GATES, SUBJECTS
from deploy.policies import NOTICED

ROOT = Path(__file__).parents[2] / "policies"
CODES = packs_in(ROOT)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def subjects() -> Subjects:
    return Subjects.of(SUBJECTS, GATES)


@pytest.fixture(scope="module", params=CODES)
def j(request, subjects) -> Jurisdiction:
    return Jurisdiction.of(load_folder(ROOT, request.param), subjects)


@pytest.fixture(scope="module")
def cases(j):
    return load_cases(ROOT / j.id / "cases.yaml", j)


def test_every_case_holds_and_every_rule_is_tried(j, cases):
    assert [str(trouble) for trouble in run_cases(j, cases)] == []


def test_the_cases_notice_every_flipped_comparison_and_95_of_100_changes(j, cases):
    tried = list(mutate(j, cases))

    assert [m.what for m in tried if m.flip and not m.noticed] == []
    assert 100 * sum(m.noticed for m in tried) >= NOTICED * len(tried)


def test_no_verdict_flips_when_facts_are_forgotten(j, cases):
    tried, unsound = forget(j, cases.all, seed=1, rounds=5)

    assert tried > 0
    assert unsound == []


def test_it_is_small_enough_to_travel_and_the_same_when_it_arrives(j):
    assert Sources.read(j.sources.merged()).version == j.version


def test_every_rule_has_a_row_for_each_verdict_it_can_have(j, cases):
    for rid, compiled in own(j).items():
        tried = {case.expected[rid] for case in cases.all if rid in case.expected}
        wanted = {"met", "broken", "undecided"}
        if compiled.rule.when != "true":
            wanted |= {"not_applicable"}

        assert wanted <= tried, f"{rid}: no row that is {wanted - tried}"


def test_a_waiver_lets_what_is_broken_pass_for_its_days_and_nothing_else(j, cases):
    for case in cases.all:
        under = j.supposing(case.under) if case.under else j
        rules = case.expected.keys()
        now, before = (case.on, case.on), (case.on - DAY, case.on - DAY)
        waived, as_is = (
            under.judge(
                case.subject,
                case.facts,
                case.area,
                case.on,
                rules=set(rules),
                waivers=[Waiver(rid, *days, "bureau", "reason") for rid in rules],
            )
            for days in (now, before)
        )

        for one, other in zip(waived, as_is, strict=True):
            assert one.word == ("waived" if other.word == "broken" else other.word)
            assert (one.waiver is not None) == (other.word == "broken")


def test_nothing_holds_before_its_document_and_all_holds_on_after_a_plan_that_continues(j, cases):
    for rid, compiled in own(j).items():
        if compiled.rule.at != "day":
            continue
        start = date.fromisoformat(compiled.cite.start)
        for case in (each for each in cases.all if rid in each.expected):
            early = j.judge(case.subject, case.facts, case.area, start - DAY, rules={rid})
            assert all(verdict.dormant for verdict in early), rid
        until = compiled.cite.document.until
        if until is not None and compiled.cite.document.after == "continue":
            case = next(each for each in cases.all if rid in each.expected)
            [late] = j.judge(case.subject, case.facts, case.area, until + DAY, rules={rid})
            assert late.line()["cite"]["ended"] is True
            assert not late.dormant or compiled.parameters


def own(j: Jurisdiction) -> dict[str, Compiled]:
    """Return the pack's own rules as they are judged."""
    newest = {rid: versions[-1].item.compiled for rid, versions in j.rules.items()}
    return {rid: each for rid, each in newest.items() if each and each.pack == j.id}
