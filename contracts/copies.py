"""Copies that several services keep in tables of one shape."""

from datetime import date
from uuid import UUID

from sqlmodel import Field, SQLModel

WAIVER_KEPT = """
CREATE TABLE waiver_kept (
  city varchar NOT NULL, id uuid NOT NULL, rule varchar NOT NULL, subject_kind varchar NOT NULL,
  subject_id varchar NOT NULL, starts_on date NOT NULL, until date NOT NULL, who varchar NOT NULL,
  reason_code varchar NOT NULL, PRIMARY KEY (city, id));
CREATE INDEX waiver_kept_subject ON waiver_kept (city, subject_kind, subject_id)
"""
"""The table of the copy below, for the migration of a service that holds a gate. Never changed."""


class WaiverCopy(SQLModel):
    """A waiver as a gate must know it; a service that holds a gate has a table of this shape."""

    id: UUID = Field(primary_key=True)
    rule: str
    subject_kind: str
    subject_id: str
    starts_on: date
    until: date
    """The last day it holds; before the first if it was revoked from the beginning."""
    who: str
    reason_code: str
