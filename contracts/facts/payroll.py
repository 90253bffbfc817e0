"""What the people of a station are paid (procurement's proof of pay)."""

from datetime import date
from typing import ClassVar

from chassis.packs import Fen, Sheet
from contracts.facts.people import Worker
from contracts.facts.station import Station
from contracts.facts.words import (
    Cert,
    WageClass,
)


class Payroll(Sheet):
    """One month's pay of one on-station worker (procurement's proof of pay)."""

    context: ClassVar[dict[str, type[Sheet]]] = {"worker": Worker, "station": Station}

    month_end: date
    wage_class: WageClass
    """Class of the minimum wage that applies."""
    cert: Cert
    """Certificate held in that month."""
    due: Fen
    """Agreed gross pay, the worker's own insurance share included."""
    pay: Fen
    """Gross pay given (LZ-2.3.2-e to -h)."""
