"""Verdicts as they are kept and listed: `rule:word:modality`, one text for each rule of a subject."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from chassis.packs import Jurisdiction, Verdict
from chassis.packs.verdict import SEVERITY, WORDS
from chassis.problems import At, Invalid
from chassis.wording import none_of
from services.evaluation.decide.attest import Statements, with_stated
from services.evaluation.decide.cases import Case
from services.evaluation.decide.waivers import Waivers, applying
from services.evaluation.models import Cite, KeptLine

BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Kept:
    """A subject with what is kept of its verdicts."""

    kind: str
    id: str
    name: str | None
    division: str
    station_id: str | None
    agency_id: str | None
    verdicts: tuple[str, ...]
    pack: str

    @classmethod
    def of(cls, case: Case, verdicts: Iterable[str], pack: str) -> "Kept":
        """Keep of verdicts what lists need."""
        return cls(
            case.kind,
            case.id,
            case.name,
            case.area,
            case.station_id,
            case.agency_id,
            tuple(verdicts),
            pack,
        )


def judge(
    j: Jurisdiction, case: Case, day: date, waivers: Waivers, statements: Statements
) -> list[Verdict]:
    """Judge a subject by every rule, with what was stated of it and what is waived for it."""
    facts, waived = with_stated(case, statements), applying(waivers, case)
    return j.judge(case.kind, facts, case.area, day, waivers=waived)


def briefly(
    j: Jurisdiction, case: Case, day: date, waivers: Waivers, statements: Statements
) -> list[str]:
    """Judge a subject the same way, for its texts alone."""
    facts, waived = with_stated(case, statements), applying(waivers, case)
    return j.briefly(case.kind, facts, case.area, day, waivers=waived)


def severity(word: str, modality: str) -> str | None:
    """Return how bad a verdict is; nothing is bad about what is not broken."""
    return SEVERITY[modality] if word == BROKEN else None


def counts(verdicts: Iterable[str]) -> dict[str, int]:
    """Return how many rules say what."""
    found = Counter(each.split(":")[1] for each in verdicts)
    return {word: found[word] for word in WORDS}


def wanted(
    j: Jurisdiction,
    *,
    rule: str | None,
    verdict: str | None,
    modality: str | None,
    severe: str | None,
) -> list[str] | None:
    """Return every text that fits a filter; None where all fit."""
    if (rule, verdict, modality, severe) == (None, None, None, None):
        return None
    return [
        f"{rid}:{word}:{binding}"
        for rid, versions in j.rules.items()
        if rule in (None, rid)
        for binding in sorted({entry.item.rule.modality for entry in versions})
        if modality in (None, binding)
        for word in WORDS
        if verdict in (None, word) and severe in (None, severity(word, binding))
    ]


def line(text: str, cite: Cite | None) -> KeptLine:
    """Return one verdict as an answer names it."""
    rule, word, modality = text.split(":")
    return {
        "rule": rule,
        "verdict": word,
        "severity": severity(word, modality),
        "modality": modality,
        "cite": cite,
    }


class Cites:
    """The clauses of a pack's rules on a day, looked up once for each place."""

    def __init__(self, j: Jurisdiction, day: date) -> None:
        self._j, self._day = j, day
        self._known: dict[tuple[str, str, str], Cite | None] = {}

    def __call__(self, kind: str, rule: str, area: str) -> Cite | None:
        """Return the clause of a rule there."""
        key = (kind, rule, area)
        if key not in self._known:
            there = self._j.rule_at(kind, rule, area, self._day)
            day = self._day.isoformat()
            said = there.cite.line(there.rule.id, day) if there else None
            self._known[key] = cast("Cite | None", said)
        return self._known[key]


RANKS = {
    "violation": "0",
    "overdue": "1",
    "target": "2",
    "warning": "3",
    "hint": "4",
    "undecided": "5",
    "else": "6",
}
"""What is worst comes first: what is broken by its severity, then what is not known."""


def rank(text: str) -> str:
    """Return where a verdict stands among others by how bad it is."""
    _, word, modality = text.split(":")
    return RANKS.get(severity(word, modality) or word, RANKS["else"])


def asked_for(j: Jurisdiction, rule: str | None, district: str | None) -> None:
    """Refuse a rule or a place that the city's document does not speak of."""
    if rule is not None and rule not in j.rules:
        raise Invalid([none_of("?/rule", sorted(j.rules), "unknown-rule")])
    if district is not None and not (
        district.startswith(j.prefixes) or any(each.startswith(district) for each in j.prefixes)
    ):
        zh, en = "，".join(j.prefixes), ", ".join(j.prefixes)
        raise Invalid(
            [
                At(
                    "?/district",
                    "outside",
                    f"不在本辖区：代码应以 {zh} 开头",
                    f"is outside the jurisdiction: codes here begin with {en}",
                )
            ]
        )


Order = Callable[[Kept, str], tuple[Any, ...]]
SORTS: dict[str, Order] = {
    "subject": lambda kept, text: (kept.kind, kept.id, text),
    "division": lambda kept, text: (kept.division, kept.kind, kept.id, text),
    "rule": lambda kept, text: (text, kept.kind, kept.id),
    "severity": lambda kept, text: (rank(text), kept.kind, kept.id, text),
}
"""What a list may be sorted by: of a subject and one of its verdicts the place in the list."""


def page(
    kept: Iterable[Kept],
    texts: Sequence[str] | None,
    sort: str,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[tuple[Kept, str]]:
    """Return one page of what was judged just now, and one more where there is more."""
    order, down = SORTS[sort.removeprefix("-")], sort.startswith("-")
    some = None if texts is None else set(texts)
    found = [
        (order(each, text), each, text)
        for each in kept
        for text in each.verdicts
        if some is None or text in some
    ]
    found.sort(key=lambda item: item[0], reverse=down)
    if after is not None:
        found = [item for item in found if (item[0] < after if down else item[0] > after)]
    return [(each, text) for _, each, text in found[: limit + 1]]
