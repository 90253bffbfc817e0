"""Targets: what a city set out to reach, and by when."""

from datetime import date
from typing import Any

from chassis.packs import Jurisdiction, Verdict
from services.evaluation.rules import TARGET


def targets(
    j: Jurisdiction, kind: str, area: str, facts: dict[str, Any], day: date, language: str
) -> list[dict[str, Any]]:
    """Return the verdicts of a city's or a district's target rules, with the day each was due."""
    found = []
    for verdict in j.judge(kind, {kind: facts}, area, day):
        if verdict.modality != TARGET:
            continue
        line = verdict.line(language)
        found.append(
            {
                "rule": verdict.rule,
                "subject": {"kind": kind, "id": facts["code"]},
                "due": due(j, verdict, area, day),
                "verdict": verdict.word,
                "cite": line["cite"],
                "say": line["say"],
            }
        )
    return found


def due(j: Jurisdiction, verdict: Verdict, area: str, day: date) -> str | None:
    """Return the day a target is due: a date the rule compares with, or when its number begins.

    A number that begins with its document has no due date of its own. Of several that have, the last
    one that has come counts, else the next to come.
    """
    begins: set[str] = set()
    for name in verdict.compiled.parameters:
        merged = j.parameters[name]
        entries = [
            entry
            for entry in merged.entries
            if any(area.startswith(prefix) for prefix in entry.prefixes)
        ]
        if merged.declared.unit == "date":
            begins |= {str(entry.item.value) for entry in entries if entry.holds_on(str(day))}
        else:
            begins |= {
                entry.start for entry in entries if entry.start > verdict.compiled.cite.start
            }
    past = {each for each in begins if each <= str(day)}
    return max(past) if past else min(begins, default=None)
