"""From states to fact sheets: only what is known; the unknown stays out and is never made up.

States are the events' data as JSON, so a day is compared as ISO text.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import orjson
from pydantic import ValidationError

from chassis.divisions import Division
from chassis.packs import Sheet
from contracts import facts
from contracts.profile import facts_of

State = Mapping[str, Any]

_KINDS = {
    "street": "street",
    "town": "town",
    "township": "township",
    "quasi": "zone",
    "residents": "community",
    "quasi_residents": "community",
    "villagers": "village",
    "quasi_villagers": "village",
}
"""What a code's digits say (`chassis.divisions`) → the vocabulary `division_kind`."""

OPEN, LEFT, PROCURED = "open", "left", "procured"
NOTHING: Mapping[str, Any] = {}


def station(
    day: date,
    state: State,
    workers: Iterable[State],
    contracts: Iterable[State],
    place: Division | None = None,
    villages: int = 0,
) -> dict[str, Any]:
    """Return what is known of a station that day."""
    people = [worker(day, each, post) for each, post in posted(day, state, workers)]
    return staffed(day, state, people, contracts, place, villages)


def staffed(
    day: date,
    state: State,
    people: list[dict[str, Any]],
    contracts: Iterable[State],
    place: Division | None = None,
    villages: int = 0,
    counted: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """Return what is known of a station with these people, whose sheets are made already."""
    said: dict[str, Any] = {
        **counted,
        **on_day(day, state)["facts"],
        **{name: state[name] for name in ("name", "tier", "mode", "open_on", "domains")},
        "division": division(state, place, villages),
        **_staffing(day, state, contracts),
    }
    # Each of them fits its sheet already: held to it once more they cost as much as all the rest.
    return {**known(facts.Station, said), "workers": people}


def on_day(day: date, state: State) -> State:
    """Return a station's state with the facts its profile says that day, not when it was told."""
    return {**state, "facts": facts_of(state["facts"], state.get("profile", NOTHING), day)}


def division(state: State, place: Division | None, villages: int) -> dict[str, Any]:
    """Return what is known of where a station stands."""
    said: dict[str, Any] = {"code": state["division"], "district": state["district"]}
    if place is not None and place.kind in _KINDS:
        said["kind"] = _KINDS[place.kind]
    if villages:
        said["villages"] = villages  # a system without communities knows nothing, not none
    return said


def posted(day: date, station_state: State, workers: Iterable[State]) -> list[tuple[State, State]]:
    """Return everyone who serves at a station that day, each with the posting that says so."""
    here = station_state["station_id"]
    found = []
    for each in workers:
        posts = [p for p in postings(day, each) if p["station_id"] == here]
        if posts:
            found.append((each, posts[0]))
    return found


def postings(day: date, state: State) -> list[State]:
    """Return a worker's postings of that day, those on a station first."""
    if state["status"] == LEFT:
        return []
    current = [post for post in state["postings"] if covers(post, day)]
    return sorted(current, key=lambda post: not post["on_station"])


def worker(
    day: date, state: State, post: State | None, counted: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Return what is known of a worker that day; without a posting, that it is on no station.

    What was `counted` of registers holds where nobody stated it.
    """
    said: dict[str, Any] = {
        **counted,
        **state["facts"],
        **{name: state[name] for name in ("education", "sw_major", "sw_years")},
    }
    if (cert := certificate(day, state)) is not None:
        said |= {"cert": cert, "cert_on": state["cert_on"]}
    if post is None:
        said["on_station"] = False
    else:
        said |= {name: post[name] for name in ("full_time", "on_station", "dispatched")}
    return known(facts.Worker, said)


def certificate(day: date, state: State) -> str | None:
    """Return the certificate held that day; one approved later says nothing of the one before."""
    approved = state["cert_on"]
    return str(state["cert"]) if approved is None or approved <= day.isoformat() else None


def contract(day: date, state: State) -> dict[str, Any]:
    """Return what is known of a contract that day."""
    said = {
        **state["facts"],
        "start": state["starts_on"],
        "end": state["ends_on"],
        "signed_on": state["signed_on"],
        "purchaser_kind": state["purchaser_kind"],
        "renewal_of": state["renewal_of"],
    }
    if day < a_year_after(date.fromisoformat(state["starts_on"])):
        said["execution_years"] = []  # no full year has ended: known, not unknown
    return known(facts.Contract, said)


def agency(
    day: date, state: State, contracts: Iterable[State], *, all_told: bool = False
) -> dict[str, Any]:
    """Return what is known of an agency that day; `all_told` where no contract can be missing."""
    said: dict[str, Any] = {
        **state.get("facts", {}),
        **{name: state[name] for name in ("kind", "business_scope", "registered_in")},
    }
    runs = in_force(day, contracts) is not None
    if runs or all_told:
        said["provides_stations"] = runs  # else none that we heard of is not none at all
    return known(facts.Agency, said)


def in_force(day: date, contracts: Iterable[State]) -> State | None:
    """Return the contract of that day."""
    return next((each for each in contracts if _runs(each, day)), None)


def known(sheet: type[Sheet], said: Mapping[str, Any]) -> dict[str, Any]:
    """Hold facts to their sheet; what does not fit, a null that means nothing too, is unknown."""
    values = dict(said)
    while True:
        try:
            return sheet.model_validate_json(orjson.dumps(values)).plain()
        except ValidationError as error:
            wrong = {str(e["loc"][0]) for e in error.errors(include_url=False)} & values.keys()
            if not wrong:
                raise
            for name in wrong:
                del values[name]


def _staffing(day: date, state: State, contracts: Iterable[State]) -> dict[str, Any]:
    """Say how many workers the contract promises, or that there is none, or nothing."""
    current = in_force(day, contracts)
    if current is not None:
        promised = current["staffing"]
        return {} if promised is None else {"staffing_by_contract": promised}
    # A bought station without a contract here has one we have not heard of.
    return {} if state["mode"] == PROCURED else {"staffing_by_contract": None}


def _runs(state: State, day: date) -> bool:
    last = state.get("ended_on") or state["ends_on"]
    return bool(state["starts_on"] <= day.isoformat() <= last)


def covers(period: State, day: date) -> bool:
    """Whether a period of two days, the last one perhaps open, holds a day."""
    on, last = day.isoformat(), period["ends_on"]
    return bool(period["starts_on"] <= on and (last is None or on <= last))


def a_year_after(day: date) -> date:
    """Return the day a year has passed since another; after 29 February that is 1 March."""
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + 1, 3, 1) if leap else day.replace(year=day.year + 1)
