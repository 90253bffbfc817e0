"""The documents name what there is, and lead where they say."""

import re
import subprocess

import pytest

from chassis import config
from chassis.problems import TITLES
from deploy.asyncapi import events
from tests.docs.readme import HOUSE, READMES, commands
from tests.mutants.switch import named_in

REFERENCE = (HOUSE / "docs/reference.md").read_text(encoding="utf-8")
DECISIONS = sorted((HOUSE / "docs/decisions").glob("[0-9]*.md"))
PAGES = sorted(
    [*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md"), *HOUSE.glob("services/*/README.md")]
)
SETTING = re.compile(r"SHEGONG_[A-Z_]+")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def test_every_event_problem_and_setting_is_in_the_reference():
    for kind in events():
        assert f"`{kind}`" in REFERENCE
    for slug in TITLES:
        assert f"`{slug}`" in REFERENCE
    for name in SETTING.findall(config.__doc__):
        assert f"`{name}`" in REFERENCE


def test_every_setting_that_is_read_is_documented():
    parts = "|".join(part.upper() for part in config.PARTS)
    documented = set(SETTING.findall(config.__doc__))
    for folder in ("chassis", "gateway", "services"):
        for file in (HOUSE / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            for name in re.findall(r'setting\(f?"(SHEGONG_[A-Z_]+(?:\{[^}]*\})?)', text):
                general = re.sub(rf"\{{[^}}]*\}}$|({parts})$", "PART", name)
                assert general in documented, f"{file}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_a_link_leads_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, heading = target.partition("#")
        if "://" in target:
            continue
        assert not path.startswith("/"), target
        found = page.parent / path if path else page
        assert found.exists(), f"{page.name}: {target}"
        if heading:
            titles = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in titles}, target


def test_every_shortcut_not_taken_names_tests_that_exist():
    table = (HOUSE / "docs/reliability.md").read_text(encoding="utf-8")
    table = table.partition("## Shortcuts not taken")[2].partition("\n## ")[0]
    rows = [r.strip(" |").split(" | ") for r in table.splitlines() if re.match(r"\| \d", r)]

    assert [int(row[0]) for row in rows] == list(range(1, 43))
    for row in rows:
        named = re.findall(r"`([a-z_/]+)::(\w+)`", row[3])
        assert named, row[0]
        assert [n for n in named if n[1] not in named_in(f"tests/{n[0]}.py")] == []


def test_decisions_are_numbered_without_gaps_and_all_in_the_index():
    index = (HOUSE / "docs/decisions/README.md").read_text(encoding="utf-8")

    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for page in DECISIONS:
        title = page.read_text(encoding="utf-8").partition("\n")[0]
        assert title.startswith(f"# {page.name[:4]}. ")
        assert f"[{page.name[:4]}]({page.name}) | {title[8:]} |" in index


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_why_what_and_what_else(page):
    headings = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)

    assert {"Context", "Decision", "Consequences", "Alternatives", "References"} <= set(headings)


def test_both_readmes_ask_for_the_same_commands():
    first, second = (commands(name) for name in READMES)

    assert first == second
    assert first.count("curl") > 5


def test_the_readmes_commands_are_a_script():
    made = subprocess.run(
        ["bash", "-n"], input=commands(), text=True, capture_output=True, check=False
    )

    assert made.returncode == 0, made.stderr
