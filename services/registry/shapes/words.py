"""The small words every shape is made of."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chassis.asked import Asked, Day

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(max_length=4_000)]
SquareMetres = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A word of the pack's vocabulary."""
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}$")]
System = Literal["nbs", "mca"]
"""Whose division codes: the statistics bureau's, or the civil affairs ministry's."""


class AsOf(Asked):
    """A day; today if none is said."""

    as_of: Day | None = None
