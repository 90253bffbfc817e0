"""Names by their pinyin initials."""

import pytest

from chassis.initials import MOST, initials


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("一元街道社工站", "yyjdsgz"),
        ("张一心", "zyx"),
        ("昌吉市六工镇", "cjslgz"),
        ("A社工 12号", "asg12h"),
        ("（演示）", "ys"),
        ("", ""),
    ],
)
def test_a_name_is_its_first_letters(name, said):
    assert initials(name) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [("重庆", "cq"), ("长沙", "cs"), ("厦门", "xm"), ("单雄", "sx"), ("曾一", "zy")],
)
def test_a_character_read_in_several_ways_is_found_by_each(name, said):
    assert said in initials(name).split()


def test_a_name_of_many_such_characters_stays_bounded():
    assert len(initials("重" * 20).split()) == MOST
