"""Judges what is due, in the worker's half: whom something was told of, then everybody once a day.

    due        a reaction adds who was told of, in the transaction that keeps the fact
    step       takes a hundred of them, gathers their stations' families, judges, writes what changed
    sweep      a new day or a new pack: all subjects of a city again, some hundred stations a step
    figures    the city and its districts last, at most once a second

One step is one transaction of one city, in which nobody else judges there. What is taken is due
again if it fails. Between subjects the loop is left to others.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from chassis import log
from chassis.clock import SHANGHAI, end_of
from chassis.db import Database, Transaction, Who
from chassis.identity import PLATFORM
from chassis.metrics import judging_seconds, sheets_written_total
from chassis.packs import Jurisdiction
from chassis.problems import Problem
from chassis.tables import CityKept
from services.evaluation import queries, sheets
from services.evaluation.areas import PLACES, areas
from services.evaluation.decide.cases import Found
from services.evaluation.decide.verdicts import Kept, briefly
from services.evaluation.gather import AROUND, families, guides, loose, organisations, together
from services.evaluation.models import Sweep
from services.evaluation.queries import ALL_KNOWN, When

AT_ONCE = 100
"""How many that are due a step takes."""
STATIONS, OTHERS = 200, 1_000
"""How many stations, or others, a step of a sweep judges."""
FIGURES_S = 1.0
"""How long a city's figures may be older than its stations' verdicts."""
LOOK_S = 30.0
"""How often all cities are looked at, for what another process left."""
OTHERS_EVERY = 5
"""How often a city that is only looked at goes before one where something was told."""
BREATH = 16
"""After how many subjects others get the loop."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
FIGURES = "figures"
KINDS = {"station": STATIONS, "worker": OTHERS, "agency": OTHERS, "supervisor": OTHERS}
"""What a sweep goes through; workers and contracts are judged with their station."""
START = UUID(int=0)
_AWAY = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, TimeoutError, Problem),
)


class Judge:
    """The task. `run` it, `stop` it; `wake` it for a city."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: deque[str] = deque()
        self._routine: deque[str] = deque()
        self._turns = 0
        self._figures: dict[str, float] = {}
        self._news = asyncio.Event()
        self._stopping = False
        self._pause = 0.0
        database.on_follow_up.append(self.wake)

    def wake(self, city: str) -> None:
        """Look at a city now: something was told there."""
        if city not in self._told:
            self._told.append(city)
        self._news.set()

    def _visit(self, city: str) -> None:
        """Look at a city when its turn comes."""
        if city not in self._routine:
            self._routine.append(city)
        self._news.set()

    def _next(self) -> str | None:
        """Return whose turn it is: who was told of something, and now and then one of the others."""
        self._turns += 1
        others = self._routine and (not self._told or self._turns % OTHERS_EVERY == 0)
        if others:
            return self._routine.popleft()
        return self._told.popleft() if self._told else None

    def stop(self) -> None:
        """Finish the step at hand."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Judge until stopped; a database that is away is waited for."""
        looked = -LOOK_S
        while not self._stopping:
            if time.monotonic() - looked >= LOOK_S:
                looked = time.monotonic()
                await self._look()
            city = self._next()
            if city is not None:
                await self._turn(city)
                continue
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(self._rest(looked), 0.01)):
                    await self._news.wait()

    async def _turn(self, city: str) -> None:
        seen = time.monotonic() - self._figures.get(city, -FIGURES_S)
        try:
            left = await step(self._database, city, figures=seen >= FIGURES_S)
        except _AWAY as away:
            log.warning("judging later", exc=away, city=city)
            self._pause = min(max(self._pause * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            self._later(city, self._pause)
            return
        except Exception as error:  # noqa: BLE001 - one city's facts must not stop all the others'
            log.error("judging failed", exc=error, city=city)
            self._later(city, LOOK_S)
            return
        self._pause = 0.0
        if left is Left.MORE:
            self._visit(city)
        elif left is Left.FIGURES:
            self._later(city, FIGURES_S - seen)
        elif seen >= FIGURES_S:
            self._figures[city] = time.monotonic()

    def _later(self, city: str, seconds: float) -> None:
        asyncio.get_running_loop().call_later(max(seconds, 0.0), self._visit, city)

    def _rest(self, looked: float) -> float:
        now = self._database.clock()
        midnight = end_of(now.astimezone(SHANGHAI).date()) + timedelta(seconds=1)
        return min(LOOK_S - (time.monotonic() - looked), (midnight - now).total_seconds())

    async def _look(self) -> None:
        """Wake every city that is served here."""
        try:
            who = Who(PLATFORM, "service:evaluation", "judge")
            async with self._database.begin(who) as tx:
                cities = [each.code for each in await tx.find(CityKept)]
        except _AWAY as away:
            log.warning("judging later", exc=away)
            return
        for city in cities:
            self._visit(city)


class Left(StrEnum):
    """What there is still to do in a city."""

    MORE = "more"
    FIGURES = "figures"
    """Only the city's figures, and those not so soon again."""
    NOTHING = "nothing"


async def catch_up(database: Database, city: str) -> None:
    """Judge whatever is due in a city, now."""
    while await step(database, city) is not Left.NOTHING:
        continue


async def step(database: Database, city: str, *, figures: bool = True) -> Left:
    """Judge some of what is due; the city's figures last, and only if wanted now."""
    started = time.perf_counter()
    async with database.begin(Who(city, "service:evaluation", "judge")) as tx:
        await sheets.alone(tx)
        try:
            j = await tx.pack()
        except Problem as none:
            if none.slug != "policy-not-loaded":
                raise
            return Left.NOTHING  # what is due waits for the pack, which wakes us
        when = When(tx.today, ALL_KNOWN, tx.now)
        units = await sheets.take(tx, AT_ONCE)
        found = [await _concerned(tx, units, when)] if units else []
        swept = await _swept(tx, j, when)
        if swept is not None:
            found.append(swept)
        if found:
            await _write(tx, j, when, together(found))
            tx.keep(Sweep(kind=FIGURES, day=tx.today, pack=j.version, place=START))
            left = Left.MORE
        elif await _done(tx, j, FIGURES):
            left = Left.NOTHING
        elif figures:
            await _write(tx, j, when, Found(await areas(tx, j, when)))
            tx.keep(Sweep(kind=FIGURES, day=tx.today, pack=j.version, place=None))
            left = Left.NOTHING
        else:
            left = Left.FIGURES
    judging_seconds.labels("units" if found else "figures").observe(time.perf_counter() - started)
    return left


async def _concerned(tx: Transaction, units: set[tuple[str, UUID]], when: When) -> Found:
    """Return everybody whose verdicts what was told of these may change."""
    by_kind: dict[str, set[UUID]] = {}
    for kind, subject_id in units:
        if kind not in PLACES:  # the figures come after whatever was told
            by_kind.setdefault(kind, set()).add(subject_id)
    stations = await _stations_concerned(tx, by_kind)
    agencies = by_kind.get("agency", set())
    found: list[Found] = []
    if "supervisor" in by_kind:
        found.append(await guides(tx, by_kind["supervisor"], when))
    if "worker" in by_kind:
        found.append(await loose(tx, by_kind["worker"], when))
    if "contract" in by_kind:
        signed = await queries.some(tx, "contract", by_kind["contract"], when)
        agencies |= {UUID(each.state["agency_id"]) for each in signed.values()}
    if stations:
        told = await queries.some(tx, "station", stations, when)
        found += await families(tx, [*told.values()], when)
    if agencies:
        found.append(await organisations(tx, agencies, when))
    return together(found)


async def _stations_concerned(tx: Transaction, by_kind: dict[str, set[UUID]]) -> set[UUID]:
    """Return the stations that any of these is about; who is drawn in on the way joins them."""
    stations = by_kind.get("station", set())
    if stations:
        stations |= await queries.below(tx, stations)
    if "training" in by_kind:
        taught = await queries.spoken_of(tx, "training", by_kind["training"])
        by_kind["worker"] = by_kind.get("worker", set()) | taught
    if "worker" in by_kind:
        guiding = await queries.speaking(tx, "supervisor", by_kind["worker"])
        if guiding:
            by_kind["supervisor"] = by_kind.get("supervisor", set()) | guiding
    for kind in AROUND:
        if kind in by_kind:
            stations |= await queries.spoken_of(tx, kind, by_kind[kind])
    return stations


async def _swept(tx: Transaction, j: Jurisdiction, when: When) -> Found | None:
    """Judge the next of those not yet judged today under this pack; None when all are."""
    for kind, number in KINDS.items():
        if await _done(tx, j, kind):
            continue
        was = await tx.peek(Sweep, kind)
        same = was is not None and (was.day, was.pack) == (tx.today, j.version)
        after = was.place if was is not None and same else START
        ids = await queries.following(tx, kind, after, number, loose=kind == "worker")
        place = ids[-1] if len(ids) == number else None
        tx.keep(Sweep(kind=kind, day=tx.today, pack=j.version, place=place))
        if not ids:
            continue
        if kind == "station":
            told = await queries.some(tx, kind, ids, when)
            return together(await families(tx, [*told.values()], when))
        return await _OTHERS[kind](tx, ids, when)
    return None


_OTHERS = {"worker": loose, "agency": organisations, "supervisor": guides}


async def _done(tx: Transaction, j: Jurisdiction, kind: str) -> bool:
    was = await tx.peek(Sweep, kind)
    return was is not None and (was.day, was.pack, was.place) == (tx.today, j.version, None)


async def _write(tx: Transaction, j: Jurisdiction, when: When, found: Found) -> None:
    kept = await judged(tx, j, found, when)
    sheets_written_total.inc(await sheets.write(tx, kept, found.gone))


async def judged(tx: Transaction, j: Jurisdiction, found: Found, when: When) -> list[Kept]:
    """Return what is to be kept of everybody's verdicts; the loop is left to others in between."""
    waivers = await queries.waived(tx, when, found.cases)
    stated = await queries.stated(tx, when, [case.key for case in found.cases])
    kept = []
    for number, case in enumerate(found.cases):
        if case.key not in found.gone:
            texts = briefly(j, case, when.day, waivers, stated)
            kept.append(Kept.of(case, texts, j.version))
        if number % BREATH == 0:
            await asyncio.sleep(0)
    return kept
