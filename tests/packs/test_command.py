"""`shegong policies`, as a pack author meets it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from chassis.packs.yaml12 import Located
from deploy.policies import policies

SHIPPED = Path(__file__).parents[2] / "policies"


@pytest.fixture
def root(tmp_path) -> Path:
    shutil.copytree(SHIPPED / "cn", tmp_path / "cn")
    return tmp_path


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(policies, [str(word) for word in words])
    return result.exit_code, result.output


def test_a_new_pack_checks_clean_and_its_cases_notice_every_change(root):
    assert run("new", "990100", "--root", root)[0] == 0

    code, said = run("check", "990100", "--mutate", "--root", root)

    assert code == 0, said
    assert "1 rules of" in said
    assert "5 of 5 changes noticed (100.0 %)" in said
    assert run("new", "990100", "--root", root)[0] == 1


def test_a_wrong_line_fails_the_check_with_its_place(root):
    run("new", "990100", "--root", root)
    pack = root / "990100" / "pack.yaml"
    pack.write_text(pack.read_text().replace("w.on_station", "w.on_staton"))

    code, said = run("check", "--root", root)

    assert code == 1
    assert f"{pack}:16:49: no fact `on_staton` in Worker; did you mean `on_station`?" in said
    assert "cn " in said  # the other packs are checked all the same


def test_a_case_that_disagrees_fails_the_check(root):
    run("new", "990100", "--root", root)
    cases = root / "990100" / "cases.yaml"
    cases.write_text(cases.read_text().replace("[[here, away], broken]", "[[here, away], met]"))

    code, said = run("check", "990100", "--root", root)

    assert code == 1
    assert "on-station is broken, expected met" in said


def test_an_unnoticed_flip_fails_the_check_only_with_mutate(root):
    run("new", "990100", "--root", root)
    cases = root / "990100" / "cases.yaml"
    text = cases.read_text().replace("[[here, here], met]", "[[here, here, here], met]")
    cases.write_text(text.replace("      - [[here, open], undecided]\n", ""))

    assert run("check", "990100", "--root", root)[0] == 0
    code, said = run("check", "990100", "--mutate", "--root", root)

    assert code == 1
    assert "no case notices on-station: _>=_ to _>_" in said


def test_explain_shows_how_a_rule_came_to_its_verdict(root, tmp_path):
    run("new", "990100", "--root", root)
    facts = tmp_path / "facts.yaml"
    facts.write_text("station: {tier: township, workers: [{on_station: true}]}\n")
    asked = ("--pack", "990100", "--facts", facts, "--as-of", "2024-06-01", "--root", root)

    line = json.loads(run("explain", "on-station", *asked)[1])

    assert (line["verdict"], line["let"]) == ("broken", {"present": 1})
    assert line["written"]["require"] == "present >= param.on_station_min"
    assert "did you mean `on-station`" in run("explain", "on-staton", *asked)[1]
    facts.write_text("station: {teir: township}\n")
    assert "/station/teir" in run("explain", "on-station", *asked)[1]


def test_diff_names_what_changed(root):
    run("new", "990100", "--root", root)
    shutil.copytree(root, root.parent / "later", dirs_exist_ok=True)
    pack = root.parent / "later" / "990100" / "pack.yaml"
    pack.write_text(pack.read_text().replace("value: 2, cite", "value: 3, cite"))

    code, said = run("diff", root / "990100", root.parent / "later" / "990100")

    assert code == 0
    assert "~ 990100 parameters on_station_min" in said
    assert said.count("~") == 1


def test_the_schemas_accept_the_shipped_files_and_refuse_a_slip(tmp_path):
    assert run("schema", tmp_path)[0] == 0

    schema = json.loads((tmp_path / "pack.schema.json").read_text())
    validator = Draft202012Validator(schema)
    for path in SHIPPED.glob("*/pack.yaml"):
        data = json.loads(json.dumps(Located(path.read_text(), path.name).data, default=str))
        assert list(validator.iter_errors(data)) == []
    assert not validator.is_valid({"pack": "x", "kind": "town"})
    assert "x-vocabulary" in (tmp_path / "facts.worker.schema.json").read_text()
