"""People of bodies: entered, ended, shown behind a mask; one person in two agencies ties the two.

A tie is a link as long as both offices, and changes with them.

A partner's contact is shown whole to whoever may write the partner, and that showing is audited.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col

from chassis.events import Event
from chassis.http import MustMatch, Router, Tx, match
from chassis.identifiers import mask_id, mask_name, mask_phone
from chassis.identity import Actor
from chassis.problems import NotFound
from chassis.reading import among
from chassis.tables import BlindIndex
from services.registry.decide.bodies import (
    add_officer,
    change_officer,
    keep_tie,
    told_agency,
    told_partner,
    via,
)
from services.registry.decide.days import effective
from services.registry.decide.workers import document
from services.registry.models import Agency, Link, Officer, Partner
from services.registry.queries import alone_in_network, officers_of
from services.registry.reach import WRITES, reached
from services.registry.routes.callers import Reads, Writes
from services.registry.shapes import AddOfficer, ChangeOfficer

router = Router(tags=["officers"])

NUMBER = "officer_id_number"
"""The blind index by which one person is known in two bodies."""


class OfficerView(BaseModel):
    """A person of a body, behind a mask."""

    id: UUID
    role: str
    name: str | None
    """Null when it was erased."""
    id_type: str
    id_number: str | None
    phone: str | None
    post: str | None
    share_percent: float | None
    starts_on: date | None
    ends_on: date | None


class Officers(BaseModel):
    """All people of a body, with the version a change must name."""

    version: int
    items: list[OfficerView]


class OfficerReceipt(BaseModel):
    """What a write answers: no personal field. The version is the body's."""

    id: UUID
    version: int


@router.post("/agencies/{agency_id}/officers", status_code=201)
async def post_agency_officer(
    agency_id: UUID, ask: AddOfficer, tx: Tx, actor: Writes
) -> OfficerReceipt:
    """Enter a person of an agency; who holds an office in another one ties the two."""
    agency = await reached(tx, actor, Agency, agency_id, write=True)
    made, people = await _entered(tx, agency, ask)
    await _tie(tx, people)
    return OfficerReceipt(id=made.id, version=agency.version)


@router.get("/agencies/{agency_id}/officers")
async def get_agency_officers(agency_id: UUID, tx: Tx, actor: Reads) -> Officers:
    """List the people of an agency, behind a mask."""
    agency = await reached(tx, actor, Agency, agency_id)
    return await _shown(tx, agency, actor)


@router.patch("/agencies/{agency_id}/officers/{officer_id}")
async def patch_agency_officer(
    agency_id: UUID,
    officer_id: UUID,
    ask: ChangeOfficer,
    *,
    tx: Tx,
    actor: Writes,
    version: MustMatch,
) -> OfficerReceipt:
    """End an office in an agency, or correct it, and the ties it makes; the version is the agency's."""
    agency = await reached(tx, actor, Agency, agency_id, write=True)
    match(agency, version)
    receipt, people = await _changed(tx, agency, officer_id, ask)
    await _tie(tx, people)
    return receipt


@router.post("/partners/{partner_id}/officers", status_code=201)
async def post_partner_officer(
    partner_id: UUID, ask: AddOfficer, tx: Tx, actor: Writes
) -> OfficerReceipt:
    """Enter a person of a partner: whom to call."""
    partner = await reached(tx, actor, Partner, partner_id, write=True)
    made, _ = await _entered(tx, partner, ask)
    return OfficerReceipt(id=made.id, version=partner.version)


@router.get("/partners/{partner_id}/officers")
async def get_partner_officers(partner_id: UUID, tx: Tx, actor: Reads) -> Officers:
    """List the people of a partner; its contacts whole for who may change it, and audited."""
    partner = await reached(tx, actor, Partner, partner_id)
    return await _shown(tx, partner, actor)


@router.patch("/partners/{partner_id}/officers/{officer_id}")
async def patch_partner_officer(
    partner_id: UUID,
    officer_id: UUID,
    ask: ChangeOfficer,
    *,
    tx: Tx,
    actor: Writes,
    version: MustMatch,
) -> OfficerReceipt:
    """End an office in a partner, or correct it; the version is the partner's."""
    partner = await reached(tx, actor, Partner, partner_id, write=True)
    match(partner, version)
    receipt, _ = await _changed(tx, partner, officer_id, ask)
    return receipt


async def _entered(
    tx: Tx, body: Agency | Partner, ask: AddOfficer
) -> tuple[Officer, list[Officer]]:
    number = document(ask.id_type, ask.id_number, tx.today)
    person_id = tx.people.new()
    made = add_officer(ask, person_id, body, number)
    others = await officers_of(tx, body.id)
    tx.keep(made)
    if number:
        tx.people.index(person_id, NUMBER, number)
    body.as_of = effective(ask.effective_on, tx.today)
    tx.record(body, _told(body, [*others, made]))
    return made, [*others, made]


async def _changed(
    tx: Tx, body: Agency | Partner, officer_id: UUID, ask: ChangeOfficer
) -> tuple[OfficerReceipt, list[Officer]]:
    officers = await officers_of(tx, body.id)
    officer = next((each for each in officers if each.id == officer_id), None)
    if officer is None:
        raise NotFound()
    tx.keep(change_officer(officer, ask))
    body.as_of = effective(ask.effective_on, tx.today)
    tx.record(body, _told(body, officers))
    return OfficerReceipt(id=officer.id, version=body.version), officers


def _told(body: Agency | Partner, officers: Sequence[Officer]) -> Event:
    if isinstance(body, Agency):
        return told_agency(body, officers)
    return told_partner(body, officers)


async def _tie(tx: Tx, officers: Sequence[Officer]) -> None:
    """Hold an agency's ties to what its people's offices say, here and in other agencies."""
    await alone_in_network(tx)
    mine = {each.id: each for each in officers}
    numbers = await tx.find(BlindIndex, field=NUMBER, person_id=list(mine))
    digests = list({each.digest for each in numbers})
    same = await tx.find(BlindIndex, field=NUMBER, digest=digests) if digests else []
    bodies = {each.body_id for each in officers}
    others = {
        each.id: each
        for each in await tx.find(
            Officer,
            among(Officer.id, [each.person_id for each in same]),
            col(Officer.body_kind) == "agency",
        )
        if each.body_id not in bodies
    }
    pairs = [
        (mine[a.person_id], others[b.person_id])
        for a in numbers
        for b in same
        if a.digest == b.digest and b.person_id in others
    ]
    known = [via(one.id, other.id) for one, other in pairs]
    there = {each.via: each for each in await tx.find(Link, via=known)} if known else {}
    for one, other in pairs:
        tie = keep_tie(there.get(via(one.id, other.id)), one, other, tx.today)
        if tie is not None:
            tx.record(*tie)


async def _shown(tx: Tx, body: Agency | Partner, actor: Actor) -> Officers:
    officers = await officers_of(tx, body.id)
    whole = isinstance(body, Partner) and Partner in WRITES.get(actor.role, ())
    items = []
    for officer, texts in zip(officers, await tx.people.opened(officers), strict=True):
        name, number, phone = texts["name"], texts["id_number"], texts["phone"]
        clear = whole and officer.role == "contact"
        if clear:
            tx.audit("officer.reveal", officer.body_kind, officer.body_id, fields=["name", "phone"])
        same = OfficerView.model_fields.keys() - {"name", "id_number", "phone"}
        items.append(
            OfficerView(
                **{field: getattr(officer, field) for field in same},
                name=name if clear or name is None else mask_name(name),
                id_number=mask_id(officer.id_type, number) if number else None,
                phone=phone if clear or phone is None else mask_phone(phone),
            )
        )
    return Officers(version=body.version, items=items)
