"""Casework over HTTP: gather the facts, decide, record."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import ColumnElement

from chassis import looks, metrics, problems
from chassis.asked import Paged
from chassis.calendar import Days, Overlay
from chassis.db import Transaction
from chassis.divisions import named
from chassis.events import Event
from chassis.http import IfMatch, Router, Tx, language, match
from chassis.identifiers import mask_id, mask_name, mask_phone
from chassis.identity import Actor, allow
from chassis.looks import by_id, first, heard
from chassis.packs import Jurisdiction
from chassis.policy import refuse
from chassis.problems import Problem
from chassis.reading import cursor, uncursor
from contracts.kept import waived_at
from services.casework import decide, shapes
from services.casework.models import (
    FeedEntry,
    PartnerKept,
    Person,
    Referral,
    StationKept,
    WaiverKept,
)
from services.casework.queries import candidates, candidates_elsewhere, load_of, people_of
from services.casework.reach import referrals_of, sees_person, stations_of
from services.casework.rules import ACCEPT, ReferralPolicy

router = Router(tags=["casework"])

CanSubmit = Annotated[Actor, Depends(allow("referrals:submit"))]
"""A partner, about its own referrals."""
CanRead = Annotated[Actor, Depends(allow("referrals:read"))]
"""Whoever may see referrals; which ones is `reach.referrals_of`."""
CanWork = Annotated[Actor, Depends(allow("referrals:work"))]
"""A worker or head of the station that has the referral in hand."""
CanRoute = Annotated[Actor, Depends(allow("referrals:route"))]
"""Who decides for another station."""
CanReveal = Annotated[Actor, Depends(allow("personal:reveal"))]
"""Who may see a person whole; every time is an audit row."""
CanErase = Annotated[Actor, Depends(allow("personal:erase"))]
"""Who may destroy a person's key."""
CanCount = Annotated[Actor, Depends(allow("registry:read"))]
"""Who may see how busy a station is."""
Language = Annotated[str, Depends(language)]


@router.post("/referrals", status_code=201)
async def post_referral(
    ask: shapes.SendReferral, tx: Tx, actor: CanSubmit, said: Language
) -> shapes.Received:
    """Refer a person. Answers with a tracking number, a station or a queue, and a time to reply by."""
    if actor.partner_id is None:
        raise problems.Forbidden()
    system = ask.division_system or (await tx.pack()).division_system
    partner, _, found, near = await tx.look(
        by_id(PartnerKept, actor.partner_id),
        heard(tx.today),
        looks.division(system, ask.division),
        candidates(system, ask.division, tx.today),
    )
    if partner is None:
        raise problems.UnknownReference("")
    digest = tx.people.blind("partner_ref", ask.partner_ref)
    if tx.again:  # nearly every reference is new, and the table refuses a second one
        await _not_sent_before(tx, partner.id, digest)
    j = await tx.pack()
    decide.check_partner(ask, partner, j.vocabulary["domain"])
    ground = await named(tx, found, ask.division_name)
    if not ground.code.startswith(tuple(j.prefixes)):
        raise _not_here()
    code = ground.code
    if not near.stations:
        code, near = await candidates_elsewhere(tx, ground)
    routed = decide.route(ask.domain, code, *near, int.from_bytes(digest[:16]))

    taken = decide.receive(
        ask,
        partner,
        tx.people.new(),
        digest,
        ground.code,
        system,
        routed,
        ReferralPolicy.of(j, ground.code, tx.today),
        _days(j),
        tx.city,
        tx.now,
    )

    tx.keep(taken.person, taken.entry)
    if ask.subject.id_number:
        tx.people.index(taken.person.id, "id_number", ask.subject.id_number)
    tx.record(taken.referral, taken.event)
    if routed.station is None:
        tx.after_commit.append(metrics.unrouted_total.labels(tx.city).inc)
    return _received(taken.referral, routed.station, said)


@router.get("/referrals/changes")
async def get_changes(query: Annotated[Paged, Query()], tx: Tx, actor: CanRead) -> shapes.Changes:
    """Read what became of one's own referrals, in order and without gaps, from a cursor on."""
    if actor.role != "partner" or actor.partner_id is None:
        raise problems.Forbidden("仅合作单位有变更流", "only a partner has a feed")
    after = 0 if query.after is None else _position(query.after)
    row = cast("Any", FeedEntry)
    found = await tx.find(
        FeedEntry,
        row.partner_id == actor.partner_id,
        row.position > after,
        order_by=row.position,
        limit=query.limit,
    )
    items = [shapes.Change.model_validate(e, from_attributes=True) for e in found]
    last = items[-1].position if items else after
    return shapes.Changes(items=items, next=cursor([last]))


@router.get("/referrals")
async def get_referrals(
    query: Annotated[shapes.ReferralFilter, Query()], tx: Tx, actor: CanRead
) -> shapes.ReferralList:
    """List the referrals within the caller's reach, oldest first."""
    row = cast("Any", Referral)
    where: list[ColumnElement[bool]] = [referrals_of(actor)]
    for name in ("status", "station_id", "domain"):
        wanted = getattr(query, name)
        if wanted is not None:
            where.append(getattr(row, name) == wanted)
    page = await tx.page(Referral, *where, after=query.after, limit=query.limit)
    shown = [r.id for r in page.items if sees_person(actor, r)]
    people, _ = await tx.look(*people_of(shown)) if shown else ([], [])
    return shapes.ReferralList(items=await _views(tx, actor, page.items, people), next=page.next)


@router.get("/referrals/{referral_id}")
async def get_referral(referral_id: UUID, tx: Tx, actor: CanRead) -> shapes.ReferralView:
    """Show one referral; its person is masked."""
    referral, people, _ = await tx.look(
        first(Referral, cast("Any", Referral).id == referral_id, referrals_of(actor)),
        *people_of([referral_id]),
    )
    if referral is None:
        raise problems.NotFound()
    return (await _views(tx, actor, [referral], people))[0]


@router.get("/referrals/{referral_id}/subject")
async def get_subject(referral_id: UUID, tx: Tx, actor: CanReveal) -> shapes.Revealed:
    """Show the person and the words about them whole. The showing is audited before it is sent."""
    referral = await _reached(tx, actor, referral_id)
    person = await tx.get(Person, referral.person_id)
    about, words = await tx.people.opened([person, referral])
    shown = [name for name, text in (about | words).items() if text is not None]
    tx.audit("person.reveal", "referral", referral.id, fields=sorted(shown))
    born = about.pop("born_on")
    return shapes.Revealed(
        referral_id=referral.id,
        id_type=person.id_type,
        born_on=date.fromisoformat(born) if born else None,
        **about,
        **words,
    )


@router.post("/referrals/{referral_id}/accept")
async def post_accept(
    referral_id: UUID, _: shapes.Nothing, tx: Tx, actor: CanWork, version: IfMatch
) -> shapes.Moved:
    """Take a referral on."""
    referral = await _reached(tx, actor, referral_id, version)
    event = decide.accept(referral, actor.role, tx.now)
    j = await tx.pack()
    about = [("referral", referral.id), ("station", referral.station_id)]
    waivers = await waived_at(tx, WaiverKept, j, ACCEPT, about)
    facts, where = _facts(referral), referral.division
    refuse(j, ACCEPT, "referral", facts, where, tx.today, waivers)
    return _move(tx, referral, event)


@router.post("/referrals/{referral_id}/decline")
async def post_decline(
    referral_id: UUID, ask: shapes.Decline, tx: Tx, actor: CanWork, version: IfMatch
) -> shapes.Moved:
    """Decline a referral, with a reason from the city's list."""
    referral = await _reached(tx, actor, referral_id, version)
    codes = (await tx.pack()).vocabulary["decline_reason"]
    event = decide.decline(referral, actor.role, ask.reason_code, ask.reason, codes)
    return _move(tx, referral, event)


@router.post("/referrals/{referral_id}/request-information")
async def post_request_information(
    referral_id: UUID, ask: shapes.AskInformation, tx: Tx, actor: CanWork, version: IfMatch
) -> shapes.Moved:
    """Ask the partner for more; the clock waits."""
    referral = await _reached(tx, actor, referral_id, version)
    event = decide.request_information(referral, actor.role, ask.question, tx.now)
    return _move(tx, referral, event)


@router.post("/referrals/{referral_id}/supply-information")
async def post_supply_information(
    referral_id: UUID, ask: shapes.SupplyInformation, tx: Tx, actor: CanSubmit, version: IfMatch
) -> shapes.Moved:
    """Answer what the station asked; what was left of the clock runs on."""
    referral = await _reached(tx, actor, referral_id, version)
    days = _days(await tx.pack())
    event = decide.supply_information(referral, actor.role, ask.answer, days, tx.now)
    return _move(tx, referral, event)


@router.post("/referrals/{referral_id}/transfer")
async def post_transfer(
    referral_id: UUID, ask: shapes.Transfer, tx: Tx, actor: CanRoute, version: IfMatch
) -> shapes.Moved:
    """Give a referral to another station, or a first one to an unrouted referral."""
    referral = await _reached(tx, actor, referral_id, version)
    to = await tx.peek(StationKept, ask.station_id)
    event = decide.transfer(referral, actor.role, to, ask.reason)
    person = await tx.get(Person, referral.person_id)
    person.station_id = referral.station_id
    tx.keep(person)
    return _move(tx, referral, event)


@router.post("/referrals/{referral_id}/start")
async def post_start(
    referral_id: UUID, _: shapes.Nothing, tx: Tx, actor: CanWork, version: IfMatch
) -> shapes.Moved:
    """Begin the work."""
    referral = await _reached(tx, actor, referral_id, version)
    return _move(tx, referral, decide.start(referral, actor.role))


@router.post("/referrals/{referral_id}/close")
async def post_close(
    referral_id: UUID, ask: shapes.CloseReferral, tx: Tx, actor: CanWork, version: IfMatch
) -> shapes.Moved:
    """End the work, with an outcome from the city's list."""
    referral = await _reached(tx, actor, referral_id, version)
    codes = (await tx.pack()).vocabulary["outcome"]
    return _move(tx, referral, decide.close(referral, actor.role, ask.outcome_code, codes))


@router.post("/referrals/{referral_id}/withdraw")
async def post_withdraw(
    referral_id: UUID, ask: shapes.Withdraw, tx: Tx, actor: CanSubmit, version: IfMatch
) -> shapes.Moved:
    """Take a referral back."""
    referral = await _reached(tx, actor, referral_id, version)
    return _move(tx, referral, decide.withdraw(referral, actor.role, ask.reason))


@router.get("/stations/{station_id}/load")
async def get_load(station_id: UUID, tx: Tx, actor: CanCount) -> shapes.Load:
    """Show how much a station has in hand; numbers only."""
    found, load = await tx.look(
        first(StationKept, stations_of(actor), id=station_id),
        load_of(station_id, tx.now),
    )
    if found is None:
        raise problems.NotFound()
    return load


@router.post("/clients/{person_id}/erasure")
async def post_erasure(
    person_id: UUID, _: shapes.Nothing, tx: Tx, _actor: CanErase
) -> shapes.Erased:
    """Make a person unreadable for ever, here, in every event and in every backup (PIPL 47)."""
    await tx.get(Person, person_id)
    await tx.people.erase(person_id)
    return shapes.Erased(id=person_id, at=tx.now)


# ------------------------------------------------------------------------------ shared beats


def _move(tx: Transaction, referral: Referral, event: Event) -> shapes.Moved:
    """Record a transition: the row, its event, and the partner's feed."""
    tx.keep(decide.entry(referral, referral.version + 1, tx.now))
    tx.record(referral, event)
    return shapes.Moved(id=referral.id, status=referral.status, version=referral.version, at=tx.now)


async def _reached(
    tx: Transaction, actor: Actor, referral_id: UUID, version: int | None = None
) -> Referral:
    """Return a referral within reach, as the caller saw it if it says which version it saw."""
    found = await tx.one(Referral, cast("Any", Referral).id == referral_id, referrals_of(actor))
    if found is None:
        raise problems.NotFound()
    match(found, version)
    return found


async def _not_sent_before(tx: Transaction, partner_id: UUID, digest: bytes) -> None:
    first = await tx.one(Referral, partner_id=partner_id, partner_ref_digest=digest)
    if first is not None:
        raise Problem(
            "duplicate-reference",
            {
                "zh": f"该编号已用于 {first.tracking_no}",
                "en": f"this reference belongs to {first.tracking_no}",
            },
            extra={"first": {"id": str(first.id), "tracking_no": first.tracking_no}},
        )


def _not_here() -> Problem:
    return Problem(
        "unknown-division",
        errors=[
            problems.At(
                "/division",
                "not-here",
                "该区划不在本辖区",
                "this division is not in this jurisdiction",
            )
        ],
    )


def _received(referral: Referral, station: StationKept | None, said: str) -> shapes.Received:
    return shapes.Received(
        id=referral.id,
        version=referral.version,
        tracking_no=referral.tracking_no,
        status=referral.status,
        station=shapes.StationRef(id=station.id, name=station.name) if station else None,
        routed_because=[
            shapes.Because(code=b["code"], say=b["say"][said]) for b in referral.routed_because
        ],
        reply_by=referral.reply_by,
        reply_by_provisional=referral.reply_by_provisional,
    )


async def _views(
    tx: Transaction, actor: Actor, referrals: Sequence[Referral], people: Sequence[Person]
) -> list[shapes.ReferralView]:
    """Return referrals as this caller may see them; of their people only those it may, masked."""
    shown = [r for r in referrals if sees_person(actor, r)]
    wanted = {r.person_id for r in shown}
    people = [p for p in people if p.id in wanted]
    opened = dict(zip([p.id for p in people], await tx.people.opened(people), strict=True))
    kinds = {p.id: p.id_type for p in people}
    seen = {r.id for r in shown}
    views = []
    for referral in referrals:
        texts = opened.get(referral.person_id)
        view = shapes.ReferralView.model_validate(
            {n: getattr(referral, n) for n in shapes.ReferralView.model_fields if n != "subject"}
        )
        if actor.role == "partner":
            view.person_id = None  # it knows the person by its own number
        if texts is not None and referral.id in seen:
            view.subject = _masked(kinds[referral.person_id], texts)
        views.append(view)
    return views


def _masked(id_type: str, texts: dict[str, str | None]) -> shapes.MaskedSubject:
    name, number, phone = texts["name"], texts["id_number"], texts["phone"]
    return shapes.MaskedSubject(
        name=name and mask_name(name),
        id_type=id_type,
        id_number=number and mask_id(id_type, number),
        phone=phone and mask_phone(phone),
    )


def _facts(referral: Referral) -> dict[str, Any]:
    """Return the facts of the gate `casework.referral.accept`."""
    return {
        "referral": {
            "domain": referral.domain,
            "urgency": referral.urgency,
            "legal_basis": referral.legal_kind,
            "partner_kind": referral.partner_kind,
            "sensitive": referral.sensitivity == decide.SENSITIVE,
        }
    }


def _days(j: Jurisdiction) -> Days:
    return Days(Overlay(j.holidays, j.workdays))


def _position(after: str) -> int:
    value = uncursor(after, 1)[0]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise Problem("malformed", {"zh": "游标 after 无效", "en": "`after` is no cursor"})
    return value
