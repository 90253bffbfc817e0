"""A record's past, read from the events it told: what changed from one version to the next."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

State = Mapping[str, Any]

ALWAYS = frozenset({"as_of"})
"""What every version says anew; it stands beside the changes, not among them."""
WITHIN = frozenset({"facts", "profile"})
"""Fields whose parts are told one by one."""


class Change(NamedTuple):
    """A field, as it was and as it is; None: it was not there."""

    field: str
    was: Any
    now: Any


def changes(before: State, after: State) -> list[Change]:
    """Return what differs between two versions, by field; the first version differs from nothing."""
    was, now = dict(_flat(before)), dict(_flat(after))
    return [
        Change(field, was.get(field), now.get(field))
        for field in sorted(was.keys() | now.keys())
        if was.get(field) != now.get(field)
    ]


def _flat(state: State) -> Iterator[tuple[str, Any]]:
    for name, value in state.items():
        if name in ALWAYS:
            continue
        if name in WITHIN and isinstance(value, dict):
            for part, said in value.items():
                yield f"{name}.{part}", said
        else:
            yield name, value
