"""Imports: batches of rows, each one transaction; what became of each row goes into a report.

    look     says what would become of every row, and writes nothing
    whole    writes only if no row is wrong: all rows are looked at before the first is written
    valid    writes the rows that are right

A batch that the database refuses is done again row by row, so that the row at fault is named. An
import that was cut off is finished by importing the same file again: what is there already is the
same. Its events leave by the relay afterwards (`chassis.bulk`), in their turn among all others.

While the database writes one batch the next is made ready, unless a row of it is about the same
thing: what came first in the file comes first.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Literal

from chassis.bulk import bulk
from chassis.db import Database, Stale, Taken, Transaction, Who
from chassis.problems import Problem
from chassis.vault import normal
from services.registry.app import CLASHES
from services.registry.queries import area_of, pack_if_any, system_of
from services.registry.sheets import (
    bodies,
    cells,
    files,
    stations,
    supervisions,
    trainings,
    workers,
)
from services.registry.sheets.asked import refused
from services.registry.sheets.found import Ground
from services.registry.sheets.kinds import Kind
from services.registry.sheets.lines import Line, Outcome

Mode = Literal["look", "whole", "valid"]
Told = Callable[[int], None]
"""Called with how many rows were done, for whoever watches."""
Take = Callable[[Transaction, Sequence[Line], Ground], Awaitable[None]]

TAKES: dict[str, Take] = {
    "stations": stations.take,
    "agencies": bodies.take,
    "workers": workers.take,
    "postings": workers.take_postings,
    "trainings": trainings.take,
    "supervisions": supervisions.take,
}
TOGETHER: dict[str, Callable[[Line], tuple[str, ...]]] = {
    "trainings": trainings.key,
    "supervisions": supervisions.key,
}
"""Rows of which kinds belong together: they are not parted by a batch's end."""
ABOUT = {
    "stations": "name",
    "agencies": "credit_code",
    "workers": "id_number",
    "postings": "id_number",
}
"""In which column a row says what it is about. Batches of the other kinds wait for each other."""
FILLS = {
    "stations": ("station",),
    "agencies": ("agency",),
    "workers": ("worker", "posting", "person_key", "blind_index"),
    "postings": ("posting",),
    "trainings": ("training", "attendance"),
    "supervisions": ("supervision",),
}
"""Tables that grow."""
GROWS = 10
"""They are counted anew when so many times as much has come: after 500 rows, 5,000, 50,000."""
ATTEMPTS = 3
BATCH = 500
"""Rows a transaction, well under what a statement may take in its five seconds."""


class _Looked(Exception):
    """A batch was only looked at."""


async def ground_of(database: Database, who: Who) -> Ground:
    """Return what a city's import stands on; 503 while it has no pack."""
    area = await area_of(database, who.city)
    async with database.begin(who) as tx:
        pack = await pack_if_any(tx)
    if pack is None:
        raise Problem("policy-not-loaded")
    return Ground(area, system_of(pack), pack.vocabulary)


async def import_file(
    database: Database,
    who: Who,
    path: Path,
    kind: Kind,
    *,
    mode: Mode,
    report: Path | None = None,
    told: Told = lambda _: None,
) -> Counter[Outcome]:
    """Import a sheet; return how many rows became what.

    Raises `files.BadFile` for a file that is not this sheet.
    """
    ground = await ground_of(database, who)
    run = Run(database, who, kind, ground, told)
    if mode == "whole" and (await run(path, None, looks=True))[Outcome.WRONG]:
        return await run(path, report, looks=True, leaves=True)
    async with bulk(database):
        return await run(path, report, looks=mode == "look")


@dataclass
class Run:
    """One passage through a file, as somebody, in a city."""

    database: Database
    who: Who
    kind: Kind
    ground: Ground
    told: Told
    _counted: int = field(default=0, init=False)

    async def __call__(
        self, path: Path, report: Path | None, *, looks: bool, leaves: bool = False
    ) -> Counter[Outcome]:
        """Go through the rows; `looks` writes none, `leaves` says so of those that were right."""
        counts: Counter[Outcome] = Counter()
        with files.report(report, self.kind) if report else nullcontext() as out:
            async with aclosing(self._through(path, looks=looks)) as batches:
                async for lines in batches:
                    for line in lines:
                        if line.right and (leaves or line.outcome is None):
                            line.outcome = Outcome.LEFT
                        counts[line.outcome or Outcome.WRONG] += 1
                        if out is not None:
                            out.add(line)
                    self.told(len(lines))
                    if not looks:
                        await self._measure(counts[Outcome.NEW])
        return counts

    async def _through(self, path: Path, *, looks: bool) -> AsyncGenerator[Sequence[Line]]:
        """Yield the batches of a file, in order, as they are done; two are under way at most."""
        known = cells.dictionary(self.kind, self.ground.words)
        going: deque[_Batch] = deque()
        try:
            for lines in _batches(files.read(path, self.kind), self.kind):
                for line in lines:
                    cells.read(self.kind, line, known)
                about = _about(lines, self.kind)
                if going and going[0].meets(about):
                    yield await going.popleft().done()
                work = asyncio.create_task(self._take(lines, looks=looks))
                going.append(_Batch(lines, about, work))
                if len(going) > 1:
                    yield await going.popleft().done()
            while going:
                yield await going.popleft().done()
        finally:
            for batch in going:
                batch.work.cancel()
                await asyncio.wait([batch.work])

    async def _measure(self, new: int) -> None:
        """Have the tables counted when they have grown much: plans are made by their sizes."""
        if new < GROWS * self._counted or not new:
            return
        self._counted = new
        for table in FILLS[self.kind.name]:
            async with self.database.begin(self.who) as tx:
                await tx.execute("SELECT measure($1)", table)

    async def _take(self, batch: Sequence[Line], *, looks: bool) -> None:
        clash = await self._tried(batch, looks=looks)
        if clash is None:
            return
        parts = list(_parts(batch, self.kind))
        if len(parts) == 1:
            refused(self.kind, batch[0], CLASHES.get(clash) or Problem("duplicate-reference"))
            return
        for part in parts:
            await self._take(part, looks=looks)

    async def _tried(self, batch: Sequence[Line], *, looks: bool) -> str | None:
        """Write a batch; return the constraint it clashed with. Who was overtaken tries again."""
        for _ in range(ATTEMPTS):
            for line in batch:
                line.outcome = None if line.right else Outcome.WRONG
            try:
                with suppress(_Looked):
                    async with self.database.begin(self.who) as tx:
                        await TAKES[self.kind.name](tx, batch, self.ground)
                        if looks:
                            await tx.flush()  # so that the database has its say
                            raise _Looked
            except Taken as taken:
                return taken.constraint
            except Stale:
                continue
            return None
        raise Problem("busy")


@dataclass(frozen=True)
class _Batch:
    """Rows on their way into the database."""

    lines: Sequence[Line]
    about: frozenset[str]
    work: asyncio.Task[None]

    async def done(self) -> Sequence[Line]:
        """Return the rows once they are written."""
        await self.work
        return self.lines

    def meets(self, about: frozenset[str]) -> bool:
        """Whether rows about something may be about what these are about."""
        return not about or not self.about.isdisjoint(about)


def _about(lines: Sequence[Line], kind: Kind) -> frozenset[str]:
    """Return what rows are about, spelt so that no two spellings differ; nothing for all there is."""
    column = ABOUT.get(kind.name)
    if column is None:
        return frozenset()
    return frozenset(normal("name", line.texts.get(column, "")) for line in lines)


def _batches(lines: Iterable[Line], kind: Kind) -> Iterator[list[Line]]:
    together = TOGETHER.get(kind.name)
    batch: list[Line] = []
    for line in lines:
        if len(batch) >= BATCH and (together is None or together(line) != together(batch[-1])):
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch


def _parts(batch: Sequence[Line], kind: Kind) -> Iterator[list[Line]]:
    together = TOGETHER.get(kind.name)
    if together is None:
        yield from ([line] for line in batch)
        return
    for _, some in groupby(batch, together):
        yield list(some)
