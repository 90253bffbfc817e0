"""What the rows of a batch refer to: stations, people and agencies, each kind read once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.db import Transaction
from chassis.identifiers import BadIdentifier, check_id
from chassis.reading import among
from chassis.tables import BlindIndex, CityKept
from services.registry.facts import Words
from services.registry.models import Agency, Posting, Station, Worker
from services.registry.sheets.kinds import Kind
from services.registry.sheets.lines import Line


@dataclass(frozen=True)
class Ground:
    """What an import stands on: the city, its code system, its words."""

    area: CityKept
    system: str
    words: Words


async def stations(tx: Transaction, lines: Iterable[Line], column: str) -> dict[str, list[Station]]:
    """Return the stations rows name, by name."""
    names = {each.values[column] for each in lines if column in each.values}
    found: dict[str, list[Station]] = {}
    for station in await tx.find(Station, among(Station.name, names)) if names else ():
        found.setdefault(station.name, []).append(station)
    return found


def station_of(kind: Kind, line: Line, known: Mapping[str, Sequence[Station]]) -> Station | None:
    """Return the one station a row names; what is wrong with the name is noted."""
    name, ground = line.values.get("station"), line.values.get("station_division")
    if name is None:
        return None
    same = [s for s in known.get(name, ()) if ground is None or s.division == ground]
    if len(same) == 1:
        return same[0]
    if same:
        line.wrong(
            kind,
            "station_division",
            "有多个同名站点，须填区划代码",
            "several stations have this name: say the division",
        )
    else:
        line.wrong(kind, "station", "没有此站点", "is no station here")
    return None


def number_of(kind: Kind, line: Line, tx: Transaction) -> str | None:
    """Return an identity number in the one form it is kept in."""
    said = line.values.get("id_number")
    if said is None:
        return None
    try:
        return check_id(line.values.get("id_type", "resident_id"), said, tx.today)
    except BadIdentifier as bad:
        line.wrong(kind, "id_number", bad.zh, bad.en)
        return None


async def workers(tx: Transaction, numbers: Iterable[str]) -> dict[str, Worker]:
    """Return people employed by their identity numbers, which nothing here reads back."""
    digests = {tx.people.blind("id_number", number): number for number in numbers}
    if not digests:
        return {}
    rows = await tx.find(
        BlindIndex, BlindIndex.field == "id_number", among(BlindIndex.digest, digests)
    )
    whose = {row.person_id: digests[row.digest] for row in rows}
    found = await tx.find(Worker, among(Worker.id, whose)) if whose else []
    return {whose[worker.id]: worker for worker in found}


async def agencies(tx: Transaction, codes: Iterable[str]) -> dict[str, Agency]:
    """Return agencies by their credit codes."""
    wanted = set(codes)
    found = await tx.find(Agency, among(Agency.credit_code, wanted)) if wanted else []
    return {agency.credit_code: agency for agency in found}


async def postings(tx: Transaction, people: Iterable[Worker]) -> dict[UUID, list[Posting]]:
    """Return the postings of people, by worker."""
    found: dict[UUID, list[Posting]] = {each.id: [] for each in people}
    for row in await tx.find(Posting, among(Posting.worker_id, found)) if found else ():
        found[row.worker_id].append(row)
    return found
