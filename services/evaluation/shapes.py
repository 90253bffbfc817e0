"""What evaluation's lists answer."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from chassis.asked import Listed
from services.evaluation.models import Cite, Subject


class ListedVerdict(BaseModel):
    """What one rule says of one subject; `/compliance?subject=` opens its facts and their events."""

    subject: Subject
    name: str | None
    """A station's or an agency's name; people have none here."""
    division: str
    station_id: str | None
    rule: str
    verdict: str
    severity: str | None
    modality: str
    cite: Cite | None


class Judged(BaseModel):
    """Of which day, under which pack, and how many are still to be judged again."""

    as_of: date
    pack: str
    waiting: int


class Verdicts(Listed):
    """A page of verdicts."""

    items: Sequence[ListedVerdict]
    judged: Judged


class DeadlineView(BaseModel):
    """Something due by a day: a document to be handed in, or a duty of a department."""

    kind: str
    id: str
    what: str
    by: str
    to: str | None
    division: str | None
    """Whose area; null: the whole city."""
    station_id: str | None
    due_on: date | None
    """Null where neither document nor register says one."""
    done_on: date | None
    status: str
    """due, late, done, done_late, or undated: to be done, on no day"""
    late_days: int
    """Until it was done, or until the day asked of."""
    cite: str | None
    clause: str | None
