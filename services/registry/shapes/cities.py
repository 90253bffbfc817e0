"""Jurisdictions."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chassis.asked import Asked
from services.registry.shapes.words import Code, Name


class Names(Asked):
    """A name in both languages."""

    zh: Name
    en: Name


class ServeCity(Asked):
    """Serve a jurisdiction."""

    code: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
    kind: Literal["city", "county", "district"]
    name: Names
    prefixes: Annotated[list[Code], Field(min_length=1, max_length=50)]


class ChangeCity(Asked):
    """Change what is said of a jurisdiction; its code stays."""

    kind: Literal["city", "county", "district"] | None = None
    name: Names | None = None
    prefixes: Annotated[list[Code], Field(min_length=1, max_length=50)] | None = None
