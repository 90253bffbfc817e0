"""A city or district in figures (evaluation) and what was filed (registry)."""

from datetime import date

from chassis.packs import Fen, Sheet
from contracts.facts.procurement import Funding
from contracts.facts.words import (
    Filer,
    FilingKind,
    PlanSection,
    TrainingKind,
)


class Filing(Sheet):
    """A document handed to a higher body (registry)."""

    kind: FilingKind
    by: Filer
    to: Filer
    day: date
    issued: date
    """Day the document itself was made (LZ-3.1-b)."""
    working_days: int
    """Working days from then to the day it was filed (CJ-6.1-a)."""
    sections: list[PlanSection]
    """What it covers (LZ-3.1-a, WH-4.3-a)."""


class Year(Sheet):
    """One calendar year's end in figures (HF-1-b)."""

    year: int
    community_stations: int
    before: int
    """Community stations a year earlier."""
    certified: int
    certified_before: int
    """Certified social workers at the year's end and a year earlier (LZ-1.3.2-a)."""


class Area(Sheet):
    """An area in figures (evaluation), with the pack's denominators.

    As subject `city` it is the whole jurisdiction of a pack, whatever its kind; as subject
    `district` one county or district inside it.
    """

    code: str
    townships: int
    """Township units, from the denominator the coverage page names."""
    townships_with_station: int
    townships_with_certified: int
    """Township units where at least one certified worker serves (LZ-1.3.2-a)."""
    townships_with_plan: int
    """Township units that have a plan of their own for their station (HZ-5.1-a)."""
    communities: int
    communities_with_station: int
    stations: int
    """Open township stations."""
    stations_standardised: int
    """Of these, stations that fulfil the city's standard (LZ-1.3.1-d)."""
    demo_stations: int
    demo_studios: int
    centres: int
    """Centres that lead this area's own network: a city's of the city's tier, a district's of the
    county's (HF-3.1-a, LZ-2.1.1-a, LZ-2.1.2-a)."""
    districts: int
    districts_with_centre: int
    certified: int
    """Certified social workers today."""
    certified_2020: int
    certified_by_speciality: dict[str, int]
    """Certified workers by speciality; one person may count in several (LZ-1.3.2-b)."""
    agencies_incubated: int
    """Social work agencies incubated 2021 to 2023 (LZ-1.3.3-a)."""
    trainings_held: list[TrainingKind]
    """Kinds of training held for social workers in the calendar year (WH-3.2-b)."""
    years: list[Year]
    filings: list[Filing]
    fundings: list[Funding]
    """This budget year's money for stations."""
    social_assistance_fund: Fen
    """Special funds for social assistance of the budget year, the base of a ceiling (LZ-4.2-b)."""
    assistance_work_fund: Fen
    """Special work funds for social assistance of the budget year, the base of a share (CJ-6.3-a)."""
    region_grant: Fen
    """Pilot grant of the region (CJ-5.1-a)."""
    payments_from_region: Fen
    """Paid out of that grant so far."""
    payments_from_region_by_others: Fen
    """Of this, paid by anyone but the town (CJ-5.2-a)."""
