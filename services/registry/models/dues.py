"""What is due: targets, filings, duties."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Json, JsonOf
from services.registry.models.base import Registry
from services.registry.shapes.dues import Done, FiledDocument


class TargetView(SQLModel):
    """What an area set out to reach, and by when."""

    id: UUID
    version: int
    kind: str
    year: int
    due_on: date
    tier: str | None
    speciality: str | None
    division: str | None
    """The area; None: the whole jurisdiction."""
    amount: float
    unit: str
    """count or percent"""
    baseline_year: int | None
    baseline: float | None
    status: str
    """active or withdrawn"""
    cite: str | None
    clause: str | None
    note: str | None
    as_of: date


class Target(Registry, Aggregate, TargetView, table=True):
    """A target (HZ-2-b to -e, LZ-1.3.1-b, WH-1.2-b …); whether it was reached is evaluation's."""


class FilingView(SQLModel):
    """A document handed to a higher body, or due to be."""

    id: UUID
    version: int
    kind: str
    filer: str
    """Who hands it in."""
    receiver: str
    division: str | None
    """Whose area; None: the whole jurisdiction."""
    station_id: UUID | None
    title: str | None
    year: int | None
    sections: list[str] = Field(sa_type=Json)
    documents: Annotated[list[dict[str, Any]], JsonOf(FiledDocument)] = Field(sa_type=Json)
    issued_on: date | None
    due_on: date | None
    filed_on: date | None
    received_on: date | None
    receipt_no: str | None
    returned_on: date | None
    status: str
    """due, filed, received or returned: what its days say"""
    cite: str | None
    clause: str | None
    note: str | None
    as_of: date


class Filing(Registry, Aggregate, FilingView, table=True):
    """A filing (WH-3.1-a, LZ-3.1-b, CJ-6.1-a); the receiving body acknowledges or returns it."""


class DutyView(SQLModel):
    """What a department is to do, and when it was done."""

    id: UUID
    version: int
    department: str
    partner_id: UUID | None
    division: str | None
    """The area; None: the whole jurisdiction."""
    what: str
    what_en: str | None
    pack_key: str | None
    """Its key in the city's pack, where the document itself lays it on the body."""
    every: str
    """once, month, quarter, half_year or year"""
    due_on: date | None
    times: int | None
    done: Annotated[list[dict[str, Any]], JsonOf(Done)] = Field(sa_type=Json)
    status: str
    """open, done or dropped"""
    cite: str | None
    clause: str | None
    note: str | None
    as_of: date


class Duty(Registry, Aggregate, DutyView, table=True):
    """A duty of a department (HF-4.5-a to -n, CJ-6.2-a)."""
