"""Facts from outside, held to the sheets and the vocabularies before a rule sees them."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from chassis.packs.jurisdiction import Jurisdiction
from chassis.packs.sheet import Sheet
from chassis.packs.subjects import Fact, fields_of
from chassis.packs.trouble import near
from chassis.packs.values import unknown_word


class BadFacts(ValueError):
    """Facts that fit no sheet: (JSON pointer, sentence) for each place."""

    def __init__(self, places: list[tuple[str, str]]) -> None:
        self.places = places
        super().__init__("; ".join(f"{at}: {text}" for at, text in places))


def read_facts(j: Jurisdiction, subject: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain facts of a subject and its context; raises BadFacts naming every place.

    `given` is JSON by sheet name: `{"station": {…}, "stated": {…}}`.
    """
    sheets = j.subjects.names(subject)
    plain: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, values in given.items():
        if name == "stated":
            plain[name] = _stated(j, subject, values, wrong)
        elif name not in sheets:
            wrong.append((f"/{name}", f"not part of a {subject}{near(name, sheets)}"))
        else:
            try:
                read = sheets[name].model_validate_json(json.dumps(values, default=str))
            except ValidationError as e:
                wrong += [_misfit(name, sheets[name], error) for error in e.errors()]
                continue
            plain[name] = read.plain()
            wrong += _strange(j, sheets[name], plain[name], f"/{name}")
    if wrong:
        raise BadFacts(wrong)
    return plain


def _misfit(name: str, sheet: type[Sheet], error: Any) -> tuple[str, str]:
    """Return where a value does not fit, and why; of a fact nobody knows the likely one."""
    steps = error["loc"]
    text = error["msg"]
    if error["type"] == "extra_forbidden":
        inside = sheet
        for step in steps[:-1]:
            inside = fields_of(inside)[step].base if isinstance(step, str) else inside
        text = (
            f"no fact `{steps[-1]}` in {inside.__name__}{near(str(steps[-1]), inside.model_fields)}"
        )
    return _pointer(name, steps), text


def _pointer(name: str, steps: tuple[int | str, ...]) -> str:
    return "/".join(("", name, *map(str, steps)))


def _strange(
    j: Jurisdiction, sheet: type[Sheet], values: Mapping[str, Any], at: str
) -> Iterator[tuple[str, str]]:
    """Yield the words no vocabulary has."""
    for name, fact in fields_of(sheet).items():
        value = values.get(name)
        if value is None:
            continue
        several = value if fact.many else [value]
        for i, each in enumerate(several):
            here = f"{at}/{name}/{i}" if fact.many else f"{at}/{name}"
            if isinstance(fact.base, type) and issubclass(fact.base, Sheet):
                yield from _strange(j, fact.base, each, here)
            elif fact.vocabulary and each not in j.vocabulary.get(fact.vocabulary, {}):
                yield here, unknown_word(each, fact.vocabulary, j.vocabulary)


def _stated(
    j: Jurisdiction, subject: str, values: Any, wrong: list[tuple[str, str]]
) -> dict[str, Any]:
    known = j.stated[subject]
    if not isinstance(values, dict):
        wrong.append(("/stated", "must be an object"))
        return {}
    plain: dict[str, Any] = {}
    for name, value in values.items():
        fact = known.get(f"stated.{name}")
        if fact is None:
            names = [each.partition(".")[2] for each in known]
            wrong.append((f"/stated/{name}", f"nobody asks for it{near(name, names)}"))
            continue
        text = value.isoformat() if isinstance(value, date) else value
        several = text if fact.many and isinstance(text, list) else [text]
        if fact.many != isinstance(text, list) or not all(_is(j, fact, each) for each in several):
            wrong.append((f"/stated/{name}", "not of the unit it is asked in"))
        plain[name] = text
    return plain


def _is(j: Jurisdiction, fact: Fact, value: Any) -> bool:
    if fact.vocabulary:
        return value in j.vocabulary.get(fact.vocabulary, {})
    if fact.base is date:
        return isinstance(value, str) and _is_date(value)
    if isinstance(value, bool):
        return fact.base is bool
    return isinstance(value, int | float) if fact.base is float else isinstance(value, fact.base)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
