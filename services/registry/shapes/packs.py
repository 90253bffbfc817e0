"""Versions of a city's pack."""

from typing import Annotated

from pydantic import Field

from chassis.asked import Asked, Day


class AuthorPack(Asked):
    """Bring a version of the city's pack: the texts of all its layers, merged into one."""

    layers: Annotated[str, Field(min_length=2)]
    note: Annotated[str, Field(max_length=1_000)] = ""


class ApprovePack(Asked):
    """Activate a version from a day on."""

    in_force: Day
