"""Divisions a body names: found in the city's code system, and held to lie in the city."""

from collections.abc import Iterable

from chassis.divisions import Division, place
from chassis.http import Tx
from chassis.problems import At, Problem
from chassis.tables import CityKept


async def standing(
    tx: Tx,
    area: CityKept,
    system: str,
    code: str,
    name: str | None = None,
    at: str = "/division",
) -> Division:
    """Return the division a body names, if it lies in this jurisdiction."""
    found = await place(tx, system, code, name, at)
    if not found.code.startswith(tuple(area.prefixes)):
        raise Problem(
            "unknown-division",
            errors=[
                At(at, "unknown-division", "不在本辖区内", "does not lie in this jurisdiction")
            ],
        )
    return found


async def all_standing(
    tx: Tx, area: CityKept, system: str, codes: Iterable[str], at: str
) -> list[Division]:
    """Return the divisions a list in a body names."""
    return [
        await standing(tx, area, system, code, at=f"{at}/{number}")
        for number, code in enumerate(dict.fromkeys(codes))
    ]
