"""The pack in force, as a frontend shows it: documents, parameters and rules with their clauses."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from chassis.http import Router, Tx
from chassis.packs import Jurisdiction, NoParameter
from chassis.packs.layers import Entry, choose
from chassis.packs.plan import Version
from chassis.problems import Problem
from services.registry.queries import first_pack, pack_in_force
from services.registry.routes.callers import Anyone
from services.registry.shapes import AsOf

router = Router(tags=["packs"])


class ParameterShown(BaseModel):
    """A parameter's value in the city as a whole, with its clause."""

    value: Any
    unit: str
    kind: str
    cite: dict[str, Any] | None


class RuleShown(BaseModel):
    """A rule as it holds in the city as a whole."""

    id: str
    cite: dict[str, Any]
    subject: str
    modality: str
    effect: str | dict[str, str]
    """`monitor`, or the gate where it refuses."""
    say: dict[str, str]


class DocumentShown(BaseModel):
    """A document of the pack or of a layer above."""

    pack: str
    key: str
    title: str
    number: str | None
    issued: date | None
    in_force: date
    until: date | None
    after: str


class Policy(BaseModel):
    """The pack in force on a day."""

    id: str
    version: str
    in_force: date
    as_of: date
    name: dict[str, str]
    documents: list[DocumentShown]
    parameters: dict[str, ParameterShown]
    rules: list[RuleShown]


@router.get("/policy")
async def get_policy(query: Annotated[AsOf, Query()], tx: Tx, actor: Anyone) -> Policy:
    """Show the pack in force on a day: documents, parameters, rules with clause and words.

    Of a day before the first version the first one is shown: it is what verdicts of such a day use.
    """
    del actor  # the policy of a city is public to all who work with it
    day = query.as_of or tx.today
    version = await pack_in_force(tx, day) or await first_pack(tx)
    if version is None or version.in_force is None:
        raise Problem("policy-not-loaded", headers={"retry-after": "1"})
    return shown(await tx.pack(day), version.in_force, day)


def shown(pack: Jurisdiction, in_force: date, day: date) -> Policy:
    """Return what a pack says on a day, in its area as a whole."""
    area = pack.prefixes[0]
    return Policy(
        id=pack.id,
        version=pack.version,
        in_force=in_force,
        as_of=day,
        name=pack.name,
        documents=[
            DocumentShown(
                pack=owner,
                key=key,
                **{
                    n: getattr(each, n) for n in DocumentShown.model_fields.keys() - {"pack", "key"}
                },
            )
            for (owner, key), each in pack.documents.items()
        ],
        parameters=_parameters(pack, area, day),
        rules=[
            rule
            for rid, versions in pack.rules.items()
            if (rule := _rule(rid, versions, pack, area, day.isoformat()))
        ],
    )


def _parameters(pack: Jurisdiction, area: str, day: date) -> dict[str, ParameterShown]:
    found = {}
    for name in pack.parameters:
        try:
            value = pack.parameter(name, area, day)
        except NoParameter:  # none yet, or none any more
            continue
        found[name] = ParameterShown(
            value=value.value, unit=value.unit, kind=value.kind, cite=value.cite
        )
    return found


def _rule(
    rid: str, versions: Sequence[Entry[Version]], pack: Jurisdiction, area: str, day: str
) -> RuleShown | None:
    here = {prefix for each in versions for prefix in each.prefixes if area.startswith(prefix)}
    version = choose(versions, frozenset(here | set(pack.prefixes)), day)
    if version is None or version.compiled is None:
        return None
    rule = version.rule
    return RuleShown(
        id=rid,
        cite=version.compiled.cite.line(rule.id, day),
        subject=rule.subject or "",
        modality=rule.modality,
        effect={"refuse": rule.gate} if rule.gate else "monitor",
        say=rule.say.model_dump() if rule.say else {},
    )
