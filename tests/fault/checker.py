"""The final reads: what was acknowledged is there, once, in order, everywhere it belongs.

It reads the databases past every policy and the stream from its first message on, so it believes
neither the services nor the test that asked them.
"""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import orjson

from chassis.vault import Vault
from tests.e2e.house import House, eventually

HEAD = (
    f"{'fault':<44}{'acked':>6}{'unknown':>8}{'lost':>6}{'doubled':>8}"
    f"{'order':>6}{'parked':>7}{'tries':>6}{'converged':>11}  asked to come again"
)
TABLE: list[str] = []

_BEHIND = "SELECT count(*) FROM outbox"
_LAST = """
SELECT agg_id, max(version) AS last, count(*) AS events, min(version) AS first
  FROM event_log WHERE agg_type = 'referral' GROUP BY agg_id
"""
_APPLIED = """
SELECT agg_id, version FROM applied
 WHERE consumer = 'evaluation' AND agg_type = 'casework.referral'
"""
_FACTS = """
SELECT subject_id, array_agg(version ORDER BY version) AS versions
  FROM fact WHERE kind = 'referral' GROUP BY subject_id
"""
_FEED = "SELECT partner_id, position, referral_id, sequence FROM feed ORDER BY partner_id, position"


@dataclass
class Found:
    """What the final reads found; all but the first two must be empty."""

    acknowledged: int
    unknown: int
    lost: list[str]
    doubled: list[str]
    order: list[str]
    parked: int
    dead: int
    seconds: float
    tries: int
    refusals: Counter[str]

    def row(self, fault):
        return (
            f"{fault:<44}{self.acknowledged:>6}{self.unknown:>8}{len(self.lost):>6}"
            f"{len(self.doubled):>8}{len(self.order):>6}{self.parked:>7}{self.tries:>6}"
            f"{self.seconds:>9.1f} s  {dict(self.refusals) or ''}"
        )


async def settled(house: House, within):
    """Wait until nothing waits to be published and evaluation knows the last version of all.

    When that never comes, the final reads say what is missing.
    """
    began = time.monotonic()

    async def same():
        try:
            async with house.rows("casework") as casework, house.rows("evaluation") as evaluation:
                if await casework.fetchval(_BEHIND):
                    return False
                last = {row["agg_id"]: row["last"] for row in await casework.fetch(_LAST)}
                known = {row["agg_id"]: row["version"] for row in await evaluation.fetch(_APPLIED)}
                return last == known
        except OSError:
            return False

    with suppress(TimeoutError):
        await eventually(same, within)
    return time.monotonic() - began


async def check(house: House, ledger, fault, *, within=40.0) -> Found:
    """Read everything, enter a line into the table, and return what was found."""
    seconds = await settled(house, within)
    vault = await asyncio.to_thread(Vault.open, house.data / "vault.json")
    async with house.rows("casework") as casework, house.rows("evaluation") as evaluation:
        rows = await casework.fetch("SELECT id, version, partner_ref_digest FROM referral")
        log = {row["agg_id"]: row for row in await casework.fetch(_LAST)}
        feed = await casework.fetch(_FEED)
        behind = await casework.fetchval(_BEHIND)
        facts = {r["subject_id"]: r["versions"] for r in await evaluation.fetch(_FACTS)}
        parked = await evaluation.fetchval("SELECT count(*) FROM parked")
        dead = await evaluation.fetchval("SELECT count(*) FROM dead_letter")
    lost, doubled, order = [f"{behind} events were never published"] if behind else [], [], []

    versions = {row["id"]: row["version"] for row in rows}
    by_ref: dict[bytes, list[UUID]] = {}
    for row in rows:
        by_ref.setdefault(row["partner_ref_digest"], []).append(row["id"])
    for wish in ledger.wishes:
        ids = by_ref.get(vault.blind(wish.city, "partner_ref", wish.body["partner_ref"]), [])
        if len(ids) > 1 or len(wish.answers) > 1:
            doubled.append(
                f"{wish.body['partner_ref']}: {len(ids)} rows, {len(wish.answers)} answers"
            )
        if wish.receipt and (
            UUID(wish.receipt["id"]) not in ids or versions[ids[0]] < wish.version
        ):
            lost.append(f"{wish.receipt['id']} at {wish.version}")

    for referral, version in versions.items():
        wanted = list(range(1, version + 1))
        events = log.get(referral)
        if events is None or (events["first"], events["last"], events["events"]) != (
            *(1, version),
            version,
        ):
            lost.append(f"{referral}: event log is not 1…{version}")
        if facts.get(referral) != wanted:
            lost.append(f"{referral}: evaluation knows {facts.get(referral)} of 1…{version}")
    unheard = facts.keys() - versions.keys()
    doubled += [f"{referral}: evaluation knows what casework does not" for referral in unheard]

    _read_feed(feed, versions, lost, doubled, order)
    order += await _out_of_order(house)
    tries = sum(wish.tries for wish in ledger.wishes)
    acknowledged = len(ledger.acknowledged)
    unknown = len(ledger.wishes) - acknowledged
    found = Found(
        *(acknowledged, unknown, lost, doubled, order, parked, dead, seconds, tries),
        ledger.refusals,
    )
    TABLE.append(found.row(fault))
    return found


def clean(found: Found, *, acknowledged: int) -> None:
    """Assert that every wish was granted, once and in order."""
    assert found.acknowledged == acknowledged
    assert found.unknown == 0
    assert found.lost == []
    assert found.doubled == []
    assert found.order == []
    assert (found.parked, found.dead) == (0, 0)


def _read_feed(feed, versions, lost, doubled, order):
    """Every version once, positions without gaps, versions of one referral rising."""
    last: dict[UUID, int] = {}
    seen: dict[UUID, int] = {}
    told = Counter((row["referral_id"], row["sequence"]) for row in feed)
    doubled += [
        f"{referral} {step}: {n} in the feed" for (referral, step), n in told.items() if n > 1
    ]
    for row in feed:
        expected = last.get(row["partner_id"], 0) + 1
        if row["position"] != expected:
            lost.append(f"feed of {row['partner_id']}: {expected} is missing")
        last[row["partner_id"]] = row["position"]
        if row["sequence"] <= seen.get(row["referral_id"], 0):
            order.append(f"feed: {row['referral_id']} {row['sequence']}")
        seen[row["referral_id"]] = row["sequence"]
    lost += [f"feed: {r} ends at {seen.get(r)}" for r, v in versions.items() if seen.get(r) != v]


async def _out_of_order(house):
    """Return where the stream tells a version before the one before it."""
    heard: dict[str, int] = {}
    wrong = []
    for message in await house.stream("casework"):
        event = orjson.loads(message.data)
        last = heard.get(event["subject"], 0)
        if event["aggversion"] > last + 1:
            wrong.append(f"stream: {event['subject']} {event['aggversion']} after {last}")
        heard[event["subject"]] = max(last, event["aggversion"])
    return wrong
