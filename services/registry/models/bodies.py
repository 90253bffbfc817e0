"""Bodies registry keeps a directory of: agencies that run stations, partners that refer people."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, CityRow, Json, JsonOf, Sealed
from chassis.vault import Encrypted
from services.registry.models.base import Registry
from services.registry.shapes.bodies import Charge
from services.registry.shapes.profile import WrittenRule


class AgencyView(SQLModel):
    """An agency that may run stations."""

    id: UUID
    version: int
    name: str
    kind: str
    status: str
    """active or withdrawn"""
    credit_code: str
    registered_in: str
    business_scope: str
    service_fields: list[str] = Field(sa_type=Json)
    """Fields of service its registered scope includes (LZ-1.3.3-a)."""
    division: str | None
    """Where its office is."""
    established_on: date | None
    incubated_on: date | None
    incubated_in: str | None
    """The county or district that incubated it."""
    systems: Annotated[list[dict[str, Any]], JsonOf(WrittenRule)] = Field(sa_type=Json)
    """Its written rules (HF-3.3-i, CJ-6.4-a)."""
    as_of: date


class Agency(Registry, Aggregate, AgencyView, table=True):
    """An agency, once in a city by its unified social credit code."""

    initials: str
    """Pinyin initials of the name, by which it is found and sorted (`chassis.initials`)."""


class PartnerView(SQLModel):
    """A body that refers people: a court, a federation, a school."""

    id: UUID
    version: int
    name: str
    kind: str
    status: str
    """active or suspended"""
    domains: list[str] = Field(sa_type=Json)
    """Kinds of referral it may make; an empty list allows them all."""
    channels: list[str] = Field(sa_type=Json)
    """How it refers and hears back: api, webhook, spreadsheet, link, telephone, paper."""
    duties: Annotated[list[dict[str, Any]], JsonOf(Charge)] = Field(sa_type=Json)
    """What the city's document asks of it."""
    division: str | None
    """The area it answers for; None: the whole city."""
    client_id: str | None
    """Its API client at the gateway."""
    as_of: date


class Partner(Registry, Aggregate, PartnerView, table=True):
    """A partner; one API client speaks for one partner."""

    initials: str
    """Pinyin initials of the name, by which it is found and sorted (`chassis.initials`)."""


class Officer(Registry, CityRow, table=True):
    """A person of a body: name and numbers are sealed under a key of their own."""

    id: UUID = Field(primary_key=True)
    body_kind: str
    """agency or partner"""
    body_id: UUID
    role: str
    name: Encrypted | None = Field(sa_type=Sealed)
    id_type: str
    id_number: Encrypted | None = Field(sa_type=Sealed)
    phone: Encrypted | None = Field(sa_type=Sealed)
    post: str | None
    share_percent: float | None
    starts_on: date | None
    ends_on: date | None
    """The last day; None while it goes on."""
