"""Divisions."""

from typing import Annotated

from pydantic import Field

from chassis.asked import Asked, Paged
from services.registry.shapes.words import Code, Name, System


class FindDivisions(Paged):
    """Which divisions to list: those of a level, or below one."""

    parent: Code | None = None
    level: Annotated[int, Field(ge=1, le=5)] | None = None
    system: System | None = None


class Bore(Asked):
    """Which of the places that bore a code through time is meant."""

    name: Name | None = None


class InSystem(Asked):
    """In which code system a division code is read; the pack's own if none is said."""

    system: System | None = None
