"""What registry and procurement tell, in envelopes, for tests of those who hear it."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from chassis.events import Envelope, Event
from chassis.ids import uuid7
from chassis.packs import load_folder
from contracts.registry import (
    AgencyChanged,
    JurisdictionChanged,
    PackActivated,
    StationChanged,
    WorkerChanged,
    WorkerPosting,
)

POLICIES = Path(__file__).parent.parent / "policies"
TOLD = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


class Teller:
    """Tells events of aggregates, each at its next version."""

    def __init__(self) -> None:
        self._versions: Counter[UUID] = Counter()

    def __call__(
        self, event: Event, about: UUID, city: str = "420100", at: datetime = TOLD
    ) -> Envelope:
        self._versions[about] += 1
        return Envelope.wrap(
            event, city=city, aggregate_id=about, version=self._versions[about], time=at
        )


@cache
def shipped(code: str) -> tuple[str, str]:
    """Return version and merged text of a shipped pack."""
    sources = load_folder(POLICIES, code)
    return sources.version, sources.merged()


def pack(code: str, in_force: date = date(2021, 1, 1)) -> PackActivated:
    version, text = shipped(code)
    return PackActivated(version=version, in_force=in_force, text=text)


PARTY_LED = """
  party_led:
    subject: station
    unit: flag
    ask: {zh: 是否由党组织领导, en: "Is it led by a party organisation?"}
  rent_class:
    subject: station
    unit: tier
    ask: {zh: 场地类别, en: Which class of premises?}
  remark:
    subject: station
    unit: text
    ask: {zh: 备注, en: Remark}
  cut_ties:
    subject: district
    unit: date
    ask: {zh: 脱钩日期, en: When?}
"""
LED = """
  party-led:
    id: X-1
    cite: notice 二
    subject: station
    require: stated.party_led
    say: {zh: 党组织领导, en: led by the party}
"""
SHUT = """
  shut:
    id: X-2
    cite: notice 二
    subject: referral
    effect: {refuse: casework.referral.accept}
    require: referral.urgency == 'immediate'
    say: {zh: 只接紧急转介, en: only urgent ones}
"""


def asking(text: str, facts: str = PARTY_LED, rules: str = LED) -> str:
    """Return a merged text whose own layer asks for more facts and has more rules."""
    pack = json.loads(text)
    own = pack["layers"][-1]
    own["text"] = own["text"].replace("\nfacts:\n", f"\nfacts:{facts}", 1)
    own["text"] = own["text"].replace("\nrules:\n", f"\nrules:{rules}", 1)
    return json.dumps(pack, ensure_ascii=False)


def jurisdiction(code: str, prefix: str) -> JurisdictionChanged:
    name = {"zh": code, "en": code}
    return JurisdictionChanged(code=code, kind="city", name=name, prefixes=[prefix])


def station(station_id: UUID, division: str = "420102007", **more) -> StationChanged:
    said = {
        "station_id": station_id,
        "as_of": date(2021, 12, 1),
        "name": "一元街道社工站",
        "status": "open",
        "tier": "township",
        "mode": "procured",
        "division": division,
        "division_system": "nbs",
        "district": division[:6],
        "domains": [],
        "operator_id": None,
        "operator_since": None,
        "open_on": date(2021, 12, 1),
        "facts": {},
    }
    return StationChanged(**said | more)


def agency(agency_id: UUID, **more) -> AgencyChanged:
    said = {
        "agency_id": agency_id,
        "as_of": date(2021, 12, 1),
        "name": "某社会工作服务中心",
        "kind": "social_work",
        "status": "active",
        "registered_in": "420102",
        "business_scope": "社会工作服务",
    }
    return AgencyChanged(**said | more)


def posting(station_id: UUID, **more) -> WorkerPosting:
    said = {
        "station_id": station_id,
        "starts_on": date(2022, 1, 1),
        "ends_on": None,
        "full_time": True,
        "on_station": True,
        "dispatched": True,
    }
    return WorkerPosting(**said | more)


def worker(worker_id: UUID, *postings: WorkerPosting, **more) -> WorkerChanged:
    said = {
        "worker_id": worker_id,
        "as_of": date(2022, 1, 1),
        "status": "active",
        "employer_id": None,
        "cert": "assistant",
        "cert_on": date(2020, 10, 1),
        "education": "bachelor",
        "sw_major": True,
        "sw_years": 4.0,
        "facts": {},
        "postings": list(postings),
    }
    return WorkerChanged(**said | more)


def some_id() -> UUID:
    return uuid7()
