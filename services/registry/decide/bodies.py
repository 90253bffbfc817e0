"""Agencies and partners: what is said of them is replaced whole."""

from datetime import date

from chassis.problems import At, Invalid
from contracts import facts
from contracts.registry import AgencyChanged, PartnerChanged
from services.registry.decide.days import effective
from services.registry.facts import Words, strange_words
from services.registry.models import Agency, Partner
from services.registry.shapes import WriteAgency, WritePartner


def write_agency(
    agency: Agency | None, ask: WriteAgency, words: Words | None, today: date
) -> tuple[Agency, AgencyChanged]:
    """Enter an agency, or replace what is said of one."""
    if words is not None and (
        wrong := list(strange_words(facts.Agency, {"kind": ask.kind}, words))
    ):
        raise Invalid(wrong)
    said = ask.model_dump(exclude={"effective_on"}) | {"as_of": effective(ask.effective_on, today)}
    if agency is None:
        agency = Agency(**said)
    else:
        for name, value in said.items():
            setattr(agency, name, value)
    shared = AgencyChanged.model_fields.keys() - {"agency_id"}
    return agency, AgencyChanged(
        agency_id=agency.id, **{name: getattr(agency, name) for name in shared}
    )


def write_partner(
    partner: Partner | None, ask: WritePartner, words: Words | None, city: str, today: date
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
    said = ask.model_dump(exclude={"effective_on"}) | {"as_of": effective(ask.effective_on, today)}
    if partner is None:
        partner = Partner(**said)
    else:
        for name, value in said.items():
            setattr(partner, name, value)
    shared = PartnerChanged.model_fields.keys() - {"partner_id"}
    return partner, PartnerChanged(
        partner_id=partner.id, **{name: getattr(partner, name) for name in shared}
    )
