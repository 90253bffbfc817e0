"""What a city does in its first days: every operation once, each answered well."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
from joserfc.jwk import OKPKey

from services.evaluation.judging import catch_up
from services.registry.routes.history import KINDS
from tests import told
from tests.conftest import WUHAN
from tests.tenancy.story_staff import staff
from tests.tenancy.world import PLATFORM, Deed, House, Operation, Town, operations

KEY = OKPKey.generate_key("Ed25519", {"kid": "one"}).as_dict(private=False)
DAYS = {"starts_on": "2026-01-10", "ends_on": "2027-01-09"}


class Story:
    """Asks for a town, and keeps what was asked."""

    def __init__(self, house: House, town: Town) -> None:
        self.house, self.town = house, town
        self.operations: dict[str, Operation] = operations()

    async def do(
        self,
        actor: Any,
        name: str,
        path: Any = None,
        body: Any = None,
        *,
        match=None,
        also="",
        **query,
    ) -> httpx.Response:
        """Ask, and see that it is answered well."""
        one = self.operations[name]
        said = {key: str(value) for key, value in (path or {}).items()}
        deed = Deed(
            one,
            actor,
            {"city": actor.city} | said,
            query,
            body,
            key=f"{name}-{also}-{self.town.code}",
        )
        key = "" if (name, also) in self.town.deeds else deed.key
        answer = await self.house.ask(actor, deed, key=key, match=match)
        assert answer.is_success, f"{name}: {answer.status_code} {answer.text}"
        if key:
            self.town.deeds[name, also] = deed
        return answer

    async def id(self, *asked: Any, **more: Any) -> str:
        """Ask, and return the id of what was made."""
        return str((await self.do(*asked, **more)).json()["id"])


def pack(prefix: str) -> str:
    """Return a document under a city's code: Wuhan's, its places renamed."""
    return told.asking(told.shipped(WUHAN)[1]).replace("4201", prefix)


async def live(house: House, town: Town, admin: Any) -> None:
    """Live through a city's first days."""
    story = Story(house, town)
    do, near, far = story.do, f"{town.prefix}02007", f"{town.prefix}03007"
    author, bureau = town.actor("city_bureau", "author"), town.actor("city_bureau")
    town.own |= {"city_bureau": bureau}
    name = {"zh": f"{town.marker}市", "en": town.marker}
    serve = {"code": town.code, "kind": "city", "name": name, "prefixes": [town.prefix]}
    await do(admin, "post_jurisdiction", None, serve)
    await do(admin, "get_jurisdiction", {"code": town.code})
    await do(admin, "patch_jurisdiction", {"code": town.code}, {"kind": "city"}, match=1)
    drafted = await do(author, "post_pack", None, {"layers": pack(town.prefix), "note": "x"})
    version = {"version": drafted.json()["version"]}
    await do(bureau, "post_approval", version, {"in_force": "2021-01-01"})
    for known in (
        "get_packs",
        "get_policy",
        "get_policy_rules",
        "get_policy_vocabulary",
        "get_city",
    ):
        await do(bureau, known)
    for known in ("get_divisions", "get_cities"):
        await do(bureau, known)
    await do(bureau, "get_pack", version)
    await do(bureau, "get_division", {"code": near})
    await do(bureau, "get_division_history", {"code": near})
    await bodies(story, bureau, near, far)
    await house.tell(PLATFORM, town.code)
    await pasts(story, bureau)
    await contracts(story, bureau)
    await house.tell(town.code)
    await referrals(story, bureau, near, far)
    await house.tell(town.code)
    await verdicts(story, bureau)
    await callers(story, bureau)
    for role in ("supervisor", "evaluator", "auditor", "public"):
        town.own[role] = town.actor(role)


async def bodies(story: Story, bureau: Any, near: str, far: str) -> None:
    """Enter agencies, partners, stations and people, two of each."""
    town, do, make = story.town, story.do, story.id
    found: dict[str, list[str]] = {"agency": [], "partner": [], "station": [], "worker": []}
    found["unit"] = []
    for n, (ground, credit) in enumerate(((near, "52420100MJH000000R"), (far, CREDIT))):
        agency = {
            "name": f"{town.marker}中心{n}",
            "kind": "social_work",
            "credit_code": credit,
            "registered_in": ground[:6],
            "business_scope": "社会工作服务",
        }
        found["agency"].append(await make(bureau, "post_agency", None, agency))
        partner = {"name": f"{town.marker}法院{n}", "kind": "court"}
        partner["client_id"] = f"{town.code}.court-{n}"
        found["partner"].append(await make(bureau, "post_partner", None, partner))
        station = {
            "name": f"{town.marker}站{n}",
            "tier": "township",
            "mode": "procured",
            "status": "open",
            "division": ground,
            "division_system": "nbs",
            "open_on": "2021-12-01",
            "effective_on": "2021-12-01",
        }
        unit = {"name": f"{town.marker}开发区{n}", "kind": "development_zone"}
        unit |= {"division": ground[:6], "division_system": "nbs", "covers": [ground]}
        found["unit"].append(await make(bureau, "post_unit", None, unit))
        station |= {"unit_id": found["unit"][n], "agency_id": found["agency"][n]}
        station |= {"serves": [ground]}
        found["station"].append(await make(bureau, "post_station", None, station))
        post = {"station_id": found["station"][n], "starts_on": "2022-01-01", "full_time": False}
        post |= {"on_station": True, "dispatched": True}
        worker = {
            "name": f"{town.marker}工{n}",
            "id_type": "resident_id",
            "id_number": ("11010519491231002X", "440524198001010013")[n],
            "phone": "13800138000",
            "employer_id": found["agency"][n],
            "cert": "assistant",
            "cert_on": "2020-10-01",
            "postings": [post],
        }
        found["worker"].append(await make(bureau, "post_worker", None, worker))
    first = {f"{kind}_id": ids[0] for kind, ids in found.items()}
    second = {f"{kind}_id": ids[1] for kind, ids in found.items()}
    town.private |= {first["station_id"], first["worker_id"]}
    people(town, first, near, town.own)
    people(town, second, far, town.other)
    for kind, plural in (("agency", "agencies"), ("partner", "partners"), ("station", "stations")):
        await do(bureau, f"get_{kind}", {f"{kind}_id": first[f"{kind}_id"]})
        await do(bureau, f"get_{plural}")
    one = {"worker_id": first["worker_id"]}
    await do(bureau, "get_worker", one)
    await people_of(story, bureau, first)
    await dues(story, bureau, first, near)
    await do(bureau, "put_agency", {"agency_id": first["agency_id"]}, agency_again(story), match=3)
    put = {"name": f"{town.marker}院", "kind": "court", "client_id": f"{town.code}.court-9"}
    await do(bureau, "put_partner", {"partner_id": first["partner_id"]}, put, match=3)
    await network(story, bureau, found)
    changed = {"name": f"{town.marker}站", "effective_on": "2022-01-01"}
    changed |= {"unit_id": found["unit"][0], "agency_id": found["agency"][0]}
    leader = {"role": "head", "worker_id": found["worker"][0]}
    changed |= {"profile": {"leadership": [leader]}}
    await do(bureau, "patch_station", {"station_id": first["station_id"]}, changed, match=1)
    employer = {"employer_id": first["agency_id"], "effective_on": "2023-01-01"}
    await do(bureau, "patch_worker", one, employer, match=1)
    post = {"station_id": first["station_id"], "starts_on": "2026-01-01", "full_time": False}
    post |= {"on_station": True, "dispatched": False}
    posted = await do(bureau, "post_posting", one, post)
    posting = one | {"posting_id": posted.json()["postings"][-1]["id"]}
    await do(bureau, "patch_posting", posting, {"ends_on": "2027-01-01"}, match=3)
    await staff(story, bureau, first)


async def pasts(story: Story, bureau: Any) -> None:
    """Look back at every kind of record."""
    for kind in KINDS:
        shown = story.town.deeds[f"get_{kind.name}", ""].path
        record = {"record_id": shown[f"{kind.name}_id"]}
        await story.do(bureau, f"get_{kind.name}_history", record)
        await story.do(bureau, f"get_{kind.name}_state", record)


async def dues(story: Story, bureau: Any, first: dict[str, str], near: str) -> None:
    """Set a target, file a plan, charge a department."""
    do, make, area = story.do, story.id, {"division": near[:6]}
    target = {"kind": "coverage", "year": 2023, "due_on": "2023-12-31", "amount": 100}
    filing = {"kind": "build_plan", "filer": "station", "receiver": "bureau"}
    filing |= {"station_id": first["station_id"]}
    duty = {"department": "court", "what": "x", "partner_id": first["partner_id"]}
    for kind, plural, ask in (
        ("target", "targets", target | area | {"unit": "percent"}),
        ("filing", "filings", filing | area),
        ("duty", "duties", duty | area),
    ):
        one = {f"{kind}_id": await make(bureau, f"post_{kind}", None, ask)}
        story.town.private |= set(one.values())
        await do(bureau, f"get_{kind}", one)
        more = {"partner_id": first["partner_id"]} if kind == "duty" else {}
        more |= {"station_id": first["station_id"]} if kind == "filing" else {}
        await do(bureau, f"get_{plural}", **more)
        await do(bureau, f"put_{kind}", one, ask | {"note": "x"}, match=1)


async def people_of(story: Story, bureau: Any, first: dict[str, str]) -> None:
    """Look for workers; enter a person of an agency and of a partner, and end their offices."""
    serves = {"station_id": first["station_id"], "employer_id": first["agency_id"]}
    await story.do(bureau, "get_workers", **serves)
    await story.do(bureau, "post_worker_search", None, {"q": story.town.marker} | serves)
    person = {"role": "contact", "name": f"{story.town.marker}人", "phone": "13800138000"}
    person |= {"id_type": "resident_id", "id_number": "11010519491231002X"}
    for kind in ("agency", "partner"):
        body = {f"{kind}_id": first[f"{kind}_id"]}
        made = await story.id(bureau, f"post_{kind}_officer", body, person)
        await story.do(bureau, f"get_{kind}_officers", body)
        office = body | {"officer_id": made}
        over = {"ends_on": "2026-01-01"}
        await story.do(bureau, f"patch_{kind}_officer", office, over, match=2)


async def network(story: Story, bureau: Any, found: dict[str, list[str]]) -> None:
    """Link what was entered, and look at it."""
    town, do, make = story.town, story.do, story.id
    own = found["station"][0]
    link = {"kind": "dispatches", "from_kind": "agency", "from_id": found["agency"][0]}
    link |= {"to_kind": "station", "to_id": own, "starts_on": "2022-01-01"}
    one = {"link_id": await make(bureau, "post_link", None, link)}
    unit = {"unit_id": found["unit"][0]}
    town.private |= {one["link_id"], unit["unit_id"]}
    await do(bureau, "get_link", one)
    await do(bureau, "get_links", of=own)
    await do(bureau, "patch_link", one, {"ends_on": "2026-01-01"}, match=1)
    await do(bureau, "get_unit", unit)
    await do(bureau, "get_units")
    await do(bureau, "get_stations", also="unit", unit_id=unit["unit_id"])
    said = town.deeds["post_unit", ""].body | {"parent_id": found["unit"][1]}
    await do(bureau, "post_unit", None, said, also="inner")
    await do(bureau, "put_unit", unit, said, match=1)
    leader = {"role": "head", "worker_id": found["worker"][0]}
    led = town.deeds["post_station", ""].body | {"profile": {"leadership": [leader]}}
    town.private.add(await make(bureau, "post_station", None, led, also="led"))


CREDIT = "52330100MJH0000007"


def agency_again(story: Story) -> dict[str, Any]:
    """Return what was said of the first agency, with another scope."""
    said = story.town.deeds["post_agency", ""].body
    return said | {"business_scope": "社会工作服务与培训"}


def people(town: Town, ids: dict[str, str], ground: str, into: dict[str, Any]) -> None:
    """Make the actors whose reach is what these ids name."""
    far = "" if into is town.own else "-2"
    held = {name: UUID(value) for name, value in ids.items()}
    at = {"station_id": held["station_id"], "worker_id": held["worker_id"]}
    into["partner"] = town.actor("partner", f"partner{far}", partner_id=held["partner_id"])
    into["agency"] = town.actor("agency", f"agency{far}", agency_id=held["agency_id"])
    into["worker"] = town.actor("worker", f"worker{far}", **at)
    into["station_head"] = replace(
        town.actor("station_head", f"head{far}"), station_id=held["station_id"]
    )
    into["township"] = town.actor("township", f"township{far}", division=ground)
    into["district_bureau"] = town.actor("district_bureau", f"district{far}", division=ground[:6])


async def contracts(story: Story, bureau: Any) -> None:
    """Sign, renew and end."""
    town, do, make = story.town, story.do, story.id
    own = town.own
    wish = {
        "station_id": str(own["worker"].station_id),
        "agency_id": str(own["agency"].agency_id),
        "purchaser": {"name": f"{town.marker}街道办事处", "kind": "township"},
        "signed_on": "2026-01-05",
        **DAYS,
        "price": {"amount": 30_000_000, "currency": "CNY"},
        "budget_secured": True,
        "terms": ["staff", "content", "goals", "funds", "supervision", "evaluation"],
        "staffing": 3,
        "takeover_plan_on": "2026-01-04",
        "payer_is_purchaser": True,
        "evaluator_provides_service": False,
    }
    first = await make(bureau, "post_contract", None, wish, also="first")
    graded = [
        {"kind": kind, "day": "2026-11-01", "grade": "excellent"} for kind in ("midterm", "final")
    ]
    renewed = wish | {"signed_on": "2026-11-10", "starts_on": "2027-01-10", "ends_on": "2028-01-09"}
    renewed |= {"renewal_of": first, "prior_evaluations": graded, "takeover_plan_on": "2026-11-09"}
    second = await make(bureau, "post_contract", None, renewed)
    town.private |= {first, second}
    await do(bureau, "get_contract", {"contract_id": first})
    asked = {"station_id": wish["station_id"], "agency_id": wish["agency_id"]}
    await do(bureau, "get_contracts", **asked)
    ended = {"ended_on": "2027-06-30", "reason_code": "agreed"}
    await do(bureau, "post_end", {"contract_id": second}, ended)


async def referrals(story: Story, bureau: Any, near: str, far: str) -> None:
    """Refer people, and let every transition happen."""
    town, do, make = story.town, story.do, story.id
    court, worker = town.own["partner"], town.own["worker"]

    async def refer(n: int, partner: Any = court, ground: str = near) -> dict[str, str]:
        ask = {
            "partner_ref": f"{town.marker}民初{n}号",
            "domain": "elderly",
            "urgency": "hours_24",
            "legal_basis": {"kind": "statute", "cite": "第十四条"},
            "division": ground,
            "subject": {"name": f"{town.marker}人", "id_type": "none", "phone": "13800138000"},
            "narrative": f"{town.marker}的事",
            "attachments": [],
        }
        return {"referral_id": await make(partner, "post_referral", None, ask)}

    accepted, declined, asked, moved, withdrawn = [await refer(n) for n in range(5)]
    await refer(5, town.other["partner"], far)
    town.private |= {each["referral_id"] for each in (accepted, declined, asked, moved, withdrawn)}
    await do(worker, "get_referral", accepted)
    await do(worker, "get_referrals", station_id=str(worker.station_id))
    await do(court, "get_changes")
    await do(worker, "get_subject", accepted)
    await do(worker, "post_accept", accepted, {})
    await do(worker, "post_start", accepted, {})
    await do(worker, "post_close", accepted, {"outcome_code": "improved"})
    reason = {"reason_code": "no_capacity", "reason": f"{town.marker}因"}
    await do(worker, "post_decline", declined, reason)
    await do(worker, "post_request_information", asked, {"question": f"{town.marker}？"})
    await do(court, "post_supply_information", asked, {"answer": f"{town.marker}。"})
    there = {"station_id": str(worker.station_id), "reason": f"{town.marker}因"}
    await do(bureau, "post_transfer", moved, there)
    await do(court, "post_withdraw", withdrawn, {"reason": f"{town.marker}因"})
    await do(worker, "get_load", {"station_id": worker.station_id})
    person = await story.house.person_of(town.code, withdrawn["referral_id"])
    await do(bureau, "post_erasure", {"person_id": person}, {})


async def verdicts(story: Story, bureau: Any) -> None:
    """Ask for verdicts on a station, a worker and a contract."""
    town, do = story.town, story.do
    worker = town.own["worker"]
    contract = town.deeds["get_contract", ""].path["contract_id"]
    await catch_up(story.house.databases["evaluation"], town.code)
    for kind, at in (
        ("station", worker.station_id),
        ("worker", worker.worker_id),
        ("contract", contract),
    ):
        await do(bureau, "get_compliance", also=kind, subject=f"{kind}:{at}")
        await do(bureau, "get_verdicts_of", {"subject": f"{kind}:{at}"}, also=kind)
        await do(bureau, "post_what_if", None, {"subject": f"{kind}:{at}"}, also=kind)
    await do(bureau, "get_verdicts")
    await stated(story, bureau, f"station:{worker.station_id}")
    await do(bureau, "get_coverage")
    await do(bureau, "get_deadlines")
    await do(bureau, "get_overview", {"station_id": worker.station_id})


async def stated(story: Story, bureau: Any, subject: str) -> None:
    """Waive a rule and answer for a fact, and take both back."""
    town, do, make = story.town, story.do, story.id
    wish = {
        "subject": subject,
        "rule": "full-time",
        "starts_on": "2026-01-01",
        "until": "2027-01-01",
        "reason_code": "transition",
        "why": f"{town.marker}因",
    }
    waiver = {"waiver_id": await make(bureau, "post_waiver", None, wish)}
    fact = {"subject": subject, "name": "party_led", "value": True, "holds_from": "2026-01-01"}
    fact |= {"proof": f"{town.marker}因"}
    head = town.own["station_head"]
    one = {"attestation_id": await make(head, "post_attestation", None, fact)}
    town.private |= {*waiver.values(), *one.values()}
    await do(bureau, "get_waiver", waiver)
    await do(bureau, "get_waivers", subject=subject)
    await do(bureau, "get_attestation", one)
    await do(bureau, "get_attestations", subject=subject)
    await do(bureau, "get_attestation_form", subject=subject)
    await do(bureau, "post_revoke_waiver", waiver, {"on": "2026-10-01"})
    await do(head, "post_revoke_attestation", one)


async def callers(story: Story, bureau: Any) -> None:
    """Register programs that may call."""
    town, do, make = story.town, story.do, story.id
    reach = {
        "partner_id": str(town.own["partner"].partner_id),
        "station_id": str(town.own["worker"].station_id),
        "worker_id": str(town.own["worker"].worker_id),
        "agency_id": str(town.own["agency"].agency_id),
    }
    wish = {"name": "court-1", "kind": "court", "role": "partner", "keys": [KEY], **reach}
    client = {"client_id": await make(bureau, "post_client", None, wish)}
    await do(bureau, "list_clients")
    await do(bureau, "get_client", client)
    await do(bureau, "post_keys", client, {"keys": [KEY]})
    await do(bureau, "post_deactivate", client)
