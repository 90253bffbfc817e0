"""Whose verdicts another pack changes, from what to what: the blast radius of a change.

    Radius.of(old, new, pairs, day)    judge everybody under both, keep what differs
    radius.plain()                     as JSON
    radius.said()                      as lines, zh and en

A pair is one subject as each pack sees it: the same facts, but for areas, whose figures are counted
against the denominator of a pack.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chassis.packs import Jurisdiction, Verdict
from deploy.policies.explaining import WORDS
from services.evaluation.decide.cases import Case

ABSENT = "absent"
"""The rule is not there, or nothing is in force of it."""
Pair = tuple[Case, Case]
Judging = Callable[[Jurisdiction, Case], Iterable[Verdict]]


@dataclass(frozen=True)
class Change:
    """One rule that says something else of a subject."""

    rule: str
    was: str
    now: str
    say: dict[str, str]
    """What the pack that has the rule says of the subject; the new one, if both have it."""


@dataclass
class Radius:
    """Everything that changes, and how much was judged."""

    old: Jurisdiction
    new: Jurisdiction
    subjects: int = 0
    verdicts: int = 0
    changes: list[tuple[Case, list[Change]]] = field(default_factory=list)

    @classmethod
    def of(
        cls, old: Jurisdiction, new: Jurisdiction, pairs: Iterable[Pair], judge: Judging
    ) -> "Radius":
        """Judge everybody under both packs."""
        radius = cls(old, new)
        for before, after in pairs:
            was = {verdict.rule: verdict for verdict in judge(old, before)}
            now = {verdict.rule: verdict for verdict in judge(new, after)}
            radius.subjects += 1
            radius.verdicts += len(was.keys() | now.keys())
            if found := list(_changed(was, now)):
                radius.changes.append((after, found))
        return radius

    @property
    def moves(self) -> Counter[tuple[str, str, str]]:
        """How often a rule went from one word to another."""
        return Counter((c.rule, c.was, c.now) for _, found in self.changes for c in found)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "city": self.new.id,
            "old": self.old.version,
            "new": self.new.version,
            "judged": {"subjects": self.subjects, "verdicts": self.verdicts},
            "changed": {"subjects": len(self.changes), "verdicts": self.moves.total()},
            "moves": [
                {"rule": rule, "from": was, "to": now, "count": number}
                for (rule, was, now), number in sorted(self.moves.items())
            ],
            "subjects": [
                {
                    "subject": f"{case.kind}:{case.id}",
                    "name": case.name,
                    "division": case.area,
                    "changes": [
                        {"rule": c.rule, "from": c.was, "to": c.now, "say": c.say} for c in found
                    ],
                }
                for case, found in self.changes
            ],
        }

    def said(self, most: int | None = None) -> Iterator[str]:
        """Yield it as lines: how much in all, how often what, then who."""
        number, verdicts = len(self.changes), self.moves.total()
        yield (
            f"{number} 个对象、{verdicts} 条结论改变，共判 {self.subjects} 个对象、{self.verdicts} 条 / "
            f"{number} subjects and {verdicts} verdicts change, of {self.subjects} and {self.verdicts}"
        )
        for (rule, was, now), count in sorted(self.moves.items()):
            yield f"  {count:>6}  {rule}: {_word(was)} → {_word(now)}"
        for case, found in self.changes[:most]:
            yield f"{case.kind}:{case.id} {case.name or ''} {case.area}".rstrip().replace("  ", " ")
            for each in found:
                yield f"  {each.rule}: {_word(each.was)} → {_word(each.now)}"
                yield f"    {each.say['zh']} / {each.say['en']}"
        if most is not None and number > most:
            yield f"… 另有 {number - most} 个 / and {number - most} more"


def _changed(was: dict[str, Verdict], now: dict[str, Verdict]) -> Iterator[Change]:
    for rule in sorted(was.keys() | now.keys()):
        before, after = was.get(rule), now.get(rule)
        if (old := _of(before)) != (new := _of(after)):
            speaking = after if new != ABSENT else before
            if speaking is not None:
                yield Change(rule, old, new, speaking.say())


def _of(verdict: Verdict | None) -> str:
    return ABSENT if verdict is None or verdict.dormant else verdict.word


def _word(word: str) -> str:
    return f"{WORDS[word]} {word}"
