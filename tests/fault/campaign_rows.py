"""The final look into databases and streams: every copy is what its producer's log says, or not.

It goes past every policy and every service, so it believes nobody. What it compares is plain data,
so that a test can give it a world with something missing and see that it says so.
"""

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from uuid import UUID

import nats
import orjson
from nats.js.api import AckPolicy, ConsumerConfig

from tests.fault.campaign_world import SERVICES, World

TABLES = {
    "casework": {"referral": "referral"},
    "procurement": {"contract": "contract"},
    "registry": {
        **{name: name for name in ("station", "worker", "agency", "partner", "pack")},
        "jurisdiction": "jurisdiction",
    },
}
"""Producer → kind of aggregate → the table its rows are in."""
FACTS = {
    **{kind: ("registry", kind) for kind in ("station", "worker", "agency")},
    "contract": ("procurement", "contract"),
    "referral": ("casework", "referral"),
}
COPIES = {
    "casework": {"station_kept": "station", "worker_kept": "worker", "partner_kept": "partner"},
    "procurement": {"station_kept": "station", "agency_kept": "agency"},
}
"""Consumer → its copy → the kind of registry's aggregate it is a copy of."""
AT_ONCE = 500

Key = tuple[str, UUID]
"""Kind of aggregate, and which."""


@dataclass
class Wrong:
    """What must be empty, with a line for each finding."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        return not (self.lost or self.doubled or self.order)

    def add(self, other: "Wrong") -> None:
        self.lost += other.lost
        self.doubled += other.doubled
        self.order += other.order


@dataclass
class Waiting:
    """What is still on its way; all of it must come to an end."""

    outbox: int = 0
    blocked: int = 0
    parked: int = 0
    dead: int = 0
    behind: int = 0
    """Aggregates some consumer does not know to their last version."""

    @property
    def nothing(self) -> bool:
        return not (self.outbox or self.blocked or self.parked or self.dead or self.behind)


def heard_by(consumer: str) -> dict[str, list[str]]:
    """Return the kinds of aggregate a service keeps, by producer: what its reactions say."""
    found: dict[str, list[str]] = import_module(
        f"services.{consumer}.reactions"
    ).reactions.aggregates()
    return found


# ------------------------------------------------------------------ plain comparisons


def dense(what: str, versions: dict[Key, list[int]]) -> Wrong:
    """Every aggregate's versions are 1, 2, 3 … to its last."""
    wrong = Wrong()
    for (kind, agg_id), found in versions.items():
        if sorted(set(found)) != list(range(1, max(found) + 1)):
            wrong.lost.append(f"{what}: {kind} {agg_id} has {found}")
        if len(set(found)) != len(found):
            wrong.doubled.append(f"{what}: {kind} {agg_id} has {found}")
    return wrong


def same_ends(what: str, wanted: dict[Key, int], found: dict[Key, int]) -> Wrong:
    """Whoever keeps versions keeps the last one of each, and of nobody else."""
    wrong = Wrong()
    wrong.lost += [
        f"{what}: {kind} {agg_id} at {found.get((kind, agg_id))} of {last}"
        for (kind, agg_id), last in wanted.items()
        if found.get((kind, agg_id), 0) < last
    ]
    wrong.doubled += [
        f"{what}: {kind} {agg_id} at {last}, its log ends at {wanted.get((kind, agg_id))}"
        for (kind, agg_id), last in found.items()
        if last > wanted.get((kind, agg_id), 0)
    ]
    return wrong


def same_copy(what: str, said: dict[UUID, dict[str, Any]], kept: list[dict[str, Any]]) -> Wrong:
    """A copy says, in the columns it has, what the last event of its original says."""
    wrong, seen = Wrong(), set()
    for row in kept:
        told = said.get(row["id"])
        seen.add(row["id"])
        if told is None:
            wrong.doubled.append(f"{what}: {row['id']} is nobody's copy")
            continue
        differ = [name for name in row if name in told and _plain(row[name]) != told[name]]
        if differ:
            wrong.lost.append(f"{what}: {row['id']} differs in {differ}")
    wrong.lost += [f"{what}: {one} is missing" for one in said.keys() - seen]
    return wrong


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):  # jsonb, as the driver reads it
        return orjson.loads(value)
    return str(value) if isinstance(value, UUID) else value


# ------------------------------------------------------------------ the databases


@dataclass
class Logs:
    """The truth: every producer's event log."""

    versions: dict[str, dict[Key, list[int]]] = field(default_factory=dict)
    data: dict[str, dict[tuple[Key, int], dict[str, Any]]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)

    def ends(self, producer: str, kind: str) -> dict[Key, int]:
        """Return the last version of every aggregate of a kind."""
        return {key: max(all_) for key, all_ in self.versions[producer].items() if key[0] == kind}

    def said(self, producer: str, kind: str) -> dict[UUID, dict[str, Any]]:
        """Return what the last event of every aggregate of a kind says."""
        ends = self.ends(producer, kind)
        return {key[1]: self.data[producer][key, last] for key, last in ends.items()}


async def waiting(world: World) -> Waiting:
    """Count what has not arrived yet."""
    found, last = Waiting(), {}
    for part in SERVICES:
        async with world.rows(part) as one:
            for name, table in (
                ("outbox", "outbox"),
                ("blocked", "outbox_blocked"),
                ("parked", "parked"),
                ("dead", "dead_letter"),
            ):
                count = await one.fetchval(f"SELECT count(*) FROM {table}")
                setattr(found, name, getattr(found, name) + count)
            ends = await one.fetch(
                "SELECT agg_type, agg_id, max(version) AS last FROM event_log GROUP BY 1, 2"
            )
            last |= {(f"{part}.{row['agg_type']}", row["agg_id"]): row["last"] for row in ends}
    for part in SERVICES:
        kinds = {kind for kinds in heard_by(part).values() for kind in kinds}
        async with world.rows(part) as one:
            marks = await one.fetch(
                "SELECT agg_type, agg_id, version FROM applied WHERE consumer = $1", part
            )
        known = {(row["agg_type"], row["agg_id"]): row["version"] for row in marks}
        found.behind += sum(
            known.get(key) != version for key, version in last.items() if key[0] in kinds
        )
    return found


async def logs(world: World) -> Logs:
    """Read every event log, whole."""
    found = Logs()
    for part in SERVICES:
        versions: dict[Key, list[int]] = defaultdict(list)
        data, ids = {}, set()
        async with world.rows(part) as one:
            for row in await one.fetch("SELECT * FROM event_log ORDER BY epoch, version"):
                key = (row["agg_type"], row["agg_id"])
                versions[key].append(row["version"])
                data[key, row["version"]] = orjson.loads(row["body"])["data"]
                ids.add(str(row["event_id"]))
        found.versions[part], found.data[part], found.ids[part] = dict(versions), data, ids
    return found


async def rows(world: World, log: Logs) -> Wrong:
    """Compare every row, copy and watermark with the logs."""
    wrong = Wrong()
    for part in SERVICES:
        wrong.add(dense(f"{part}'s log", log.versions[part]))
        async with world.rows(part) as one:
            for kind, table in TABLES.get(part, {}).items():
                found = await one.fetch(f"SELECT id, version FROM {table}")
                versions = {(kind, row["id"]): row["version"] for row in found}
                wrong.add(same_ends(f"{part}'s rows", log.ends(part, kind), versions))
                wrong.add(same_ends(f"{part}'s log", versions, log.ends(part, kind)))
            marks = await one.fetch("SELECT * FROM applied WHERE consumer = $1", part)
            seen = await one.fetch("SELECT what FROM witness.seen")
            wrong.order += [f"{part}: {row['what'][:200]}" for row in seen]
            for name, kind in COPIES.get(part, {}).items():
                kept = [dict(row) for row in await one.fetch(f"SELECT * FROM {name}")]
                wrong.add(same_copy(f"{part}'s {name}", log.said("registry", kind), kept))
        for producer, kinds in heard_by(part).items():
            for name in kinds:
                kind = name.partition(".")[2]
                known = {(kind, m["agg_id"]): m["version"] for m in marks if m["agg_type"] == name}
                wrong.add(same_ends(f"{part} of {name}", log.ends(producer, kind), known))
    wrong.add(await _facts(world, log))
    wrong.add(await _operations(world))
    wrong.add(await _feed(world, log))
    return wrong


async def _facts(world: World, log: Logs) -> Wrong:
    """Every event is a fact of evaluation, and says the same."""
    wrong = Wrong()
    async with world.rows("evaluation") as one:
        facts = await one.fetch("SELECT kind, subject_id, version, state FROM fact")
    for kind, (producer, name) in FACTS.items():
        told = {at: data for at, data in log.data[producer].items() if at[0][0] == name}
        kept = {((name, f["subject_id"]), f["version"]): f for f in facts if f["kind"] == kind}
        wrong.lost += [f"evaluation lacks {at}" for at in told.keys() - kept.keys()]
        wrong.doubled += [f"evaluation invents {at}" for at in kept.keys() - told.keys()]
        for at in told.keys() & kept.keys():
            state = orjson.loads(kept[at]["state"])
            if any(state.get(part) != value for part, value in told[at].items()):
                wrong.lost.append(f"evaluation's {at} says something else")
    return wrong


async def _operations(world: World) -> Wrong:
    """Registry knows who runs a station from procurement's contracts, and only from them."""
    async with world.rows("procurement") as one:
        contracts = await one.fetch(
            "SELECT id, least(ends_on, ended_on) AS until, ended_on <= current_date AS over"
            " FROM contract"
        )
    async with world.rows("registry") as one:
        kept = {r["contract_id"]: r["ends_on"] for r in await one.fetch("SELECT * FROM operation")}
    held = {row["id"]: row["until"] for row in contracts if not row["over"]}
    wrong = Wrong()
    wrong.lost += [f"registry lacks contract {one}" for one in held.keys() - kept.keys()]
    wrong.doubled += [f"registry keeps contract {one}" for one in kept.keys() - held.keys()]
    wrong.lost += [
        f"registry's contract {one} ends {kept[one]}, not {day}"
        for one, day in held.items()
        if kept.get(one, day) != day
    ]
    return wrong


async def _feed(world: World, log: Logs) -> Wrong:
    """A partner's positions have no gap, and every version of its referrals is told once, rising."""
    async with world.rows("casework") as one:
        feed = await one.fetch("SELECT * FROM feed ORDER BY city, partner_id, position")
    wrong, last, told = Wrong(), Counter[Any](), defaultdict(list)
    for entry in feed:
        who = (entry["city"], entry["partner_id"])
        if entry["position"] != last[who] + 1:
            wrong.lost.append(f"feed of {who}: {last[who] + 1} is missing")
        last[who] = entry["position"]
        told["referral", entry["referral_id"]].append(entry["sequence"])
    wrong.add(dense("feed", told))
    wrong.add(same_ends("feed", log.ends("casework", "referral"), _ends(told)))
    wrong.order += [f"feed: {key[1]} {all_}" for key, all_ in told.items() if all_ != sorted(all_)]
    return wrong


def _ends(versions: dict[Key, list[int]]) -> dict[Key, int]:
    return {key: max(all_) for key, all_ in versions.items()}


# ------------------------------------------------------------------ the streams


@dataclass
class Streams:
    """What JetStream holds at the end."""

    messages: int = 0
    early: int = 0
    """Events that stand before the one they follow: no fault, consumers park them."""
    missing: int = 0
    """Events of a log that are in no stream."""


async def streams(world: World, log: Logs) -> Streams:
    """Read every stream from its first message on."""
    found = Streams()
    client = await nats.connect(world.run.env["SHEGONG_NATS_URL_ADMIN"])
    try:
        js = client.jetstream()
        for part in SERVICES:
            heard, ids = Counter[str](), set()
            if not log.ids[part]:
                continue
            pull = await js.pull_subscribe(
                f"{part}.>",
                stream=part.upper(),
                config=ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=60),
            )
            with suppress(TimeoutError):  # there is nothing more
                while True:
                    for message in await pull.fetch(AT_ONCE, timeout=1):
                        event = orjson.loads(message.data)
                        found.messages += 1
                        found.early += event["aggversion"] > heard[event["subject"]] + 1
                        heard[event["subject"]] = max(heard[event["subject"]], event["aggversion"])
                        ids.add(event["id"])
            found.missing += len(log.ids[part] - ids)
    finally:
        await client.close()
    return found
