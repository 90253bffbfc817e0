"""What an author sees when a line of a pack is wrong: file, line, column, and one sentence."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

_MANY = 12


@dataclass(frozen=True, order=True)
class Trouble:
    """One thing wrong in a pack, and where."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class Troubles(Exception):
    """A pack does not load: all that is wrong with it, in the order of the file."""

    def __init__(self, *troubles: Trouble) -> None:
        self.all = tuple(dict.fromkeys(sorted(troubles)))
        super().__init__("\n".join(map(str, self.all)))


def near(word: str, words: Iterable[str]) -> str:
    """Return how a sentence about an unknown word goes on: the likely one, or what there is."""
    known = sorted(words)
    likely = difflib.get_close_matches(word, known, n=1)
    if likely:
        return f"; did you mean `{likely[0]}`?"
    if not known:
        return "; there are none"
    return f"; there are {', '.join(known[:_MANY])}{' …' if len(known) > _MANY else ''}"
