"""What pydantic finds wrong, said in both languages with the way out; never a value that was sent.

A sentence may name what the schema asks for (a length, a bound, the words allowed), which is ours.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from pydantic import ValidationError

from chassis.problems import At

MOST_WORDS = 24
"""Words of a list that a sentence names; beyond that it says how many there are."""


class Unfit(ValueError):
    """What a check of ours refuses: a code and a sentence in both languages, without the value."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code, self.zh, self.en = code, zh, en
        super().__init__(en)


@runtime_checkable
class Speaks(Protocol):
    """An error of a check of ours: a code and a sentence in both languages, without the value."""

    code: str
    zh: str
    en: str


Sentence = tuple[str, str]

_WHOLE = ("应为整数", "has to be a whole number")
_NUMBER = ("应为数字", "has to be a number")
_FLAG = ("应为 true 或 false", "has to be true or false")
_TEXT = ("应为文字，加引号", "has to be a text, in quotes")
_LIST = ("应为列表：[…]", "has to be a list: […]")
_OBJECT = ("应为对象：{{…}}", "has to be an object: {{…}}")
_ID = ("应为 UUID，即系统答复中的 id", "has to be a UUID: the `id` an answer gave")
_DAY = ("日期应写作 2026-01-31", "a day is written 2026-01-31")
_INSTANT = (
    "时间应写作 2026-01-31T09:30:00+08:00",
    "an instant is written 2026-01-31T09:30:00+08:00",
)
_ONE_OF = ("不在允许的取值内，可用：{expected}", "is none of: {expected}")
_NOT_VALID = ("不符合要求", "is not valid")


def _bare(said: Sentence) -> Sentence:
    """Return a sentence about JSON, where a number in quotes is none."""
    return (f"{said[0]}，不加引号", f"{said[1]}, without quotes")


SAYS: dict[str, Sentence] = {
    "missing": ("缺少该字段，必须填写", "is missing; it has to be given"),
    "extra_forbidden": (
        "此处没有该字段：请核对名称，或删去",
        "is not a field here: check its name, or leave it out",
    ),
    "none_required": ("此处应为 null", "has to be null here"),
    "string_type": _TEXT,
    "string_unicode": ("应为 UTF-8 文字", "has to be a text in UTF-8"),
    "string_too_short": (
        "过短：至少 {min_length} 个字符",
        "is too short: {min_length} characters at least",
    ),
    "string_too_long": (
        "过长：至多 {max_length} 个字符",
        "is too long: {max_length} characters at most",
    ),
    "string_pattern_mismatch": ("格式不符，应符合 {pattern}", "has to match {pattern}"),
    "literal_error": _ONE_OF,
    "enum": _ONE_OF,
    "bool_type": _bare(_FLAG),
    "bool_parsing": _FLAG,
    "int_type": _bare(_WHOLE),
    "int_parsing": _WHOLE,
    "int_parsing_size": ("数字过大", "is too large a number"),
    "int_from_float": _WHOLE,
    "float_type": _bare(_NUMBER),
    "float_parsing": _NUMBER,
    "finite_number": ("应为有限的数字", "has to be a finite number"),
    "decimal_type": _bare(_NUMBER),
    "decimal_parsing": _NUMBER,
    "multiple_of": ("应为 {multiple_of} 的倍数", "has to be a multiple of {multiple_of}"),
    "greater_than": ("应大于 {gt}", "has to be more than {gt}"),
    "greater_than_equal": ("不得小于 {ge}", "has to be {ge} or more"),
    "less_than": ("应小于 {lt}", "has to be less than {lt}"),
    "less_than_equal": ("不得大于 {le}", "has to be {le} or less"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "too_short": ("项数过少：至少 {min_length} 项", "is too short: {min_length} items at least"),
    "too_long": ("项数过多：至多 {max_length} 项", "is too long: {max_length} items at most"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "uuid_type": _ID,
    "uuid_parsing": _ID,
    "uuid_version": _ID,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
    "value_error": _NOT_VALID,
    "assertion_error": _NOT_VALID,
}
"""pydantic's type of error → the sentence; names in braces are what the schema asks for."""


def places_of(error: ValidationError, root: str = "") -> list[At]:
    """Name every place that is wrong, by JSON pointer; never a value that was sent."""
    return [_place(e, root) for e in error.errors(include_url=False, include_input=False)]


def _place(e: Any, root: str) -> At:
    at = root + "".join(f"/{escaped(step)}" for step in e["loc"] if step not in BRANCHES)
    asked = e.get("ctx", {})
    cause = asked.get("error")
    if isinstance(cause, Speaks):  # our own checks speak both languages
        return At(at, cause.code, cause.zh, cause.en)
    zh, en = SAYS.get(e["type"]) or (_NOT_VALID[0], "{message}")
    asked = {**asked, "message": e["msg"]}
    if "expected" in asked:
        asked["expected"] = asked["expected"].replace("'", "").replace(" or ", ", ")
    return At(at, e["type"], zh.format_map(asked), en.format_map(asked))


def none_of(at: str, words: Iterable[str], code: str = "unknown-word", vocabulary: str = "") -> At:
    """Return the place where a word stands that is none of these, and which there are.

    Of a vocabulary of the city's pack the words are named in Chinese too, and where to find them all.
    """
    known = list(words)
    named = [_named(each, words) for each in known[:MOST_WORDS]]
    zh, en = "、".join(named), ", ".join(known[:MOST_WORDS])
    if more := len(known) - len(named):
        zh, en = f"{zh} 等 {len(known)} 个", f"{en} and {more} more"
        if vocabulary:
            where = f"GET …/policy/vocabulary?name={vocabulary}"
            zh, en = f"{zh}（见 {where}）", f"{en} ({where})"
    none = f"词汇表 {vocabulary} 中没有该词，可用" if vocabulary else "可用"
    of = f"of the vocabulary `{vocabulary}`" if vocabulary else "of"
    return At(at, code, f"{none}：{zh}", f"is none {of}: {en}")


def _named(word: str, words: Iterable[str]) -> str:
    zh = getattr(words[word], "zh", "") if isinstance(words, Mapping) else ""
    return f"{word}（{zh}）" if zh else word


TEXT_BRANCH, OBJECT_BRANCH = "=text", "=object"
BRANCHES = frozenset({TEXT_BRANCH, OBJECT_BRANCH})
"""Tags of what stands in one field in two forms: pydantic puts them into the place, we take them out."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}|[0-9]{1,4}")
"""A field, or a place in a list. Any other key is the caller's own words, perhaps a person's."""


def escaped(step: Any) -> str:
    """Return a step of a JSON pointer, unless it is the caller's own words."""
    return str(step) if _NAME.fullmatch(str(step)) else "…"
