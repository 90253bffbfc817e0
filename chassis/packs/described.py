"""The facts of a sheet, one line each: how a rule names it, what it may be, and what it means."""

from collections.abc import Iterator
from datetime import date

from chassis.packs.jurisdiction import Jurisdiction
from chassis.packs.sheet import Sheet, Unit
from chassis.packs.subjects import Fact, fields_of

_NAMES = {
    bool: "true/false",
    int: "number",
    float: "number with decimals",
    str: "text",
    date: "day",
}
_WORDS = 30
"""How many words of a vocabulary are listed."""


def described(j: Jurisdiction, path: str, sheet: type[Sheet]) -> Iterator[tuple[str, str, str]]:
    """Yield (path, type, meaning) of every fact, those of the sheets inside it too."""
    for name, fact in fields_of(sheet).items():
        field = sheet.model_fields[name]
        units = [each.name for each in field.metadata if isinstance(each, Unit)]
        about = " ".join((field.description or "").split())
        here = f"{path}.{name}"
        inner = fact.base
        if isinstance(inner, type) and issubclass(inner, Sheet):
            yield here, f"list of {inner.__name__}" if fact.many else inner.__name__, about
            yield from described(j, f"{here}[]" if fact.many else here, inner)
        else:
            yield here, _kind(j, fact, units), about


def _kind(j: Jurisdiction, fact: Fact, units: list[str]) -> str:
    if fact.vocabulary:
        words = list(j.vocabulary.get(fact.vocabulary, {}))
        listed = ", ".join(words[:_WORDS]) + (" …" if len(words) > _WORDS else "")
        kind = f"{fact.vocabulary} ({listed})" if words else fact.vocabulary
    else:
        kind = _NAMES.get(fact.base, "table of numbers by name")
    kind += f" of {units[0]}" if units else ""
    return f"{'list of ' if fact.many else ''}{kind}{' or null' if fact.nullable else ''}"
