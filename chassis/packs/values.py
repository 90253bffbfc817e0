"""A parameter's value in its unit: what fits, as JSON, and what is wrong with what does not."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from chassis.packs.model import UNITS, Parameter, Vocable
from chassis.packs.trouble import near

Vocabularies = Mapping[str, Mapping[str, Vocable]]
Misfit = tuple[tuple[Any, ...], str]
"""Where inside the value, and what is wrong there."""


def unknown_word(word: Any, vocabulary: str, vocabularies: Vocabularies) -> str:
    """Return the sentence about a word its vocabulary does not have."""
    known = vocabularies.get(vocabulary, {})
    return f"'{word}' is not in the vocabulary `{vocabulary}`{near(str(word), known)}"


def misfits(parameter: Parameter, value: Any, vocabularies: Vocabularies) -> Iterator[Misfit]:
    """Yield what is wrong with a value."""
    if parameter.by:
        if not isinstance(value, dict):
            yield (), f"must be a table by {parameter.by}"
            return
        for key, each in value.items():
            if parameter.by == "code" and not isinstance(key, str):
                yield (key,), "a code is a text: put it in quotes"
            elif parameter.by != "code" and key not in vocabularies[parameter.by]:
                yield (key,), unknown_word(key, parameter.by, vocabularies)
            yield from _misfit(parameter, each, (key,), vocabularies)
    elif parameter.many:
        if not isinstance(value, list):
            yield (), "must be a list"
            return
        for i, each in enumerate(value):
            yield from _misfit(parameter, each, (i,), vocabularies)
    else:
        yield from _misfit(parameter, value, (), vocabularies)


def plain(parameter: Parameter, value: Any) -> Any:
    """Return a fitting value as rules read it: JSON, shares as doubles."""
    if isinstance(value, dict):
        return {key: plain(parameter, each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(parameter, each) for each in value]
    if UNITS.get(parameter.unit) is float:
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def _misfit(
    parameter: Parameter, value: Any, at: tuple[Any, ...], vocabularies: Vocabularies
) -> Iterator[Misfit]:
    base = UNITS.get(parameter.unit, str)
    fits = isinstance(value, int | float) if base is float else isinstance(value, base)
    if base is date and isinstance(value, str):
        try:
            fits = bool(date.fromisoformat(value))
        except ValueError:
            fits = False
    if not fits or (isinstance(value, bool) and base is not bool):
        yield at, f"{value!r} is not {parameter.unit}"
    elif parameter.unit not in UNITS and value not in vocabularies[parameter.unit]:
        yield at, unknown_word(value, parameter.unit, vocabularies)
