"""Stations by spreadsheet: a station is known again by its name and division."""

from collections.abc import Sequence
from typing import Any

from chassis import divisions
from chassis.db import Transaction
from chassis.divisions import Division
from chassis.problems import Problem
from services.registry.decide.stations import change_station, open_station, told
from services.registry.models import Station
from services.registry.shapes import ChangeStation, OpenStation
from services.registry.sheets import found
from services.registry.sheets.asked import ask, refused
from services.registry.sheets.found import Ground
from services.registry.sheets.kinds import STATIONS as KIND
from services.registry.sheets.lines import Line, Outcome

_FACTS = ("office_m2", "rooms", "systems", "plaque", "demo")
_OPENS = ("planned", "building", "open")


async def take(tx: Transaction, lines: Sequence[Line], ground: Ground) -> None:
    """Enter stations that are new, change those that differ."""
    there = await found.stations(tx, lines, "name")
    asked = {(ground.system, each.values["division"]) for each in lines if each.right}
    places = await divisions.places(tx, asked) if asked else {}
    for line in lines:
        if not line.right:
            continue
        place, _ = places.get((ground.system, line.values["division"]), (None, 0))
        if not _stands(line, place, ground):
            continue
        assert place is not None
        known = there.setdefault(line.values["name"], [])
        station = next((s for s in known if s.division == place.code), None)
        try:
            if station is None:
                made = _opened(tx, line, place, ground)
                known += [made] if made is not None else []
            else:
                _changed(tx, line, station, ground)
        except Problem as problem:
            refused(KIND, line, problem)


def _stands(line: Line, place: Division | None, ground: Ground) -> bool:
    said = line.values.get("division_name")
    if place is None or not place.code.startswith(tuple(ground.area.prefixes)):
        line.wrong(KIND, "division", "不在本辖区内", "does not lie in this jurisdiction")
    elif said and not divisions.names_agree(said, place.name):
        line.wrong(KIND, "division_name", "与区划代码不符", "disagrees with the code")
    return line.right


def _values(line: Line) -> dict[str, Any]:
    said = {
        name: value for name, value in line.values.items() if name not in (*_FACTS, "division_name")
    }
    facts = {name: line.values[name] for name in _FACTS if name in line.values}
    return said | ({"facts": facts} if facts else {})


def _opened(tx: Transaction, line: Line, place: Division, ground: Ground) -> Station | None:
    said = _values(line)
    status = said["status"]
    if status not in _OPENS:
        # It is entered open, and its present stage is the second one.
        said["status"] = "open"
    since = said.pop("effective_on", None) if status not in _OPENS else None
    wish = ask(KIND, line, OpenStation, said)
    step = ask(KIND, line, ChangeStation, {"status": status, "effective_on": since})
    if wish is None or step is None:
        return None
    station, event = open_station(wish, place, ground.words, tx.today)
    if status not in _OPENS:
        began = station.as_of
        station, _ = change_station(station, step, None, ground.words, tx.today)
        station.as_of = min(began, station.as_of)
        event = told(station)
    line.outcome = Outcome.NEW
    return tx.record(station, event)


def _changed(tx: Transaction, line: Line, station: Station, ground: Ground) -> None:
    said = _values(line)
    facts = said.pop("facts", {})
    for name in ("division", "name", "effective_on"):
        said.pop(name, None)
    day = said.get("open_on")
    differs = {
        name: value
        for name, value in said.items()
        if name != "open_on" and getattr(station, name) != value
    }
    if day is not None and str(station.open_on) != day:
        differs["open_on"] = day
    other = {name: value for name, value in facts.items() if station.facts.get(name) != value}
    if not differs and not other:
        line.outcome = Outcome.SAME
        return
    if other:
        differs["facts"] = other
    if "effective_on" in line.values:
        differs["effective_on"] = line.values["effective_on"]
    wish = ask(KIND, line, ChangeStation, differs)
    if wish is not None:
        tx.record(*change_station(station, wish, None, ground.words, tx.today))
        line.outcome = Outcome.CHANGED
