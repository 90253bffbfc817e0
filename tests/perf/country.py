"""A country made up for measuring: cities with a document each, stations, people who serve there.

41,352 stations and 100,000 workers in a hundred cities of 204 to 623 stations, codes generated, drawn
from one seed. Each city's document has sixteen rules on stations and three on workers.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import orjson

DAY = date(2026, 11, 20)
TOLD = datetime(2026, 11, 1, tzinfo=UTC)
ROOMS = ("office", "case", "group", "multi", "reading")
SYSTEMS = ("staff", "finance", "archives", "volunteers")
CERTS = ("none", "assistant", "social_worker", "senior")

PACK = """
pack: "{code}"
kind: city
name: {{zh: 试市, en: Trial}}
area: "{prefix}"
documents:
  plan: {{title: 试行办法, issued: 2021-07-12, in_force: 2021-07-12}}
vocabulary:
  tier: {{township: {{zh: 站}}, community: {{zh: 室}}}}
  mode: {{procured: {{zh: 购买}}, direct_hire: {{zh: 直聘}}}}
  cert: {{none: {{zh: 无}}, assistant: {{zh: 助理}}, social_worker: {{zh: 社工师}}, senior: {{zh: 高级}}}}
  room: {{{rooms}}}
  system: {{{systems}}}
  domain: {{elderly: {{zh: 老人}}, community: {{zh: 社区}}}}
parameters:
  staff_min: {{unit: person, value: {staff}, cite: plan 一}}
  certified_min: {{unit: person, value: 1, cite: plan 一}}
  office_min: {{unit: m2, value: 20, cite: plan 一}}
  rooms: {{unit: room, many: true, value: [office, case, group], cite: plan 一}}
  systems: {{unit: system, many: true, value: [staff, finance], cite: plan 一}}
  chores_max: {{unit: percent, value: 30, cite: plan 一}}
  check_months: {{unit: months, value: 12, cite: plan 一}}
rules:
"""
STATION_RULES = {
    "staffed": "station.workers.filter(w, w.full_time).size() >= param.staff_min",
    "certified": "station.workers.filter(w, w.cert != 'none').size() >= param.certified_min",
    "half-certified": "station.workers.filter(w, w.cert != 'none').size() * 2"
    " >= station.workers.size()",
    "present": "station.workers.all(w, w.on_station)",
    "dispatched": "station.workers.exists(w, w.dispatched)",
    "promised": "station.staffing_by_contract == null"
    " || station.workers.size() >= station.staffing_by_contract",
    "office": "station.office_m2 >= param.office_min",
    "apart": "station.office_independent",
    "rooms": "param.rooms.all(r, r in station.rooms)",
    "systems": "param.systems.all(s, s in station.systems)",
    "signs": "station.sign_index && station.service_window",
    "list": "station.service_list_displayed",
    "volunteers": "station.volunteers || station.brand_projects > 0",
    "brand": "station.brand_projects >= 1",
    "chores": "station.admin_hours * 100.0 <= station.all_hours * double(param.chores_max)",
    "opened": "day >= station.open_on",
}
WORKER_RULES = {
    "trained": "worker.cert != 'none' || worker.sw_major",
    "experienced": "worker.sw_years >= 2.0 || !worker.on_station",
    "checked": "worker.offence_check_on != null"
    " && day <= plus_months(worker.offence_check_on, param.check_months)",
}


@dataclass(frozen=True)
class Size:
    """How large a country."""

    stations: int = 41_352
    workers: int = 100_000
    cities: int = 100


WHOLE = Size()


@dataclass(frozen=True)
class City:
    """A city with how many stations it has."""

    code: str
    stations: int


def cities(size: Size) -> list[City]:
    """Return the cities, from half of the mean number of stations to one and a half of it."""
    weights = [0.5 + n / max(size.cities - 1, 1) for n in range(size.cities)]
    whole = sum(weights)
    numbers = [int(size.stations * weight / whole) for weight in weights]
    numbers[-1] += size.stations - sum(numbers)
    return [
        City(f"{11 + n // 50:02}{n % 50 + 10:02}00", number) for n, number in enumerate(numbers)
    ]


def pack(code: str, staff: int = 2) -> str:
    """Return a city's document, merged."""
    text = PACK.format(
        code=code,
        prefix=code[:4],
        staff=staff,
        rooms=", ".join(f"{word}: {{zh: {word}}}" for word in ROOMS),
        systems=", ".join(f"{word}: {{zh: {word}}}" for word in SYSTEMS),
    )
    for subject, rules in (("station", STATION_RULES), ("worker", WORKER_RULES)):
        for number, (name, require) in enumerate(rules.items()):
            text += f"""  {name}:
    id: {subject[0].upper()}-{number}
    cite: plan 一
    subject: {subject}
    require: "{require}"
    say: {{zh: 试行, en: trial}}
"""
    return orjson.dumps({"pack": code, "layers": [{"pack": code, "text": text}]}).decode()


def station(identity: UUID, code: str, number: int, draw: random.Random) -> dict:
    """Return a station as its event tells it."""
    return {
        "station_id": str(identity),
        "as_of": "2021-12-01",
        "name": f"试站{number}",
        "status": "open",
        "tier": "township",
        "mode": "direct_hire",
        "division": f"{code[:4]}{2 + number // 100:02}{number % 100:03}",
        "division_system": "nbs",
        "district": f"{code[:4]}{2 + number // 100:02}",
        "domains": [],
        "operator_id": None,
        "operator_since": None,
        "open_on": "2021-12-01",
        "facts": {
            "office_m2": draw.choice((15.0, 25.0, 40.0)),
            "office_independent": draw.random() < 0.9,
            "rooms": draw.sample(ROOMS, draw.randrange(2, 6)),
            "systems": draw.sample(SYSTEMS, draw.randrange(1, 5)),
            "sign_index": draw.random() < 0.9,
            "service_window": draw.random() < 0.9,
            "service_list_displayed": draw.random() < 0.8,
            "volunteers": draw.random() < 0.5,
            "brand_projects": draw.randrange(3),
            "admin_hours": float(draw.randrange(100)),
            "all_hours": 250.0,
        },
    }


def worker(identity: UUID, station_id: UUID, draw: random.Random) -> dict:
    """Return a worker as its event tells it."""
    cert = draw.choice(CERTS)
    return {
        "worker_id": str(identity),
        "as_of": "2022-01-01",
        "status": "active",
        "employer_id": None,
        "cert": cert,
        "cert_on": None if cert == "none" else "2020-10-01",
        "education": "bachelor",
        "sw_major": draw.random() < 0.5,
        "sw_years": float(draw.randrange(10)),
        "facts": {"offence_check_on": draw.choice(("2025-10-01", "2026-03-01", None))},
        "postings": [
            {
                "station_id": str(station_id),
                "starts_on": "2022-01-01",
                "ends_on": None,
                "full_time": draw.random() < 0.9,
                "on_station": True,
                "dispatched": draw.random() < 0.5,
            }
        ],
    }


async def fill(admin: asyncpg.Connection, size: Size) -> list[City]:
    """Put a country's facts into evaluation's database, as if each had been heard."""
    found = cities(size)
    draw = random.Random(20261120)
    share = size.workers / size.stations
    owed = 0.0
    for city in found:
        facts: list[tuple] = []
        related: list[tuple] = []
        for number in range(city.stations):
            there = _id(draw)
            told = station(there, city.code, number, draw)
            facts.append(_fact("station", there, told, draw))
            owed += share
            while owed >= 1:
                owed -= 1
                person = _id(draw)
                facts.append(_fact("worker", person, worker(person, there, draw), draw))
                related.append((city.code, there, "worker", person))
        await admin.execute(_FACTS, city.code, *map(list, zip(*facts, strict=True)))
        await admin.copy_records_to_table("related", records=related)
        await admin.copy_records_to_table(
            "pack_kept",
            records=[(city.code, f"{city.code}-1", date(2021, 1, 1), TOLD, pack(city.code))],
        )
        await admin.execute(_CITY, city.code, f'["{city.code[:4]}"]')
    await admin.execute("ANALYZE")
    return found


_CITY = """
INSERT INTO city_kept VALUES ('000000', $1, 'city', '{"zh": "试", "en": "x"}', $2::text::jsonb)
"""
_FACTS = """
INSERT INTO fact (city, kind, subject_id, epoch, version, valid_from, known_from, state, event_id,
                  type)
SELECT $1, r.kind, r.about, 1, 1, r.since, r.known, r.state::jsonb, r.event, r.type
  FROM unnest($2::text[], $3::uuid[], $4::date[], $5::timestamptz[], $6::text[], $7::uuid[],
              $8::text[]) AS r(kind, about, since, known, state, event, type)
"""


def _fact(kind: str, about: UUID, told: dict, draw: random.Random) -> tuple:
    since = date.fromisoformat(told["as_of"])
    state, event = orjson.dumps(told).decode(), f"registry.{kind}.changed.v1"
    return (kind, about, since, TOLD, state, _id(draw), event)


def _id(draw: random.Random) -> UUID:
    return UUID(int=draw.getrandbits(128), version=4)


def changes(draw: random.Random, known: list[tuple[UUID, dict]]) -> Iterator[tuple[UUID, dict]]:
    """Return stations in turn, each as it stands but for its office: under the minimum, or above."""
    while True:
        about, told = draw.choice(known)
        small = told["facts"]["office_m2"] < 20
        told["facts"]["office_m2"] = 25.0 if small else 15.0
        yield about, told
