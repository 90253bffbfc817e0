"""Versions of a city's pack, and which of them was activated last."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, CityRow, Instant, Json
from services.registry.models.base import Registry


class PackVersionView(SQLModel):
    """A version of the city's pack, by the hash of its texts, and who stands for it."""

    version: str
    status: str
    """draft or active"""
    in_force: date | None
    author: str
    authored_at: datetime
    approver: str | None
    approved_at: datetime | None
    note: str


class PackVersion(Registry, CityRow, PackVersionView, table=True):
    """A version never changes: another text is another version."""

    __tablename__ = "pack_version"
    version: str = Field(primary_key=True)
    authored_at: datetime = Field(sa_type=Instant)
    approved_at: datetime | None = Field(sa_type=Instant)
    text: str
    townships: list[dict[str, Any]] = Field(sa_type=Json)
    """The number of townships the document itself states, with its year."""
    duties: list[dict[str, Any]] = Field(sa_type=Json)
    """What the document lays on bodies, by its key in the pack."""


class Pack(Registry, Aggregate, table=True):
    """A city's pack: one aggregate, so that its activations are heard in their order everywhere."""

    active: str
    """The version activated last."""
    in_force: date
