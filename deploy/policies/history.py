"""Everybody a pack is about: as a running platform's evaluation knows them, or as a file names them.

Nothing is written: the platform's databases are read as the services' own runtime roles, in
transactions that are read only; a file is a file.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import click

from chassis.config import MissingSetting, setting
from chassis.db import Database, Transaction, Who
from chassis.packs import BadFacts, Jurisdiction, Troubles, Verdict, read_facts
from chassis.packs.trouble import near
from chassis.packs.yaml12 import Located
from chassis.problems import Problem
from chassis.shelf import Shelf
from chassis.tables import PackKept
from deploy.policies.explaining import place_of, steps
from deploy.policies.packs import subjects
from deploy.policies.radius import Pair
from deploy.trouble import Trouble
from services.evaluation import queries
from services.evaluation.areas import PLACES, areas
from services.evaluation.decide.attest import Statements
from services.evaluation.decide.cases import Case
from services.evaluation.decide.verdicts import judge
from services.evaluation.decide.waivers import Waivers
from services.evaluation.gather import everybody
from services.evaluation.queries import ALL_KNOWN, When
from services.registry.models import PackVersion

ACTIVE = "active"


@dataclass
class Known:
    """Subjects as each of two packs sees them, with what is waived and stated of them."""

    day: date
    pairs: list[Pair]
    waivers: Waivers = field(default_factory=dict)
    statements: Statements = field(default_factory=dict)

    def judge(self, j: Jurisdiction, case: Case) -> list[Verdict]:
        """Judge one as evaluation does."""
        return judge(j, case, self.day, self.waivers, self.statements)


@dataclass
class Wanted:
    """Which subjects: of a kind, inside a division, or all."""

    day: date
    kind: str | None = None
    division: str | None = None

    def fits(self, case: Case) -> bool:
        """Whether a subject is one of them."""
        inside = case.area.startswith(self.division or "")
        return self.kind in (None, case.kind) and inside


async def version_text(city: str, wanted: str, day: date) -> str:
    """Return the merged text of a version the platform has: the one in force, or by its hash."""
    async with _reading("evaluation", city) as tx:
        if wanted == ACTIVE:
            try:
                wanted = (await tx.pack(day)).version
            except Problem:
                raise Trouble(f"{city} 尚无生效的政策包", f"{city} has no pack in force") from None
        kept = await tx.peek(PackKept, wanted)
        if kept is not None:
            return kept.text
    async with _reading("registry", city) as tx:  # a draft is nowhere else
        draft = await tx.peek(PackVersion, wanted)
    if draft is None:
        raise Trouble(
            f"{wanted} 不是文件夹，也不是 {city} 的版本",
            f"{wanted} is no folder and no version of {city}",
        )
    return draft.text


async def of_platform(city: str, old: Jurisdiction, new: Jurisdiction, wanted: Wanted) -> Known:
    """Return everybody evaluation knows of in a city."""
    async with _reading("evaluation", city) as tx:
        return await gathered(tx, old, new, wanted)


async def gathered(tx: Transaction, old: Jurisdiction, new: Jurisdiction, wanted: Wanted) -> Known:
    """Return everybody a transaction of evaluation sees, the city and its districts last."""
    when = When(wanted.day, ALL_KNOWN, tx.now)
    pairs: list[Pair] = []
    if wanted.kind not in PLACES:
        found = await everybody(tx, when, wanted.kind, wanted.division)
        pairs += [(case, case) for case in found.cases if case.key not in found.gone]
    if wanted.kind is None or wanted.kind in PLACES:
        before = {case.key: case for case in await areas(tx, old, when)}
        after = {case.key: case for case in await areas(tx, new, when)}
        both = [(before.get(key, case), case) for key, case in after.items()]
        pairs += [pair for pair in both if wanted.fits(pair[1])]
    waivers = await queries.waived(tx, when, [case for _, case in pairs])
    stated = await queries.stated(tx, when, [case.key for _, case in pairs])
    return Known(wanted.day, pairs, waivers, stated)


@asynccontextmanager
async def _reading(part: str, city: str) -> AsyncIterator[Transaction]:
    try:
        url = setting(f"SHEGONG_DATABASE_URL_{part.upper()}")
    except MissingSetting:
        raise Trouble(
            "找不到运行中的平台：请先 make up，或用 --data 文件",
            "no running platform is found: make up first, or --data FILE",
        ) from None
    # Not opened as a service opens it: that repeats erasures, which is writing.
    database = await Database.connect(url, part=part, pool=1)
    database.shelf = Shelf(subjects())
    try:
        async with read_only(database, city) as tx:
            yield tx
    finally:
        await database.close()


@asynccontextmanager
async def read_only(database: Database, city: str) -> AsyncIterator[Transaction]:
    """Begin a transaction that cannot write."""
    async with database.begin(Who(city, "command:policies", "compare")) as tx:
        await tx.execute("SET TRANSACTION READ ONLY")
        yield tx


def of_file(file: Path, old: Jurisdiction, new: Jurisdiction, wanted: Wanted) -> Known:
    """Return the subjects a file names: `subjects: [{kind, id, name, area, facts: {station: …}}]`."""
    try:
        source = Located(file.read_text(encoding="utf-8"), str(file))
        pairs = list(_pairs(source, old, new))
    except Troubles as e:
        raise click.ClickException(str(e)) from None
    return Known(wanted.day, [pair for pair in pairs if wanted.fits(pair[1])])


def _pairs(source: Located, old: Jurisdiction, new: Jurisdiction) -> Iterator[Pair]:
    data = source.data
    if not isinstance(data, dict) or not isinstance(listed := data.get("subjects"), list):
        raise Troubles(source.trouble((), "a list of `subjects` is due"))
    for i, each in enumerate(listed):
        at = ("subjects", i)
        if not isinstance(each, dict) or not isinstance(each.get("facts"), dict):
            raise Troubles(source.trouble(at, "a subject has a `kind` and `facts`"))
        kind = str(each.get("kind"))
        if kind not in subjects().sheets:
            text = f"no subject `{kind}`{near(kind, subjects().sheets)}"
            raise Troubles(source.trouble((*at, "kind"), text))
        yield _case(source, i, kind, each, old), _case(source, i, kind, each, new)


def _case(source: Located, i: int, kind: str, each: Mapping[str, Any], j: Jurisdiction) -> Case:
    given = dict(each["facts"])
    if isinstance(stated := given.get("stated"), dict):
        # What only the other pack asks for is nothing to this one.
        given["stated"] = {k: v for k, v in stated.items() if f"stated.{k}" in j.stated[kind]}
    try:
        facts = read_facts(j, kind, given)
    except BadFacts as e:
        raise Troubles(
            *(
                source.at_key(("subjects", i, "facts", *steps(at)), f"{at}: {text}")
                for at, text in e.places
            )
        ) from None
    area = str(each.get("area") or place_of(j, facts))
    return Case(kind, str(each.get("id", i + 1)), facts, area, each.get("name"))
