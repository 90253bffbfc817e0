"""An invented country with a city and a district: sheets and gates of its own."""

from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar

from chassis.packs import Fen, Jurisdiction, Sheet, Sources, Subjects, load_folder, term
from chassis.packs.sources import Layer

FIXTURES = Path(__file__).parent / "fixtures"


class Worker(Sheet):
    full_time: bool
    cert: Annotated[str, term("cert")]


class Month(Sheet):
    visits: int
    longest: float | None


class Station(Sheet):
    name: str
    tier: Annotated[str, term("tier")]
    demo: bool
    workers: list[Worker]
    rooms: list[Annotated[str, term("room")]]
    months: list[Month]
    last_supervised: date | None
    opened_on: date
    plaque: str | None
    head_cert: Annotated[str, term("cert")] | None
    open_hours: float
    brands: int


class Payroll(Sheet):
    month_end: date
    wage_class: Annotated[str, term("wage_class")]
    cert: Annotated[str, term("cert")]
    pay: Fen


class Contract(Sheet):
    context: ClassVar[dict[str, type[Sheet]]] = {"station": Station}

    start: date
    end: date
    plan_on: date | None


class City(Sheet):
    townships: int
    with_station: int
    by_kind: dict[str, int]


SUBJECTS = Subjects.of(
    {"station": Station, "payroll": Payroll, "contract": Contract, "city": City},
    {"buying.sign": ("buying", "contract")},
)


def town(code: str = "990100") -> Jurisdiction:
    """Compile one of the invented packs."""
    return Jurisdiction.of(load_folder(FIXTURES, code), SUBJECTS)


def text_of(code: str) -> str:
    return (FIXTURES / code / "pack.yaml").read_text(encoding="utf-8")


def sources(**texts: str) -> Sources:
    """Return layers given as texts, farthest first: `land=…, t990100=…`."""
    layers = tuple(
        Layer(code.lstrip("t"), text, f"{code.lstrip('t')}/pack.yaml")
        for code, text in texts.items()
    )
    return Sources(layers[-1].pack, layers)


def changed(old: str, new: str, code: str = "990100") -> Sources:
    """Return the invented city with one passage of one layer changed."""
    texts = {"land": text_of("land"), "t990100": text_of("990100")}
    key = code if code == "land" else f"t{code}"
    assert old in texts[key], old
    texts[key] = texts[key].replace(old, new, 1)
    return sources(**texts)


def one_rule(
    require: str, when: str = "true", subject: str = "station", more: str = ""
) -> Jurisdiction:
    """Compile a city of a single rule, `it`."""
    text = f"""
pack: "990100"
kind: city
name: {{zh: 某市, en: Town}}
area: "9901"
extends: [land]
documents: {{plan: {{title: 计划, in_force: 2020-01-01}}}}
{more}
rules:
  it:
    id: [X]
    cite: plan 一
    subject: {subject}
    when: {_quoted(when)}
    require: {_quoted(require)}
    say: {{zh: 说, en: said}}
"""
    return Jurisdiction.of(sources(land=text_of("land"), t990100=text), SUBJECTS)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def word(
    j: Jurisdiction, rule: str, facts: dict, on: str = "2022-06-01", area: str = "990101"
) -> str:
    """Return one rule's verdict, or `absent`."""
    subject = j.subject_of(rule)
    found = j.judge(subject, facts, area, date.fromisoformat(on), rules={rule})
    return found[0].word if found else "absent"
