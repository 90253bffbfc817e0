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
    assert f"{pack}:17:49: no fact `on_staton` in Worker; did you mean `on_station`?" in said
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
    asked = ("--city", "990100", "--facts", facts, "--on", "2024-06-01", "--root", root)

    line = json.loads(run("explain", "on-station", *asked, "--json")[1])

    assert (line["verdict"], line["let"]) == ("broken", {"present": 1})
    assert line["written"]["require"] == "present >= param.on_station_min"
    assert "did you mean `on-station`" in run("explain", "on-staton", *asked)[1]
    facts.write_text("station: {teir: township}\n")
    said = run("explain", "on-station", *asked)[1]
    assert f"{facts}:1:11: /station/teir: no fact `teir` in Station; did you mean `tier`?" in said


def test_explain_says_in_both_languages_what_a_verdict_comes_from(root, tmp_path):
    run("new", "990100", "--root", root)
    facts = tmp_path / "facts.yaml"
    facts.write_text(
        "station: {tier: township, workers: [{on_station: true}, {full_time: true}]}\n"
    )

    # The rule is in one pack only, so that pack need not be named.
    said = run("explain", "on-station", "--facts", facts, "--on", "2024-06-01", "--root", root)[1]

    for part in (
        "on-station: 无法判断 / undecided",
        "  zh  驻站社工？人，不少于2人",
        "  en  ? on-station workers, at least 2 are due",
        "  《关于社会工作服务站建设的通知》二(一)",
        "  present = ?  ← station.workers.filter(w, w.on_station).size()",
        "  on_station_min = 2  (policy, notice 二(一))",
        '  station.tier = "township"',
        "缺少 missing\n  station.workers[1].on_station\n",
    ):
        assert part in said
    early = run("explain", "on-station", "--facts", facts, "--on", "2023-12-31", "--root", root)[1]
    assert "不适用 / not_applicable" in early
    assert "当日没有生效的条款" in early


def test_a_rule_of_several_packs_is_asked_of_one(root, tmp_path):
    run("new", "990100", "--root", root)
    run("new", "990200", "--root", root)
    facts = tmp_path / "facts.yaml"
    facts.write_text("station: {}\n")

    code, said = run("explain", "on-station", "--facts", facts, "--root", root)

    assert code == 1
    assert "`on-station` is in 990100, 990200: say which, --city CODE" in said


def test_a_misspelt_column_is_said_once_at_its_head(root):
    run("new", "990100", "--root", root)
    cases = root / "990100" / "cases.yaml"
    cases.write_text(cases.read_text().replace("[station.workers,", "[station.wrokers,"))

    said = run("check", "990100", "--root", root)[1]

    assert said.count("wrokers") == 1
    assert f"{cases}:9:15: no fact `wrokers` in Station; did you mean `workers`?" in said


def test_a_misspelt_fact_in_a_case_has_its_likely_word(root):
    run("new", "990100", "--root", root)
    cases = root / "990100" / "cases.yaml"
    cases.write_text(cases.read_text().replace("{on_station: false}", "{on_staton: false}"))

    said = run("check", "990100", "--root", root)[1]

    assert "no fact `on_staton` in Worker; did you mean `on_station`?" in said


def test_new_names_place_and_layer_as_it_is_told(root):
    layer = ("new", "990000", "--name-zh", "某省", "--name-en", "Province", "--area", "99")
    assert run(*layer, "--root", root)[0] == 0
    asked = ("--name-zh", "云州市", "--name-en", "Yunzhou", "--extends", "990000", "--root", root)
    assert run("new", "991200", *asked)[0] == 0

    pack = Located((root / "991200" / "pack.yaml").read_text(), "pack.yaml").data

    assert (pack["kind"], pack["area"], pack["extends"]) == ("city", "9912", ["990000"])
    assert pack["name"] == {"zh": "云州市", "en": "Yunzhou"}
    assert run("check", "990000", "991200", "--root", root)[0] == 0
    assert (
        "there are 990000, 991200, cn" in run("new", "991300", "--extends", "ch", "--root", root)[1]
    )
    assert not (root / "991300").exists()


def test_a_new_pack_leads_an_editor_to_the_schema_beside_it(root):
    assert run("schema", root / "schemas", "--city", "cn", "--root", root)[0] == 0
    run("new", "990100", "--root", root)

    first = (root / "990100" / "pack.yaml").read_text().partition("\n")[0]

    path = first.removeprefix("# yaml-language-server: $schema=")
    assert (root / "990100" / path).resolve() == root / "schemas" / "pack.schema.json"


def test_facts_lists_what_a_rule_may_ask_for_with_the_words_of_a_city(root):
    said = run("facts", "contract", "--root", root)[1]

    assert "contract.signed_on: day" in said
    assert "contract.price: number of fen" in said
    assert "station.workers[].cert: cert (none, assistant, social_worker, senior)" in said
    assert "funding " in run("facts")[1]
    assert "did you mean `station`" in run("facts", "staton", "--root", root)[1]


def test_diff_names_what_changed(root):
    run("new", "990100", "--root", root)
    shutil.copytree(root, root.parent / "later", dirs_exist_ok=True)
    pack = root.parent / "later" / "990100" / "pack.yaml"
    pack.write_text(pack.read_text().replace("value: 2, cite", "value: 3, cite"))

    code, said = run("diff", root / "990100", root.parent / "later" / "990100")

    assert code == 0
    assert "~ 990100 parameters on_station_min" in said
    assert said.count("~") == 1


def test_every_shipped_file_leads_an_editor_to_its_schema():
    for path in [*SHIPPED.glob("*/pack.yaml"), *SHIPPED.glob("*/cases.yaml")]:
        said, _, schema = path.read_text().partition("\n")[0].partition("=")
        assert said == "# yaml-language-server: $schema", path
        there = (path.parent / schema).resolve()
        assert there.name == f"{path.stem}.schema.json"
        assert there.is_file()


def test_the_schemas_accept_the_shipped_files_and_refuse_a_slip(tmp_path):
    assert run("schema", tmp_path)[0] == 0

    schema = json.loads((tmp_path / "pack.schema.json").read_text())
    validator = Draft202012Validator(schema)
    for path in SHIPPED.glob("*/pack.yaml"):
        pack = json.loads(json.dumps(Located(path.read_text(), path.name).data, default=str))
        assert list(validator.iter_errors(pack)) == []
    assert not validator.is_valid({"pack": "x", "kind": "town"})
    pack["rules"]["it"] = {"subject": "staton", "cite": "a", "require": "true"}
    assert [list(e.path) for e in validator.iter_errors(pack)] == [["rules", "it", "subject"]]
    assert "x-vocabulary" in (tmp_path / "facts.worker.schema.json").read_text()


def test_the_schema_of_facts_knows_the_words_of_a_city_if_it_is_asked_for_them(tmp_path):
    facts = {"station": {"tier": "hamlet"}, "stated": {"led": True}}
    many = {"subjects": [{"kind": "station", "area": "990101", "facts": facts}]}
    run("schema", tmp_path / "any", "--root", SHIPPED)
    run("schema", tmp_path / "cn", "--city", "cn", "--root", SHIPPED)

    def fits(folder, name, data):
        schema = json.loads((tmp_path / folder / f"{name}.schema.json").read_text())
        return Draft202012Validator(schema).is_valid(data)

    assert fits("any", "facts", facts)
    assert fits("any", "subjects", many)
    assert not fits("cn", "facts", facts)
    assert not fits("cn", "subjects", many)
    facts["station"]["tier"] = "township"
    assert fits("cn", "subjects", many)
    facts["station"]["teir"] = "township"
    assert not fits("any", "subjects", many)


@pytest.mark.parametrize("code", ["bad!", "51", "012345", "../x", "CN"])
def test_a_pack_is_named_by_a_code_or_a_word(root, code):
    status, said = run("new", code, "--root", root)

    assert status == 1
    assert "six digits" in said
    assert sorted(each.name for each in root.iterdir()) == ["cn"]


def test_a_new_pack_outside_the_house_leads_an_editor_to_the_houses_schema(root):
    run("new", "990100", "--root", root)

    first = (root / "990100" / "cases.yaml").read_text().partition("\n")[0]

    path = (root / "990100" / first.partition("$schema=")[2]).resolve()
    assert path.name == "cases.schema.json"
    assert path.is_file()


def test_what_operations_are_told_an_author_is_not(capfd, caplog):
    assert run("check", "450200", "--root", SHIPPED)[0] == 0

    assert "unnamed" not in "".join(capfd.readouterr()) + caplog.text


def test_merge_prints_the_text_the_platform_takes(root):
    run("new", "990100", "--root", root)

    plain, body = (
        run("merge", "990100", "--root", root)[1],
        run("merge", "990100", "--body", "--root", root)[1],
    )

    assert json.loads(body)["layers"] == plain.rstrip("\n")
    assert 'pack: "990100"' in json.loads(plain)["layers"][-1]["text"]
