"""What operations do with events: send them again, see what could not be taken in, put it back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis import outbox, repair
from chassis.config import Settings, setting
from chassis.reactions import StillDead
from chassis.service import open_database
from deploy.serve import service

# What a part could not publish is listed beside what it could not take in, under its aggregate's id.
_LETTERS = """
SELECT city, id, consumer, agg_type, agg_id, version, reason, at FROM dead_letter
UNION ALL
SELECT city, agg_id, 'relay', agg_type, agg_id, NULL, 'not published: ' || reason, at
  FROM outbox_blocked
 ORDER BY at
"""


async def resend(part: str, city: str | None, since: datetime | None) -> int:
    """Put a part's events back into its outbox; return how many."""
    async with _relay(part) as db:
        return await repair.resend(db, repair.Wanted(city=city, since=since))


async def dead_letters(parts: Sequence[str]) -> list[list[str]]:
    """Return every dead letter as words: part, when, city, id, what, version, reason."""
    found: list[list[str]] = []
    for part in parts:
        async with _relay(part) as db:
            for row in await db.fetch(_LETTERS):
                what = f"{row['agg_type']}/{row['agg_id'] or '?'}"
                words = (part, f"{row['at']:%FT%TZ}", row["city"], row["id"], what)
                found.append([str(word) for word in (*words, row["version"], row["reason"])])
    return found


async def replay(
    part: str, ids: Sequence[UUID] | None, *, skip: bool = False
) -> list[tuple[UUID, str]]:
    """Try dead letters again (all of a part's, or these); return what became of each.

    `skip` leaves them out for ever, and lets what waits behind them go on.
    """
    async with _relay(part) as db:
        rows = await db.fetch(_LETTERS)
        wanted = [row["id"] for row in rows] if ids is None else list(ids)
        found = [
            (row["id"], "published again")
            for row in rows
            if row["consumer"] == "relay"
            and row["id"] in wanted
            and await outbox.unblock(db, row["city"], row["id"])
        ]
    known = {row["id"]: row["city"] for row in rows if row["consumer"] != "relay"}
    wanted = [letter for letter in wanted if letter not in dict(found)]
    made = service(part)
    if made.reactions is None or not wanted:
        return found
    database = await open_database(made, Settings.of(part))
    try:
        for letter in wanted:
            found.append((letter, "unknown"))
            if letter in known:
                try:
                    outcome = await made.reactions.replay(
                        known[letter], letter, database, skip=skip
                    )
                    found[-1] = (letter, str(outcome))
                except StillDead as reason:
                    found[-1] = (letter, f"still dead: {reason}")
    finally:
        await database.close()
    return found


@asynccontextmanager
async def _relay(part: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a part's database as the role that sees every city's events."""
    db = await asyncpg.connect(setting(f"SHEGONG_RELAY_DATABASE_URL_{part.upper()}"))
    try:
        yield db
    finally:
        await db.close()
