"""Bodies registry keeps a directory of: agencies that run stations, partners that refer people."""

from datetime import date
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Json
from services.registry.models.base import Registry


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
    as_of: date


class Agency(Registry, Aggregate, AgencyView, table=True):
    """An agency, once in a city by its unified social credit code."""


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
    client_id: str | None
    """Its API client at the gateway."""
    as_of: date


class Partner(Registry, Aggregate, PartnerView, table=True):
    """A partner; one API client speaks for one partner."""
