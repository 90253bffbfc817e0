"""Worked cases: tables of facts and the verdicts a city agrees with (packs.md §2).

Every row is a fact sheet, a day, a place, and expected words. A dotted column is a fact, `on` and
`area` are day and place, any other column is a rule. "?" is unknown; `people` name list elements, and
`12 f` means twelve such. `absent` expects that nothing was in force.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chassis.packs.facts import BadFacts, read_facts
from chassis.packs.jurisdiction import Jurisdiction
from chassis.packs.model import Book, Table
from chassis.packs.paths import look
from chassis.packs.sheet import Sheet
from chassis.packs.subjects import fields_of
from chassis.packs.trouble import Trouble, Troubles, near
from chassis.packs.verdict import WORDS, Verdict
from chassis.packs.yaml12 import Located, Place

UNKNOWN = "?"
ABSENT = "absent"
_SEVERAL = re.compile(r"(\d+) (\S+)")


@dataclass(frozen=True)
class Case:
    """One row: facts, a day, a place, and the words expected of rules."""

    name: str
    subject: str
    facts: dict[str, Any]
    area: str
    on: date
    expected: dict[str, str]
    place: Place
    under: dict[str, Any]
    """Parameter values the table supposes."""


@dataclass(frozen=True)
class Cases:
    """The cases of a pack, and where they stand."""

    source: Located
    all: list[Case]

    def trouble(self, case: Case, text: str) -> Trouble:
        """Complain about a row."""
        return self.source.trouble(case.place, f"{case.name}: {text}")


def load_cases(path: Path, j: Jurisdiction) -> Cases:
    """Read a cases.yaml; raises Troubles for what is not a case."""
    source = Located(path.read_text(encoding="utf-8"), str(path))
    try:
        book = Book.model_validate(source.data)
    except ValidationError as e:
        raise Troubles(
            *(source.trouble(tuple(x["loc"]), f"{x['loc'][-1]}: {x['msg']}") for x in e.errors())
        ) from None
    troubles: list[Trouble] = []
    cases: list[Case] = []
    for i, table in enumerate(book.cases):
        wrong = list(_misfits(j, table))
        troubles += [source.trouble(("cases", i, *at), text) for at, text in wrong]
        if not wrong:
            for case in _rows(table, i, source, troubles):
                try:
                    facts = read_facts(j, case.subject, case.facts)
                except BadFacts as e:
                    troubles += [source.trouble(case.place, f"{at}: {x}") for at, x in e.places]
                else:
                    cases.append(Case(**{**case.__dict__, "facts": facts}))
    if troubles:
        raise Troubles(*troubles)
    return Cases(source, cases)


def judge_case(j: Jurisdiction, case: Case) -> dict[str, Verdict]:
    """Return the verdicts on a case, of the rules it expects something of."""
    under = j.supposing(case.under) if case.under else j
    verdicts = under.judge(case.subject, case.facts, case.area, case.on, rules=set(case.expected))
    return {verdict.rule: verdict for verdict in verdicts}


def failures(j: Jurisdiction, cases: list[Case]) -> Iterator[tuple[Case, str]]:
    """Yield every row whose verdict is another than expected."""
    for case in cases:
        got = judge_case(j, case)
        for rid, expected in case.expected.items():
            verdict = got.get(rid)
            if not _agrees(verdict, expected):
                yield case, f"{rid} is {_said(verdict)}, expected {expected}"


def run_cases(j: Jurisdiction, cases: Cases) -> list[Trouble]:
    """Return every row that fails, and what no row tries."""
    wrong = [cases.trouble(case, text) for case, text in failures(j, cases.all)]
    return wrong + list(untried(j, cases))


def untried(j: Jurisdiction, cases: Cases) -> Iterator[Trouble]:
    """Yield the pack's own rules with no met or no broken row, and `all` with no empty list."""
    for rid, versions in j.rules.items():
        version = versions[-1].item
        if version.compiled is None or version.compiled.pack != j.id:
            continue
        mine = [case for case in cases.all if rid in case.expected]
        lacking = {"met", "broken"} - {case.expected[rid] for case in mine}
        if lacking:
            text = f"rule {rid} has no case that is {' or '.join(sorted(lacking))}"
            yield Trouble(cases.source.file, 1, 1, text)
        for path in sorted(version.compiled.over_all):
            if not any(look(case.facts, path) == [] for case in mine):
                text = f"rule {rid} has no case where {path} is empty: is it met then?"
                yield Trouble(cases.source.file, 1, 1, text)


def _agrees(verdict: Verdict | None, expected: str) -> bool:
    if expected == ABSENT:
        return verdict is None or verdict.dormant
    return verdict is not None and verdict.word == expected


def _said(verdict: Verdict | None) -> str:
    if verdict is None:
        return ABSENT
    more = [*verdict.missing, *([verdict.why["en"]] if verdict.why else [])]
    return f"{verdict.word} ({', '.join(more)})" if more else verdict.word


def _misfits(j: Jurisdiction, table: Table) -> Iterator[tuple[Place, str]]:
    """Yield what makes a table no table of cases."""
    yield from _odd_head(j, table)
    for i, row in enumerate(table.rows):
        if len(row) != len(table.columns):
            yield ("rows", i), f"{len(row)} cells under {len(table.columns)} columns"
            continue
        for column, cell in zip(table.columns, row, strict=True):
            if column in j.rules and cell not in (*WORDS, ABSENT):
                yield ("rows", i), f"`{cell}` is no verdict{near(str(cell), (*WORDS, ABSENT))}"


def _odd_head(j: Jurisdiction, table: Table) -> Iterator[tuple[Place, str]]:
    if table.subject not in j.subjects.sheets:
        yield ("subject",), f"no subject `{table.subject}`{near(table.subject, j.subjects.sheets)}"
    if table.on is None and "on" not in table.columns:
        yield (), "no day: `on`"
    if table.area is None and "area" not in table.columns:
        yield (), "no place: `area`"
    try:
        j.supposing(table.parameters)
    except Troubles as e:
        yield from ((("parameters",), trouble.text) for trouble in e.all)
    for i, column in enumerate(table.columns):
        if column not in ("on", "area") and "." not in column and column not in j.rules:
            yield ("columns", i), f"no rule `{column}`{near(column, j.rules)}"
        elif "." in column and table.subject in j.subjects.sheets:
            for text in _unknown_fact(j, table.subject, column):
                yield ("columns", i), text


def _unknown_fact(j: Jurisdiction, subject: str, column: str) -> Iterator[str]:
    """Say once, at its head, that a column is no fact, rather than in every row."""
    head, *steps = column.split(".")
    sheets = j.subjects.names(subject)
    if head == "stated":
        if column not in (known := j.stated[subject]):
            yield f"no stated fact `{column}`{near(column, known)}"
        return
    if head not in sheets:
        yield f"`{head}` is not part of a {subject}{near(head, sheets)}"
        return
    sheet: Any = sheets[head]
    for step in steps:
        if not (isinstance(sheet, type) and issubclass(sheet, Sheet)):
            return
        fields = fields_of(sheet)
        if step not in fields:
            yield f"no fact `{step}` in {sheet.__name__}{near(step, fields)}"
            return
        sheet = fields[step].base


def _rows(table: Table, at: int, source: Located, troubles: list[Trouble]) -> Iterator[Case]:
    under = table.parameters
    for n, row in enumerate(table.rows):
        facts: dict[str, Any] = copy.deepcopy(table.facts)
        facts.setdefault(table.subject, {})
        on, area, expected = table.on, table.area, {}
        place = ("cases", at, "rows", n)
        for column, cell in zip(table.columns, row, strict=True):
            if column == "on":
                on = cell
            elif column == "area":
                area = cell
            elif "." in column:
                _lay(facts, column.split("."), _people(cell, table.people))
            else:
                expected[column] = cell
        if not isinstance(on, date) or not isinstance(area, str):
            troubles.append(source.trouble(place, "`on` is a date and `area` a text in quotes"))
            continue
        yield Case(
            f"{table.name} / row {n + 1}", table.subject, facts, area, on, expected, place, under
        )


def _lay(facts: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        facts = facts.setdefault(step, {})
    if value == UNKNOWN:
        facts.pop(steps[-1], None)
    else:
        facts[steps[-1]] = value


def _people(cell: Any, people: dict[str, Any]) -> Any:
    """Return a cell with the people it names: `[yes, 3 part]`, `12 f`."""
    if isinstance(cell, str) and (match := _SEVERAL.fullmatch(cell)) and match[2] in people:
        return [copy.deepcopy(people[match[2]]) for _ in range(int(match[1]))]
    if not isinstance(cell, list):
        return cell
    named: list[Any] = []
    for each in cell:
        many = _people(each, people) if isinstance(each, str) else each
        if isinstance(each, str) and each in people:
            named.append(copy.deepcopy(people[each]))
        elif many is not each and isinstance(many, list):
            named += many
        else:
            named.append(each)
    return named
