"""The shipped packs: they load, their cases hold, and no verdict of theirs is a guess."""

from pathlib import Path

import pytest

from chassis.packs import Jurisdiction, Sources, Subjects, load_folder, packs_in
from chassis.packs.cases import load_cases, run_cases
from chassis.packs.forget import forget
from chassis.packs.mutate import mutate
from contracts.facts import GATES, SUBJECTS

ROOT = Path(__file__).parents[2] / "policies"
CODES = packs_in(ROOT)


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


def test_the_cases_notice_every_flipped_comparison(j, cases):
    assert [m.what for m in mutate(j, cases) if m.flip and not m.noticed] == []


def test_no_verdict_flips_when_facts_are_forgotten(j, cases):
    tried, unsound = forget(j, cases.all, seed=1, rounds=5)

    assert tried > 0
    assert unsound == []


def test_it_is_small_enough_to_travel_and_the_same_when_it_arrives(j):
    assert Sources.read(j.sources.merged()).version == j.version
