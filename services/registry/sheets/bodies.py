"""Agencies by spreadsheet: one is known again by its credit code."""

from collections.abc import Sequence

from chassis.db import Transaction
from chassis.problems import Problem
from services.registry.decide.bodies import write_agency
from services.registry.queries import officers_of
from services.registry.shapes import WriteAgency
from services.registry.sheets import found
from services.registry.sheets.asked import ask, refused, same
from services.registry.sheets.found import Ground
from services.registry.sheets.kinds import AGENCIES as KIND
from services.registry.sheets.lines import Line, Outcome


async def take(tx: Transaction, lines: Sequence[Line], ground: Ground) -> None:
    """Enter agencies that are new, change those that differ."""
    wishes = [
        (line, wish)
        for line in lines
        if line.right and (wish := ask(KIND, line, WriteAgency, line.values))
    ]
    there = await found.agencies(tx, (wish.credit_code for _, wish in wishes))
    for line, wish in wishes:
        agency = there.get(wish.credit_code)
        said = {name: getattr(wish, name) for name in line.values if name != "effective_on"}
        if agency is not None and same(agency, said):
            line.outcome = Outcome.SAME
            continue
        officers = []
        if agency is not None:
            # What a sheet has no column for stays as it is.
            kept = {n: getattr(agency, n) for n in WriteAgency.model_fields if hasattr(agency, n)}
            wish = WriteAgency.model_validate(kept | line.values)  # noqa: PLW2901 - the whole wish
            officers = await officers_of(tx, agency.id)
        line.outcome = Outcome.NEW if agency is None else Outcome.CHANGED
        try:
            written, event = write_agency(agency, wish, ground.words, tx.today, officers)
            there[wish.credit_code] = tx.record(written, event)
        except Problem as problem:
            refused(KIND, line, problem)
