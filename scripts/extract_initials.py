"""Make the table of pinyin initials: for each character the first letters of its common readings.

* pypinyin 0.55.0 (PyPI, MIT): readings of characters, and of some forty thousand phrases, which tell
  which of several readings are common. It is needed here only, not by the platform.

The same input gives the same bytes. A line of the table: the letters, a comma, the characters.

    python -m scripts.extract_initials OUT.csv
"""

import argparse
import importlib
from collections import Counter, defaultdict
from pathlib import Path

from chassis.initials import FIRST, LAST

COMMON = 0.05
"""The share of a character's phrases in which a reading must stand to count."""
SURNAMES = {
    "单": "s",
    "仇": "q",
    "解": "x",
    "查": "z",
    "覃": "q",
    "曾": "z",
    "朴": "p",
    "尉": "y",
    "翟": "z",
    "缪": "m",
    "乐": "y",
    "折": "s",
    "秘": "b",
    "繁": "p",
    "种": "c",
    "盖": "g",
    "员": "y",
    "万": "w",
    "重": "c",
    "长": "c",
    "厦": "x",
    "六": "l",
    "蔚": "y",
}
"""How a character reads in surnames and names of places, where phrases do not tell."""


def readings() -> dict[str, str]:
    """Return the letters of every character, the most common first."""
    # Loaded by name: no part of the platform may come to need it.
    single = importlib.import_module("pypinyin.pinyin_dict").pinyin_dict
    phrases = importlib.import_module("pypinyin.phrases_dict").phrases_dict
    plain = importlib.import_module("pypinyin.contrib.tone_convert").to_normal
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase, said in phrases.items():
        for character, each in zip(phrase, said, strict=False):
            seen[character][plain(each[0])[:1]] += 1
    found = {}
    for code in range(FIRST, LAST + 1):
        character = chr(code)
        known = [plain(each)[:1] for each in single.get(code, "").split(",") if each]
        counted = seen[character]
        total = counted.total()
        common = [letter for letter, n in counted.most_common() if n >= total * COMMON]
        letters = dict.fromkeys([*(common or known[:1]), *SURNAMES.get(character, "")])
        if letters and all("a" <= letter <= "z" for letter in letters):
            found[character] = "".join(letters)
    return found


def main() -> None:
    """Read the arguments and write the table."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("out", type=Path)
    said = ask.parse_args()
    lines: dict[str, list[str]] = defaultdict(list)
    for character, letters in readings().items():
        lines[letters].append(character)
    text = "".join(f"{letters},{''.join(lines[letters])}\n" for letters in sorted(lines))
    said.out.write_text(text, encoding="utf-8")
    print(f"{said.out}: {sum(map(len, lines.values()))} characters, {len(lines)} lines")


if __name__ == "__main__":
    main()
