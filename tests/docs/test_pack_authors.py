"""What the pack author's guide asks people to type, typed; what it shows is what they see."""

import re
import shlex
import subprocess

import pytest
from click.testing import CliRunner

from deploy.policies import policies
from tests.docs.readme import HOUSE

GUIDES = [HOUSE / "docs" / name for name in ("pack-authors.md", "pack-authors.zh-CN.md")]
EXAMPLES = HOUSE / "docs" / "examples"
_STEP = re.compile(
    r"^<!-- run( fails)? -->\n```bash\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
_YAML = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_VARIES = re.compile(r"\b[0-9a-f]{12}\b|\d+\.\d s")
"""A version, which is a hash, and how long it took."""


def steps(guide):
    """Return what is typed, whether it fails, and what is shown below it, if anything is."""
    text = guide.read_text(encoding="utf-8")
    return [(said, bool(fails), shown) for fails, said, shown in _STEP.findall(text)]


def typed(line, monkeypatch):
    """Do one line, and return its exit code and what it says."""
    words = shlex.split(line)
    if words[:2] == ["shegong", "policies"]:
        result = CliRunner().invoke(policies, words[2:])
        return result.exit_code, result.output
    if words[0] == "export":
        monkeypatch.setenv(*words[1].split("=", 1))
        return 0, ""
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder in which the house seems to be."""
    for name in ("policies", "docs"):
        (tmp_path / name).symlink_to(HOUSE / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("desk")
def test_every_command_of_the_guide_does_what_the_guide_shows(monkeypatch):
    done = 0
    for said, fails, shown in steps(GUIDES[0]):
        told = ""
        for line in said.splitlines():
            code, output = typed(line, monkeypatch)
            assert code == int(fails), f"{line}\n{output}"
            told += output
        if shown:
            assert _VARIES.sub("…", told) == _VARIES.sub("…", shown)
            done += 1
    assert done == 4


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_what_the_guide_quotes_is_in_the_example(guide):
    written = "\n".join(path.read_text() for path in sorted(EXAMPLES.rglob("*.yaml")))
    quoted = _YAML.findall(guide.read_text(encoding="utf-8"))

    assert len(quoted) > 10
    for passage in quoted:
        assert passage in written


def test_both_guides_ask_for_the_same_commands_and_show_the_same():
    first, second = (steps(guide) for guide in GUIDES)

    assert first == second
