"""The switches fit the house as it stands, and whoever throws them can tell a catch from a miss."""

import pytest

from tests.mutants.run import main
from tests.mutants.switch import Edit, Rotten, Switch, exists, patched
from tests.mutants.switches import SWITCHES

NAMES = [switch.name for switch in SWITCHES]
MARK = "tests/chassis/test_reactions.py::test_a_gap_in_a_higher_epoch_is_a_gap"


def test_every_guard_has_a_name_of_its_own_and_there_are_enough():
    assert len(set(NAMES)) == len(NAMES) > 40


@pytest.mark.parametrize("switch", SWITCHES, ids=NAMES)
def test_a_switch_finds_its_guard_and_its_tests(switch):
    texts = patched(switch)

    for name, text in texts.items():
        compile(text, name, "exec")
    assert switch.tests
    assert [test for test in switch.tests if not exists(test)] == []


def harmless(name, old, new):
    edits = (Edit("chassis/watermarks.py", old, new),)
    return Switch(name=name, guard="x", without="x", edits=edits, tests=(MARK,))


GAP = harmless(
    "gap", "return Verdict.NEXT if follows else Verdict.GAP", "return Verdict.NEXT  # follows"
)
WORD = harmless("word", '"""What becomes of an envelope, by its place alone."""', '"""Words."""')
BROKEN = harmless("broken", "NOBODY = UUID(int=0)", "NOBODY = UUID(int=0) / 0")
ROTTEN = harmless("rotten", "no such text stands here", "")


def test_who_notices_is_told_from_who_does_not_and_from_who_cannot_start(capsys):
    assert main(["--jobs", "1"], [GAP, WORD, BROKEN, ROTTEN]) == 1
    told = capsys.readouterr().out
    assert "4 guards removed, 1 caught" in told
    assert "stayed green" in told
    assert "nothing ran" in told
    assert "0 times, not once" in told


def test_an_old_text_that_stands_there_twice_is_no_switch():
    with pytest.raises(Rotten, match="times, not once"):
        patched(harmless("twice", "return Verdict.", ""))
