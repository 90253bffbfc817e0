"""What the gateway keeps: who may call, and which assertions were used."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.orm import registry
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from chassis.asked import Asked, Listed
from chassis.rows import CityRow, Instant, Json, Sealed

Role = Literal[
    "partner",
    "worker",
    "station_head",
    "supervisor",
    "township",
    "district_bureau",
    "city_bureau",
    "agency",
    "evaluator",
    "auditor",
    "platform_admin",
]


class Gateway(SQLModel, registry=registry()):
    """Base of the gateway's tables, apart from every service's."""


class Client(Gateway, CityRow, table=True):
    """A program that may ask for tokens, in one role and with the reach of its ids."""

    id: str = Column(primary_key=True)
    kind: str
    role: str
    scopes: list[str] = Column(sa_type=Json)
    purposes: list[str] = Column(sa_type=Json)
    division: str | None = None
    station_id: UUID | None = None
    partner_id: UUID | None = None
    agency_id: UUID | None = None
    worker_id: UUID | None = None
    keys: list[dict[str, Any]] = Column(sa_type=Json)
    secret_hash: bytes | None = Column(default=None, sa_type=Sealed)
    active: bool = True
    created_at: datetime = Column(sa_type=Instant)
    deactivated_at: datetime | None = Column(default=None, sa_type=Instant)


class UsedJti(Gateway, CityRow, table=True):
    """An assertion that was used; kept, by hash, until it could not be used anyway."""

    __tablename__ = "used_jti"
    client_id: str = Column(primary_key=True)
    digest: bytes = Column(primary_key=True, sa_type=Sealed)
    expires_at: datetime = Column(sa_type=Instant)


class NewClient(Asked):
    """A wish that a program may call."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="what follows the city in the client id",
        examples=["court-1"],
    )
    kind: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="kind of partner, or the role",
        examples=["court"],
    )
    role: Role
    city: str | None = Field(
        default=None,
        pattern=r"^[0-9]{6}$",
        description="for the platform alone: the city whose first bureau this is",
    )
    scopes: list[str] | None = Field(
        default=None, max_length=40, description="all the role may have if left out"
    )
    purposes: list[str] = Field(default=["service"], min_length=1, max_length=10)
    division: str | None = Field(default=None, pattern=r"^[0-9]{2,12}$")
    station_id: UUID | None = None
    partner_id: UUID | None = None
    agency_id: UUID | None = None
    worker_id: UUID | None = None
    keys: list[dict[str, Any]] = Field(
        default=[], max_length=3, description="public JWKs, P-256 or Ed25519, each with its `kid`"
    )


class NewKeys(Asked):
    """The keys a client signs with from now on."""

    keys: list[dict[str, Any]] = Field(min_length=1, max_length=3)


class ClientView(BaseModel):
    """A client as the people who keep clients see it."""

    id: str
    kind: str
    role: str
    scopes: list[str]
    purposes: list[str]
    division: str | None
    station_id: UUID | None
    partner_id: UUID | None
    agency_id: UUID | None
    worker_id: UUID | None
    kids: list[str]
    active: bool
    created_at: datetime
    deactivated_at: datetime | None


class Clients(Listed):
    """A page of clients."""

    items: list[ClientView]
