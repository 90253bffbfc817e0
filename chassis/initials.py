"""Pinyin initials of a name, by which people search: 一元街道 → yyjd.

A character with several common readings gives several spellings, side by side: 重庆 → `cq zq`. What
is no Chinese character stands for itself; spaces and marks are left out.
"""

from functools import cache
from itertools import islice, product
from pathlib import Path

FIRST, LAST = 0x4E00, 0x9FFF
"""The characters of the table: the unified ideographs every name is written in."""

MOST = 16
"""Spellings kept of one name; each character with two readings doubles them."""

_TABLE = Path(__file__).with_name("initials.csv")


@cache
def _letters() -> dict[str, str]:
    lines = (line.split(",", 1) for line in _TABLE.read_text("utf-8").splitlines())
    return {character: letters for letters, characters in lines for character in characters}


def initials(name: str) -> str:
    """Return the spellings of a name by first letters, the most common one first."""
    known = _letters()
    choices = [known.get(each, each) for each in name.lower() if each.isalnum()]
    spelled = ("".join(each) for each in islice(product(*choices), MOST))
    return " ".join(dict.fromkeys(spelled))
