"""The transitions of a referral (contract.md): from where, to where, by whom. One table, no ifs."""

from dataclasses import dataclass

RETURNS = "what it was before"

OPEN = ("routed", "accepted", "information_requested", "started")
"""Statuses in which a station has a referral in hand."""
ENDED = ("declined", "closed", "withdrawn")
ALL = ("unrouted", *OPEN, *ENDED)


@dataclass(frozen=True)
class Transition:
    """One row of the table."""

    name: str
    before: tuple[str, ...]
    after: str
    roles: tuple[str, ...]


_STATION = ("worker", "station_head")

TRANSITIONS = {
    t.name: t
    for t in (
        Transition("accept", ("routed",), "accepted", _STATION),
        Transition("decline", ("routed",), "declined", _STATION),
        Transition(
            "request-information", ("routed", "accepted"), "information_requested", _STATION
        ),
        Transition("supply-information", ("information_requested",), RETURNS, ("partner",)),
        Transition(
            "transfer",
            ("unrouted", "routed", "declined", "accepted", "started"),
            "routed",
            ("station_head", "district_bureau", "city_bureau"),
        ),
        Transition("start", ("accepted",), "started", _STATION),
        Transition("close", ("started",), "closed", _STATION),
        Transition(
            "withdraw",
            ("unrouted", "routed", "accepted", "information_requested", "started"),
            "withdrawn",
            ("partner",),
        ),
    )
}


def allowed(status: str) -> list[str]:
    """Return the transitions a status allows."""
    return [t.name for t in TRANSITIONS.values() if status in t.before]
