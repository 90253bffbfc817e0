"""Clocks that have run out: referrals nobody has answered in time, by city and urgency."""

from typing import get_args

from chassis import metrics
from chassis.db import Transaction
from services.casework.shapes import Urgency

# By the index of a station's referrals: few stations, and few that wait for their answer. A clock
# that is paused does not run; with acceptance or refusal the partner has its answer.
OVERDUE = """
SELECT urgency, count(*) FROM referral
WHERE city = $1 AND status IN ('unrouted', 'routed') AND reply_by < $2 GROUP BY urgency
"""


async def overdue(tx: Transaction) -> None:
    """Count a city's clocks that have run out."""
    found = dict(await tx.fetch(OVERDUE, tx.city, tx.now))
    for urgency in get_args(Urgency):
        metrics.overdue.labels(tx.city, urgency).set(found.get(urgency, 0))
