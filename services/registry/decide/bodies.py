"""Agencies and partners: what is said of them is replaced whole; their people come one by one."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.initials import initials
from chassis.problems import At, Invalid
from chassis.vault import Encrypted
from contracts import facts
from contracts.registry import AgencyChanged, BodyOfficer, LinkChanged, PartnerChanged
from services.registry.decide.days import effective, in_order, since
from services.registry.decide.network import add_link, change_link
from services.registry.decide.workers import telephone
from services.registry.facts import Words, strange_words
from services.registry.models import Agency, Link, Officer, Partner
from services.registry.shapes import (
    AddLink,
    AddOfficer,
    ChangeLink,
    ChangeOfficer,
    WriteAgency,
    WritePartner,
)

CONTACT = "contact"
_NOT_CLEARED = frozenset({"role"})
"""What an office cannot be without."""


def write_agency(
    agency: Agency | None,
    ask: WriteAgency,
    words: Words | None,
    today: date,
    officers: Sequence[Officer] = (),
) -> tuple[Agency, AgencyChanged]:
    """Enter an agency, or replace what is said of one."""
    said = ask.model_dump(exclude={"effective_on", "systems"})
    said["systems"] = [
        each.model_dump(mode="json", exclude_unset=True, exclude_none=True) for each in ask.systems
    ]
    if words is not None:
        wrong = [
            *strange_words(facts.Agency, {"kind": ask.kind}, words),
            *strange_words(WriteAgency, said | {"kind": None}, words),
        ]
        if wrong:
            raise Invalid(wrong)
    days = (ask.established_on, ask.incubated_on)
    said |= {
        "initials": initials(ask.name),
        "as_of": since(agency, ask.effective_on, today, *days),
    }
    if agency is None:
        agency = Agency(**said)
    else:
        for name, value in said.items():
            setattr(agency, name, value)
    return agency, told_agency(agency, officers)


def write_partner(
    partner: Partner | None,
    ask: WritePartner,
    words: Words | None,
    city: str,
    today: date,
    officers: Sequence[Officer] = (),
) -> tuple[Partner, PartnerChanged]:
    """Enter a partner, or replace what is said of one."""
    wrong: list[At] = []
    if words is not None:
        wrong += strange_words(facts.Partner, {"kind": ask.kind}, words)
        wrong += strange_words(facts.Station, {"domains": ask.domains}, words)
    if ask.client_id is not None and not ask.client_id.startswith(f"{city}."):
        wrong.append(
            At("/client_id", "other-city", "该客户端属于其他城市", "is a client of another city")
        )
    if wrong:
        raise Invalid(wrong)
    said = ask.model_dump(exclude={"effective_on", "duties"})
    said["duties"] = [each.model_dump(exclude_none=True) for each in ask.duties]
    said |= {"initials": initials(ask.name), "as_of": effective(ask.effective_on, today)}
    if partner is None:
        partner = Partner(**said)
    else:
        for name, value in said.items():
            setattr(partner, name, value)
    return partner, told_partner(partner, officers)


def told_agency(agency: Agency, officers: Sequence[Officer]) -> AgencyChanged:
    """Return the whole public state of an agency."""
    shared = AgencyChanged.model_fields.keys() - {"agency_id", "officers"}
    return AgencyChanged(
        agency_id=agency.id,
        officers=_offices(officers),
        **{name: getattr(agency, name) for name in shared},
    )


def told_partner(partner: Partner, officers: Sequence[Officer]) -> PartnerChanged:
    """Return the whole public state of a partner: without its client and its people."""
    shared = PartnerChanged.model_fields.keys() - {"partner_id", "officers"}
    return PartnerChanged(
        partner_id=partner.id,
        officers=_offices(officers),
        **{name: getattr(partner, name) for name in shared},
    )


def add_officer(ask: AddOfficer, person_id: UUID, body: Agency | Partner, number: str) -> Officer:
    """Enter a person of a body."""
    in_order(ask.starts_on or date.min, ask.ends_on)
    return Officer(
        id=person_id,
        body_kind="agency" if isinstance(body, Agency) else "partner",
        body_id=body.id,
        name=Encrypted(ask.name),
        id_type=ask.id_type.value,
        id_number=Encrypted(number) if number else None,
        phone=telephone(ask.phone),
        **{n: getattr(ask, n) for n in ("role", "post", "share_percent", "starts_on", "ends_on")},
    )


def change_officer(officer: Officer, ask: ChangeOfficer) -> Officer:
    """End an office, or correct what is said of it."""
    for name in ask.model_fields_set - {"effective_on", "phone"}:
        value = getattr(ask, name)
        if value is not None or name not in _NOT_CLEARED:
            setattr(officer, name, value)
    if "phone" in ask.model_fields_set:
        officer.phone = telephone(ask.phone)
    in_order(officer.starts_on or date.min, officer.ends_on)
    return officer


def via(one: UUID, other: UUID) -> UUID:
    """Return by what a tie of two offices is known, whichever of them comes first."""
    both = "".join(sorted((str(one), str(other))))
    return UUID(hashlib.md5(both.encode(), usedforsecurity=False).hexdigest())


def tied(one: Officer, other: Officer) -> tuple[date | None, date | None] | None:
    """Return from when to when one person's two offices tie their agencies, None where never.

    Who represents, controls, manages or owns a share of both does; whom to call does not (LZ-2.3.3-b).
    """
    if CONTACT in (one.role, other.role):
        return None
    starts = max((d for d in (one.starts_on, other.starts_on) if d), default=None)
    ends = min((d for d in (one.ends_on, other.ends_on) if d), default=None)
    return None if starts and ends and ends < starts else (starts, ends)


def keep_tie(
    link: Link | None, one: Officer, other: Officer, today: date
) -> tuple[Link, LinkChanged] | None:
    """Make the tie of two offices, move it with them, or end it; None where nothing changes."""
    period = tied(one, other)
    if link is None:
        return None if period is None else _made(one, other, *period, today)
    if period is None:
        # It never was, or is no more; nobody knows since when, so it ends before today.
        period = link.starts_on, max(link.starts_on, today - timedelta(days=1))
        if link.ends_on is not None and link.ends_on <= period[1]:
            return None
    starts, ends = period
    starts = starts or min(link.starts_on, ends or link.starts_on)
    if (starts, ends) == (link.starts_on, link.ends_on):
        return None
    return change_link(link, ChangeLink(starts_on=starts, ends_on=ends), today)


def _made(
    one: Officer, other: Officer, starts: date | None, ends: date | None, today: date
) -> tuple[Link, LinkChanged]:
    said: dict[str, Any] = {"from_kind": "agency", "from_id": one.body_id}
    said |= {"to_kind": "agency", "to_id": other.body_id, "ends_on": ends}
    said["starts_on"] = starts or min(today, ends or today)
    link, event = add_link(AddLink(kind="related", **said), today)
    link.via = via(one.id, other.id)
    return link, event


def _offices(officers: Sequence[Officer]) -> list[BodyOfficer]:
    return [
        BodyOfficer(**{name: getattr(each, name) for name in BodyOfficer.model_fields})
        for each in sorted(officers, key=lambda each: each.id)
    ]
