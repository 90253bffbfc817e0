"""What comes from outside, and lists that go out: bases without a framework in them.

A decision takes what was asked for as it is, and decisions do not reach HTTP: hence not in
`chassis.http`, which hands these on.
"""

from pydantic import BaseModel, ConfigDict, Field


class Asked(BaseModel):
    """Base of every body and query from outside: unknown fields are an error, never ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Paged(Asked):
    """Base of a list's query: where to go on, and how many."""

    after: str | None = Field(default=None, max_length=2_000, description="`next` of the last page")
    limit: int = Field(default=50, ge=1, le=200)


class Listed(BaseModel):
    """Base of a list's answer; a route declares `items` with its view."""

    next: str | None
