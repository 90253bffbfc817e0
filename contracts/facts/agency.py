"""The organisations that run or judge stations (registry)."""

from chassis.packs import Sheet
from contracts.facts.words import (
    AgencyKind,
    System,
)


class Agency(Sheet):
    """An organisation that runs stations or evaluates them (registry)."""

    kind: AgencyKind
    business_scope: str
    """Registered business scope, as written (CJ-2.3-b, LZ-2.3.2-a)."""
    registered_in: str
    """Division code of the registering body: a statistic, never a condition of tender."""
    systems: list[System]
    provides_stations: bool
    """Has a station service contract in force in this city (LZ-2.3.3-b)."""
    evaluates_stations: bool
    """Has an evaluation of station services in hand in this city (LZ-2.3.3-b)."""
