"""Every row of a document has an answer, and every answer has something behind it."""

import shutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from chassis.packs import Jurisdiction, load_folder, packs_in
from chassis.packs.clauses import KINDS, answers
from contracts.facts import AWAITED, GATES, SUBJECTS
from deploy.policies import policies, subjects
from deploy.traceability import built, catalogue, counted, traceability, untraced
from services.evaluation.gather import FINDERS
from services.registry.facts import strange_words
from services.registry.shapes import WriteDuty

ROOT = Path(__file__).parents[2] / "policies"
TRACED = [code for code in packs_in(ROOT) if catalogue(ROOT / code)]


def load(root: Path, code: str) -> Jurisdiction:
    return Jurisdiction.of(load_folder(root, code), subjects())


@cache
def shipped(code: str) -> Jurisdiction:
    return load(ROOT, code)


@pytest.fixture(scope="module")
def page() -> str:
    return traceability(ROOT, subjects())


@pytest.fixture
def root(tmp_path) -> Path:
    for name in ("cn", "652301"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def wrong(root: Path, old: str = "", new: str = "") -> list[str]:
    pack = root / "652301" / "pack.yaml"
    text = pack.read_text(encoding="utf-8")
    assert old in text
    pack.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [trouble.text for trouble in untraced(load(root, "652301"), root / "652301")]


def test_the_five_documents_have_278_rows_each_answered_once():
    rows = Counter({code: len(catalogue(ROOT / code)) for code in TRACED})
    counts = sum((counted(shipped(code)) for code in TRACED), Counter())

    assert len(TRACED) == 5
    assert rows.total() == counts.total() == 278
    assert set(counts) <= set(KINDS)


@pytest.mark.parametrize("code", TRACED)
def test_no_row_is_without_an_answer_and_no_answer_without_a_row(code):
    assert untraced(shipped(code), ROOT / code) == []


@pytest.mark.parametrize("code", TRACED)
def test_a_rule_is_as_binding_as_a_row_it_answers_or_says_how_it_reads_it(code):
    j, rows = shipped(code), catalogue(ROOT / code)

    for name, rule in j.own.pack.rules.items():
        if rule.modality not in {rows[row][1] for row in rule.id}:
            assert rule.reading, f"{name} is {rule.modality}, {rule.id} are not"


@pytest.mark.parametrize("code", packs_in(ROOT))
def test_a_duty_can_be_entered_where_duties_are_kept(code):
    j = shipped(code)
    words = {name: set(known) for name, known in j.vocabulary.items()}

    for duty in j.own.pack.duties.values():
        asked = {"department": duty.who, "what": duty.what.zh, "every": duty.every}
        asked |= {"cite": duty.cite, "due_on": duty.due, "clause": (duty.ids or [None])[0]}
        entered = WriteDuty.model_validate(asked)
        assert list(strange_words(WriteDuty, entered.model_dump(mode="json"), words)) == []


def test_a_row_nobody_answers_is_named(root):
    assert wrong(root, "  CJ-2.1-c:", "  # CJ-2.1-c:") == ["nothing answers `CJ-2.1-c`"]


def test_an_answer_to_a_row_nobody_wrote_is_named(root):
    said = wrong(root, "ids: [CJ-7-c]", "ids: [CJ-7-d]")

    assert said == [
        "nothing answers `CJ-7-c`",
        "the catalogue has no `CJ-7-d`; did you mean `CJ-7-c`?",
    ]


@pytest.mark.parametrize(
    "pointer",
    [
        "route POST /v1/{city}/castles",
        "test tests/packs/test_traceability.py::test_of_castles",
        "test tests/packs/test_castles.py::test_of_castles",
    ],
)
def test_a_route_or_a_test_that_is_not_there_is_named(root, pointer):
    said = wrong(root, "by: document plan", f'by: "{pointer}"')

    assert said == [f"no {pointer}"]


@pytest.mark.parametrize(
    "pointer",
    [
        "route POST /v1/{city}/contracts",
        "test tests/packs/test_traceability.py::test_a_row_nobody_answers_is_named",
    ],
)
def test_a_route_or_a_test_that_is_there_stands_behind_a_row(root, pointer):
    assert wrong(root, "by: document plan", f'by: "{pointer}"') == []


@pytest.mark.parametrize(
    ("route", "there"), [("POST /v1/{city}/castles", False), ("POST /v1/{city}/contracts", True)]
)
def test_what_waits_for_something_is_pointed_out_once_it_is_there(root, route, there):
    waits = f'{{kind: unbuilt, waits: registry, by: "route {route}", why: 未建}}'

    assert (
        wrong(
            root,
            "CJ-2.1-c: {kind: unchecked, why: 说明办公用房的用途，不是要求}",
            f"CJ-2.1-c: {waits}",
        )
        == []
    )
    assert built(load(root, "652301")) == (["CJ-2.1-c"] if there else [])
    assert counted(load(root, "652301"))["unbuilt"] == 1


def test_the_check_says_where_a_document_is_against_the_law(root):
    said = CliRunner().invoke(policies, ["check", "652301", "--root", str(root)]).output

    assert "plan 二(三) ↔ procurement 第五条" in said
    assert "52 rows: " in said


def test_the_page_shows_every_row_with_its_answer(page):
    for code in TRACED:
        found = answers(shipped(code).own.pack)
        for row in catalogue(ROOT / code):
            [line] = [each for each in page.splitlines() if each.startswith(f"| {row} |")]
            assert f"| {found[row].kind} |" in line


def test_a_city_without_a_catalogue_needs_no_rows(root):
    (root / "652301" / "catalogue.yaml").unlink()

    assert wrong(root) == []


def test_a_subject_is_awaited_as_long_as_nobody_tells_it(page):
    told = {*FINDERS, "district", "city", *(subject for _, subject in GATES.values())}

    assert told.isdisjoint(AWAITED)
    assert told | AWAITED.keys() == SUBJECTS.keys()
    assert "`pay-floor` (payroll, must; waits for procurement)" in page
