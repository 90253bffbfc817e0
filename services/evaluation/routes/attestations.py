"""Attestations: what only one city asks for, stated by those who answer for it."""

from collections.abc import Sequence
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from chassis import problems
from chassis.asked import Listed
from chassis.http import IfMatch, Router, Tx, match
from chassis.identity import Actor, allow
from services.evaluation import gather, queries, sheets
from services.evaluation.asks import AttestationsAsked, Questioned, StateFact
from services.evaluation.decide.attest import revoke_attestation, state_fact
from services.evaluation.models import Attestation, AttestationReceipt, AttestationView
from services.evaluation.queries import When
from services.evaluation.reach import concerning, may_state, reads_verdicts

router = Router(tags=["evaluation"])

CanState = Annotated[Actor, Depends(allow("registry:write"))]
"""A station's head of that station, a bureau of its area."""
Reader = Annotated[Actor, Depends(reads_verdicts)]


class Attestations(Listed):
    """A page of attestations."""

    items: Sequence[AttestationView]


class Question(BaseModel):
    """A fact the city's pack asks for, and what is stated of it today."""

    name: str
    ask: dict[str, str]
    unit: str
    many: bool
    words: dict[str, dict[str, str | None]] | None
    """The words to choose from, where the unit is a vocabulary."""
    stated: AttestationView | None


class Questions(BaseModel):
    """The form of one subject."""

    items: Sequence[Question]


@router.post("/attestations", status_code=201)
async def post_attestation(ask: StateFact, tx: Tx, actor: CanState) -> AttestationReceipt:
    """Answer for a fact that only this city asks for; a later word of the same fact replaces it."""
    j = await tx.pack()
    case = await gather.said_of(tx, ask.subject, j, When(tx.today, tx.now), actor)
    if not may_state(actor, case):
        raise problems.Forbidden()
    stated = tx.record(*state_fact(ask, case, j, actor.subject, tx.today, tx.now))
    sheets.judge_again(tx, stated.subject_kind, stated.subject_id)
    return stated


@router.get("/attestations")
async def get_attestations(
    asked: Annotated[AttestationsAsked, Query()], tx: Tx, actor: Reader
) -> Attestations:
    """List what was stated within the caller's reach, what was taken back too."""
    row = cast("Any", Attestation)
    where = [concerning(actor, row)]
    if asked.subject is not None:
        kind, _, identity = asked.subject.partition(":")
        where += [row.subject_kind == kind, row.subject_id == identity]
    if asked.name is not None:
        where.append(row.name == asked.name)
    page = await tx.page(Attestation, *where, after=asked.after, limit=asked.limit)
    return Attestations.model_construct(items=page.items, next=page.next)


@router.get("/attestations/form")
async def get_attestation_form(
    asked: Annotated[Questioned, Query()], tx: Tx, actor: Reader
) -> Questions:
    """Show what the city's pack asks of a subject, and what is stated of it today."""
    j = await tx.pack()
    when = When(tx.today, tx.now)
    case = await gather.case(tx, asked.subject, j, when, actor)
    stated = (await queries.stated(tx, when, [case.key])).get(case.key, {})
    return Questions(
        items=[
            Question.model_construct(
                name=name,
                ask=question.ask.model_dump(),
                unit=question.unit,
                many=question.many,
                words={
                    word: {"zh": said.zh, "en": said.en}
                    for word, said in j.vocabulary[question.unit].items()
                }
                if question.unit in j.vocabulary
                else None,
                stated=stated.get(name),
            )
            for name, question in j.questions(case.kind).items()
        ]
    )


@router.get("/attestations/{attestation_id}")
async def get_attestation(attestation_id: UUID, tx: Tx, actor: Reader) -> AttestationView:
    """Show one attestation."""
    return await _reached(tx, attestation_id, actor)


@router.post("/attestations/{attestation_id}/revoke")
async def post_revoke_attestation(
    attestation_id: UUID, tx: Tx, actor: CanState, version: IfMatch
) -> AttestationReceipt:
    """Take an attestation back: what was stated before it counts again."""
    stated = await _reached(tx, attestation_id, actor)
    match(stated, version)
    tx.record(*revoke_attestation(stated, actor.subject, tx.now))
    sheets.judge_again(tx, stated.subject_kind, stated.subject_id)
    return stated


async def _reached(tx: Any, attestation_id: UUID, actor: Actor) -> Attestation:
    row = cast("Any", Attestation)
    found = await tx.one(Attestation, row.id == attestation_id, concerning(actor, row))
    if found is None:
        raise problems.NotFound()
    return cast("Attestation", found)
