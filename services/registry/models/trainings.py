"""Trainings held, and who took part."""

from datetime import date
from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, CityRow
from services.registry.models.base import Registry


class TrainingView(SQLModel):
    """A training: of which kind, how long, by whom."""

    id: UUID
    version: int
    status: str
    """held or cancelled"""
    kind: str
    mode: str
    """classroom, online or blended, in the pack's words"""
    hours: float
    """Hours each participant took part."""
    provider: str
    topic: str
    starts_on: date
    ends_on: date
    as_of: date


class Training(Registry, Aggregate, TrainingView, table=True):
    """A training."""


class Attendance(Registry, CityRow, table=True):
    """A worker who took part."""

    training_id: UUID = Field(primary_key=True)
    worker_id: UUID = Field(primary_key=True)
