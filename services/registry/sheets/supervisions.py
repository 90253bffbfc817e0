"""Supervisions by spreadsheet: a row for every day, the days of one visit together."""

from collections.abc import Sequence
from itertools import groupby

from chassis.db import Transaction
from chassis.problems import Problem
from chassis.reading import among
from services.registry.decide.supervision import write_supervision
from services.registry.models import Assignment, Station, Supervision, Supervisor, Worker
from services.registry.shapes import WriteSupervision
from services.registry.sheets import found
from services.registry.sheets.asked import ask, refused
from services.registry.sheets.found import Ground
from services.registry.sheets.kinds import SUPERVISIONS as KIND
from services.registry.sheets.lines import Line, Outcome


def key(line: Line) -> tuple[str, ...]:
    """Return which visit a row belongs to."""
    return tuple(line.texts.get(name, "") for name in ("visit", "station", "id_number"))


async def take(tx: Transaction, lines: Sequence[Line], ground: Ground) -> None:
    """Enter visits that are new, change those that differ; known again by station and first day."""
    stations = await found.stations(tx, lines, "station")
    numbers = {line.number: found.number_of(KIND, line, tx) for line in lines if line.right}
    people = await found.workers(tx, {number for number in numbers.values() if number})
    ids = [each.id for each in people.values()]
    terms = await tx.find(Supervisor, among(Supervisor.worker_id, ids)) if ids else []
    wanted = [each.id for each in terms]
    there = await tx.find(Supervision, among(Supervision.supervisor_id, wanted)) if wanted else []
    served = await tx.find(Assignment, among(Assignment.supervisor_id, wanted)) if wanted else []
    for _, some in groupby(sorted(lines, key=key), key):
        group = list(some)
        if not _whole(group):
            continue
        first = min(group, key=lambda line: str(line.values["day"]))
        station = found.station_of(KIND, first, stations)
        person = people.get(numbers[first.number] or "")
        term = _term(terms, person, first)
        if station is not None and term is not None:
            _visited(tx, group, first, (station, term), (there, served), ground)


def _whole(group: Sequence[Line]) -> bool:
    """Whether every day of a visit is right; else those that are share the blame."""
    if all(line.right for line in group):
        return True
    for line in group:
        if line.right:
            line.wrong(KIND, "visit", "同一次督导另有错误", "another day of it is wrong")
    return False


def _term(terms: Sequence[Supervisor], person: Worker | None, line: Line) -> Supervisor | None:
    day = line.values["day"]
    for term in terms:
        if person is not None and term.worker_id == person.id and _covers(term, day):
            return term
    line.wrong(KIND, "id_number", "当日不是督导", "is no supervisor on that day")
    return None


def _visited(
    tx: Transaction,
    group: Sequence[Line],
    first: Line,
    at: tuple[Station, Supervisor],
    held: tuple[Sequence[Supervision], Sequence[Assignment]],
    ground: Ground,
) -> None:
    (station, term), (there, served) = at, held
    same = (station.id, term.id, first.values["day"])
    known = next(
        (s for s in there if (s.station_id, s.supervisor_id, s.days[0]["day"]) == same), None
    )
    said = {
        "station_id": station.id,
        "supervisor_id": term.id,
        "kind": first.values["kind"],
        "days": [{"day": x.values["day"], "hours": x.values["hours"]} for x in group],
        "recorded_on": first.values.get("recorded_on"),
        "status": known.status if known else "held",
    }
    wish = ask(KIND, first, WriteSupervision, said)
    if wish is None:
        return
    outcome = Outcome.CHANGED if known else Outcome.NEW
    if known is not None and _says(known, wish):
        outcome = Outcome.SAME
    else:
        try:
            tx.record(*write_supervision(known, wish, ground.words, tx.today, served))
        except Problem as problem:
            refused(KIND, first, problem)
            return
    for line in group:
        line.outcome = outcome


def _says(known: Supervision, wish: WriteSupervision) -> bool:
    days = sorted((each.model_dump(mode="json") for each in wish.days), key=lambda d: str(d["day"]))
    return (known.kind, known.days, known.recorded_on) == (wish.kind, days, wish.recorded_on)


def _covers(term: Supervisor, day: str) -> bool:
    last = term.ends_on
    return term.starts_on.isoformat() <= day and (last is None or day <= last.isoformat())
