"""Training and supervision as facts: counted from registry's registers, for the days they are whole.

A register from which nothing may be concluded yet leaves its facts out, so that a rule is undecided
and never broken for want of data entry. States are the events' data as JSON: days are ISO text.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.evaluation.decide.assemble import State, a_year_after, certificate, covers

Registers = Mapping[str, str]
"""Register → the day from which it is whole."""

HELD = "held"


def trained(
    day: date, state: State, trainings: Iterable[State], registers: Registers
) -> dict[str, Any]:
    """Return what the calendar year's training and service of a worker were, up to a day.

    The part of the year served is that part of it which has passed, so that in June half of a
    yearly number is due (LZ-2.4.3-f, HZ-4.5-a). A training counts in the year it ended in.
    """
    new_year = day.replace(month=1, day=1)
    starts = [post["starts_on"] for post in state["postings"] if post["on_station"]]
    if not starts:
        return {}
    first = date.fromisoformat(min(starts))
    said: dict[str, Any] = {
        "service_share_of_year": _served(state["postings"], new_year, day) / _year_length(day),
        "served_first_year": day < a_year_after(first),
    }
    if whole("trainings", registers, max(new_year, first)):
        mine = [
            each
            for each in trainings
            if each["status"] == HELD and new_year.isoformat() <= each["ends_on"] <= day.isoformat()
        ]
        said["trainings_this_year"] = sorted({each["kind"] for each in mine})
        said["training_hours_this_year"] = sum(each["hours"] for each in mine)
    return said


def first_on_station(day: date, state: State) -> dict[str, Any]:
    """Return a worker's first day on any station, where nobody stated it (LZ-2.3.2-d)."""
    starts = [p["starts_on"] for p in state["postings"] if p["on_station"]]
    begun = [start for start in starts if start <= day.isoformat()]
    return {"first_on_station": min(begun)} if begun else {}


def assigned(day: date, station_id: str, supervisors: Iterable[State]) -> list[State]:
    """Return who supervises a station that day."""
    return [
        each
        for each in supervisors
        if covers(each, day)
        and any(s["station_id"] == station_id and covers(s, day) for s in each["stations"])
    ]


def supervisor(day: date, state: State, person: State | None) -> dict[str, Any]:
    """Return what is known of a supervisor that day: certificate and experience are the worker's."""
    now = {s["station_id"] for s in state["stations"] if covers(s, day)}
    said: dict[str, Any] = {
        "hired_by": state["hired_by"],
        "full_time": state["full_time"],
        "stations": len(now),
    }
    if person is not None:
        said["sw_years"] = person["sw_years"]
        if (cert := certificate(day, person)) is not None:
            said["cert"] = cert
    return said


def supervisor_cert(sheets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the best certificate of a station's supervisors, which its workers work under.

    Null where the station is known to have none; nothing where one's is not known (CJ-2.4-c).
    """
    held = [each.get("cert") for each in sheets]
    certified = [cert for cert in held if cert in _RANK]
    if certified:
        return {"supervisor_cert": max(certified, key=_RANK.index)}
    if set(held) - {"none"}:
        return {}
    return {"supervisor_cert": "none" if held else None}


_RANK = ("assistant", "social_worker", "senior")
"""From the least; a word only one city has is of no known rank."""


def supervised(
    day: date,
    visits: Iterable[State],
    contract: State | None,
    registers: Registers,
    since: str | None = None,
    over: date | None = None,
) -> dict[str, Any]:
    """Return the supervisions of a station, open `since` a day, by its contract's full months.

    A month counts when service ran through all of it and it has ended (LZ-2.4.3-b), so on its last
    day it does not: `over` is the last day that is. The days of one visit are summed, and the visit
    belongs to the month it began in (LZ-2.4.3-c).
    """
    on = day.isoformat()
    done = sorted(
        (v for v in visits if v["status"] == HELD and v["days"][-1]["day"] <= on),
        key=lambda v: str(v["days"][0]["day"]),
    )
    unrecorded = sum(v["recorded_on"] is None or v["recorded_on"] > on for v in done)
    said: dict[str, Any] = {"unrecorded_supervisions": unrecorded} if done else {}
    if done:
        said["last_supervised"] = max(v["days"][-1]["day"] for v in done)
    start = registers.get("supervisions")
    if start is None or start > on:
        return said
    said.setdefault("unrecorded_supervisions", 0)
    if since is not None and start <= since:
        said.setdefault("last_supervised", None)
    if contract is not None:
        begins = max(contract["starts_on"], start)
        ends = min((over or day).isoformat(), contract.get("ended_on") or contract["ends_on"])
        months = _full_months(date.fromisoformat(begins), date.fromisoformat(ends))
        said["months"] = [_month(first, last, done) for first, last in months]
    return said


def _month(first: date, last: date, visits: Sequence[State]) -> dict[str, Any]:
    begun = [v for v in visits if first.isoformat() <= v["days"][0]["day"] <= last.isoformat()]
    lengths = [sum(each["hours"] for each in v["days"]) for v in begun]
    return {
        "start": first.isoformat(),
        "end": last.isoformat(),
        "supervisions": len(begun),
        "shortest_hours": min(lengths, default=None),
    }


def _full_months(begins: date, ends: date) -> list[tuple[date, date]]:
    first = begins if begins.day == 1 else _next_month(begins)
    months = []
    while (last := _next_month(first) - timedelta(days=1)) <= ends:
        months.append((first, last))
        first = last + timedelta(days=1)
    return months


def _next_month(day: date) -> date:
    return day.replace(day=1) + timedelta(days=monthrange(day.year, day.month)[1])


def _served(postings: Iterable[State], new_year: date, day: date) -> int:
    """Count days of the year up to a day on which the worker was posted to a station."""
    start, end = new_year.isoformat(), day.isoformat()
    served = [
        (max(post["starts_on"], start), min(post["ends_on"] or end, end))
        for post in postings
        if post["on_station"]
    ]
    days, counted = 0, date.min.toordinal()
    for first, last in sorted(served):
        begin = max(date.fromisoformat(first).toordinal(), counted + 1)
        finish = date.fromisoformat(last).toordinal()
        days += max(finish - begin + 1, 0)
        counted = max(counted, finish)
    return days


def whole(register: str, registers: Registers, day: date) -> bool:
    """Whether what is not in a register on a day did not happen."""
    start = registers.get(register)
    return start is not None and start <= day.isoformat()


def _year_length(day: date) -> int:
    return date(day.year, 12, 31).timetuple().tm_yday
