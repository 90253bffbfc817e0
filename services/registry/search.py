"""Found by a part of the name, in characters or in pinyin initials; sorted by what a list may be."""

from typing import Any

from sqlalchemy import or_
from sqlmodel import col

from chassis.rows import table_of
from services.registry.models import Agency, Partner, Station, Worker
from services.registry.reach import Condition

INITIALS = "initials"
"""By which names are sorted; those of people are in no URL, so in no cursor."""
Named = type[Station | Agency | Partner | Worker]


def named(model: Named, said: str | None) -> list[Condition]:
    """Return the conditions under which a name holds what was said: characters, letters, initials."""
    if said is None:
        return []
    letters = "".join(said.lower().split())
    if letters.isascii() and letters.isalnum():
        within = col(model.name).icontains(said, autoescape=True)
        return [or_(within, col(model.initials).contains(letters, autoescape=True))]
    return [col(model.name).contains(said, autoescape=True)]


def sorted_by(model: Named, said: str | None) -> tuple[str, list[Condition]]:
    """Return the column a list is sorted by, and what it then leaves out: those without a value.

    By name is by pinyin initials: as people read a list, not as characters are numbered.
    """
    if said is None:
        return "id", []
    back = said[:1] if said.startswith("-") else ""
    name = said.removeprefix("-")
    column: Any = getattr(model, name)
    empty = table_of(model).c[name].nullable
    return back + (INITIALS if name == "name" else name), (
        [col(column).is_not(None)] if empty else []
    )
