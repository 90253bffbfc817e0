"""The rules of a city's pack with their text: what each asks, where and when, in one language."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from chassis.asked import Listed, Paged
from chassis.http import Router, Tx, language
from chassis.packs import Jurisdiction, NoParameter
from chassis.packs.compiling import Compiled
from chassis.problems import At, Invalid
from chassis.reading import cursor, uncursor
from chassis.wording import none_of
from services.registry.routes.callers import Anyone
from services.registry.routes.policy import ParameterShown
from services.registry.shapes import AsOf
from services.registry.shapes.words import Code, Word

router = Router(tags=["packs"])


class FindRules(AsOf, Paged):
    """Which rules."""

    subject: Word | None = Field(default=None, description="only those that judge these")
    division: Code | None = Field(
        default=None, description="as they hold there; in the city as a whole if left out"
    )


class RuleText(BaseModel):
    """A rule as it holds at a place on a day."""

    id: str
    subject: str
    modality: str
    effect: str | dict[str, str]
    """`monitor`, or the gate where it refuses."""
    cite: dict[str, Any]
    say: str
    """What must be, in the language asked for; names in braces are filled in a verdict."""
    when: str
    """Whom it applies to, in CEL."""
    let: dict[str, str]
    require: str
    reading: str | None
    """How the clause is read, where it can be read in more than one way."""
    parameters: dict[str, ParameterShown | None]
    """The numbers it reads, as they hold there; null where none holds yet."""
    facts: list[str]
    """What it asks of its subject."""


class Rules(Listed):
    """A page of rules, by their name in the pack."""

    version: str
    as_of: date
    language: str
    items: list[RuleText]


@router.get("/policy/rules")
async def get_policy_rules(
    query: Annotated[FindRules, Query()],
    tx: Tx,
    actor: Anyone,
    said: Annotated[str, Depends(language)],
) -> Rules:
    """List the rules in force on a day, at a place: their text in one language, clause and numbers."""
    del actor  # the policy of a city is public to all who work with it
    day = query.as_of or tx.today
    pack = await tx.pack(day)
    _known(pack, query)
    area = query.division or pack.prefixes[0]
    after = str(uncursor(query.after, 1)[0]) if query.after else ""
    found = [
        compiled
        for rid in sorted(pack.rules)
        if rid > after and query.subject in (None, subject := pack.subject_of(rid))
        if (compiled := _in_force(pack, subject, rid, area, day))
    ]
    shown = found[: query.limit]
    return Rules(
        version=pack.version,
        as_of=day,
        language=said,
        items=[_shown(pack, each, area, day, said) for each in shown],
        next=cursor([shown[-1].id]) if len(found) > query.limit else None,
    )


def _known(pack: Jurisdiction, query: FindRules) -> None:
    """Refuse a subject or a place the pack does not speak of."""
    if query.subject is not None and query.subject not in pack.subjects.sheets:
        raise Invalid([none_of("?/subject", sorted(pack.subjects.sheets), "unknown-kind")])
    if query.division is not None and not query.division.startswith(pack.prefixes):
        raise Invalid([At("?/division", "outside", "不在本辖区", "is outside the jurisdiction")])


def _in_force(pack: Jurisdiction, subject: str, rid: str, area: str, day: date) -> Compiled | None:
    there = pack.rule_at(subject, rid, area, day)
    on = day.isoformat()
    if there is None or on < there.cite.start or (there.cite.last and there.cite.last < on):
        return None
    return there


def _shown(pack: Jurisdiction, there: Compiled, area: str, day: date, said: str) -> RuleText:
    rule = there.rule
    return RuleText(
        id=there.id,
        subject=rule.subject or "",
        modality=rule.modality,
        effect={"refuse": rule.gate} if rule.gate else "monitor",
        cite=there.cite.line(rule.id, day.isoformat()),
        say=getattr(rule.say, said),
        when=rule.when,
        let=rule.let,
        require=rule.require or "",
        reading=rule.reading,
        parameters={name: _parameter(pack, name, area, day) for name in sorted(there.parameters)},
        facts=sorted(p for p in there.paths if "." in p and not p.startswith("param.")),
    )


def _parameter(pack: Jurisdiction, name: str, area: str, day: date) -> ParameterShown | None:
    try:
        value = pack.parameter(name, area, day)
    except NoParameter:
        return None
    return ParameterShown(value=value.value, unit=value.unit, kind=value.kind, cite=value.cite)
