"""Where a city's text goes beyond what the law of a layer above leaves to it.

A pack says so itself under `conflicts:`. What it does not say is found by the `limits:` of the layers
above: rules that build on what no rule may, and terms longer than the law has them.
"""

from collections.abc import Iterator
from typing import Any

from chassis.packs.compiling import Compiled
from chassis.packs.jurisdiction import Jurisdiction
from chassis.packs.model import UNITS, Limit
from chassis.packs.trouble import Trouble

Overstep = tuple[tuple[str, ...], str, str]
"""Where in the pack, its clause, and what goes beyond."""
_MONTHS = {"month": 1, "months": 1, "year": 12, "years": 12}


def against_law(j: Jurisdiction) -> list[Trouble]:
    """Return every place where the pack is against a law above it, with both clauses."""
    source = j.own.source
    said = {
        key: f"{each.cite} ↔ {each.against}: {each.what.zh} / {each.what.en}"
        for key, each in j.own.pack.conflicts.items()
    }
    found = [source.trouble(("conflicts", key), text) for key, text in said.items()]
    known = {(each.cite, each.against) for each in j.own.pack.conflicts.values()}
    for limit in (each for layer in j.above for each in layer.pack.limits.values()):
        for at, cite, what in _beyond(j, limit):
            if (cite, limit.cite) not in known:
                text = f"{cite} ↔ {limit.cite}: {limit.what.zh} / {limit.what.en} ({what})"
                found.append(source.trouble(at, text))
    return found


def _beyond(j: Jurisdiction, limit: Limit) -> Iterator[Overstep]:
    for compiled in _own(j):
        cite = compiled.cite.text
        for named in limit.never:
            if named in compiled.paths or named in compiled.words:
                yield ("rules", compiled.id), cite, named
        if limit.months is not None and limit.reads in compiled.paths:
            yield from _too_long(j, compiled, limit.months)
    yield from _words(j, limit)


def _too_long(j: Jurisdiction, compiled: Compiled, months: int) -> Iterator[Overstep]:
    parameters = j.own.pack.parameters
    for name in sorted(compiled.parameters & parameters.keys()):
        unit = _MONTHS.get(parameters[name].unit, 0)
        for dated in parameters[name].values:
            if any(each * unit > months for each in _numbers(dated.value)):
                yield ("parameters", name), dated.cite or compiled.cite.text, name


def _words(j: Jurisdiction, limit: Limit) -> Iterator[Overstep]:
    for name, parameter in j.own.pack.parameters.items():
        for dated in parameter.values if parameter.unit not in UNITS else ():
            for word in dated.value if isinstance(dated.value, list) else [dated.value]:
                if f"{parameter.unit}.{word}" in limit.never:
                    yield ("parameters", name), dated.cite or name, f"{parameter.unit}.{word}"


def _own(j: Jurisdiction) -> Iterator[Compiled]:
    for versions in j.rules.values():
        for entry in versions:
            compiled = entry.item.compiled
            if compiled is not None and compiled.pack == j.id:
                yield compiled


def _numbers(value: Any) -> list[float]:
    several = value.values() if isinstance(value, dict) else [value]
    return [each for each in several if isinstance(each, int | float)]
