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
