"""What every service keeps of registry: which cities there are, and each city's packs.

Registry's events bring both; a service's reactions hand them here. The fields are taken by name,
since the chassis knows no service's events.
"""

from datetime import date, datetime
from typing import Protocol

from chassis.db import Transaction
from chassis.tables import CityKept, PackKept


class TellsCity(Protocol):
    """An event that tells of a jurisdiction."""

    @property
    def code(self) -> str:
        """The city."""

    @property
    def kind(self) -> str:
        """Whether a city, a county or a district."""

    @property
    def name(self) -> dict[str, str]:
        """Its names."""

    @property
    def prefixes(self) -> list[str]:
        """The division codes it governs, by their beginning."""


class TellsPack(Protocol):
    """An event that brings a version of a pack, whole."""

    @property
    def version(self) -> str:
        """The hash of its layers."""

    @property
    def in_force(self) -> date:
        """The day from which it counts."""

    @property
    def text(self) -> str:
        """All layers, as one."""


def keep_city(event: TellsCity, tx: Transaction) -> None:
    """Keep a jurisdiction; the event comes under the platform's tenant."""
    tx.keep(
        CityKept(code=event.code, kind=event.kind, name=event.name, prefixes=list(event.prefixes))
    )


def keep_pack(event: TellsPack, tx: Transaction, at: datetime | None = None) -> None:
    """Keep a version of this city's pack; `at` is when it became known, for who asks by that."""
    heard_at = at or tx.now
    tx.keep(
        PackKept(version=event.version, in_force=event.in_force, heard_at=heard_at, text=event.text)
    )
