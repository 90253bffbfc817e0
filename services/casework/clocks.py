"""Clocks that rest on days nobody had published: run again as soon as the city's calendar changes.

A new pack brings days of the city's own (its reaction wakes the watch), a new release those of the
nation. What a clock went through is in the event log: when it began, each pause, each answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from chassis.calendar import Days, Overlay, published
from chassis.clock import day_of
from chassis.db import Transaction
from chassis.packs import Jurisdiction
from chassis.problems import Problem
from chassis.reading import among
from contracts.casework import InformationRequested, InformationSupplied
from services.casework import decide
from services.casework.models import Referral
from services.casework.rules import ReferralPolicy
from services.casework.watch import overdue

AT_ONCE = 200
RUNNING = ("unrouted", "routed", "information_requested")
"""Whose partner still waits for an answer."""
_ASKED, _ANSWERED = InformationRequested.type, InformationSupplied.type
_PAUSES = """
SELECT agg_id, type, at FROM event_log
 WHERE city = $1 AND agg_type = 'referral' AND agg_id = ANY($2) AND type = ANY($3)
 ORDER BY agg_id, epoch, version
"""
Known = tuple[str, int]
"""By which days clocks were run: the pack's version, and the last year of the national calendar."""


class Clocks:
    """What the watch looks at in each city: clocks to be set anew, then clocks that have run out."""

    def __init__(self) -> None:
        self._come: dict[str, tuple[Known, UUID | None]] = {}
        """By which days each city's clocks were run, and how far; None: all of them."""

    async def __call__(self, tx: Transaction) -> None:
        """Set clocks anew where the days are not those they were last run by, and count."""
        await self._anew(tx)
        await overdue(tx)

    async def _anew(self, tx: Transaction) -> None:
        try:
            j = await tx.pack()
        except Problem as none:
            if none.slug != "policy-not-loaded":
                raise
            return
        known = (j.version, published())
        by, place = self._come.get(tx.city, (None, None))
        if by == known and place is None:
            return
        last = await set_anew(tx, j, place if by == known else None)
        tx.after_commit.append(lambda: self._come.update({tx.city: (known, last)}))


async def set_anew(tx: Transaction, j: Jurisdiction, after: UUID | None = None) -> UUID | None:
    """Run again the provisional clocks of a city; return the last one, None where all were."""
    row = cast("Any", Referral)
    where = [row.reply_by_provisional.is_(True), among(row.status, RUNNING)]
    if after is not None:
        where.append(row.id > after)
    found = await tx.find(Referral, *where, order_by=row.id, limit=AT_ONCE, lock=True)
    pauses = await _pauses(tx, [each.id for each in found])
    days = Days(Overlay(j.holidays, j.workdays))
    for each in found:
        began = day_of(each.received_at)
        policy = ReferralPolicy.of(await tx.pack(began), each.division, began)
        number = policy.reply_working_days.value
        event = decide.set_anew(each, pauses.get(each.id, ()), number, days)
        if event is not None:
            tx.keep(decide.entry(each, each.version + 1, tx.now))
            tx.record(each, event)
    return found[-1].id if len(found) == AT_ONCE else None


async def _pauses(
    tx: Transaction, ids: Sequence[UUID]
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """Return the pauses that are over of each of these, in order."""
    asked: dict[UUID, datetime] = {}
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for row in await tx.fetch(_PAUSES, tx.city, list(ids), [_ASKED, _ANSWERED]):
        if row["type"] == _ASKED:
            asked[row["agg_id"]] = row["at"]
        elif (began := asked.pop(row["agg_id"], None)) is not None:
            found.setdefault(row["agg_id"], []).append((began, row["at"]))
    return found
