"""From what stands in cells to values: days, numbers, yes or no, words of the city."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from chassis.wording import none_of
from services.registry.facts import Words
from services.registry.sheets.kinds import Column, Kind
from services.registry.sheets.lines import Line

Dictionary = Mapping[str, Mapping[str, str]]
"""Column → what may stand in its cells → the word that is meant."""

_YES = frozenset({"是", "有", "y", "yes", "true", "1", "√"})
_NO = frozenset({"否", "无", "n", "no", "false", "0", "×"})
_SEPARATORS = str.maketrans("；;，,/|\n", "、、、、、、、")


class _Unread(ValueError):
    """A cell that says nothing its column can hold."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def dictionary(kind: Kind, words: Words) -> Dictionary:
    """Return what may stand in the cells of each column of words: codes, and names in both languages."""
    return {c.name: dict(_spellings(c, words)) for c in kind.columns if c.form in ("word", "words")}


def _spellings(column: Column, words: Words) -> Iterator[tuple[str, str]]:
    if column.own is not None:
        for code, (zh, en) in column.own.items():
            yield from ((en.casefold(), code), (zh.casefold(), code), (code, code))
        return
    for code, word in words.get(column.vocabulary or "", {}).items():
        for name in (word.en, *word.also, word.zh, code):
            if name:
                yield name.casefold(), code


def read(kind: Kind, line: Line, known: Dictionary) -> None:
    """Read the cells of a row; what is empty is left out, what cannot be read is noted."""
    for column in kind.columns:
        text = line.texts.get(column.name, "").strip()
        if not text:
            if column.needed:
                line.wrong(kind, column.name, "必填", "is needed")
            continue
        try:
            line.values[column.name] = _value(column, text, known)
        except _Unread as unread:
            line.wrong(kind, column.name, unread.zh, unread.en)


def _value(column: Column, text: str, known: Dictionary) -> Any:
    match column.form:
        case "day":
            return _day(text)
        case "number":
            return _number(text)
        case "flag":
            return _flag(text)
        case "word":
            return _word(text, known[column.name])
        case "words":
            parts = [part.strip() for part in text.translate(_SEPARATORS).split("、")]
            return [_word(part, known[column.name]) for part in parts if part]
    return text


def _day(text: str) -> str:
    plain = text.replace("/", "-").replace(".", "-")
    plain = plain.replace("年", "-").replace("月", "-").replace("日", "")
    try:
        year, month, day = plain.split("-")
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise _Unread("日期应写作 2026-01-31", "a day is written 2026-01-31") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _Unread("应为数字", "is not a number") from None


def _flag(text: str) -> bool:
    plain = text.casefold()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise _Unread("应填“是”或“否”", "is neither yes nor no")


def _word(text: str, known: Mapping[str, str]) -> str:
    if (code := known.get(text.casefold())) is not None:
        return code
    # The last spelling of a word that is not its code is its name in Chinese.
    named = {code: name for name, code in known.items() if name != code}
    raise _Unread(none_of("", named.values()).zh, none_of("", named).en)
