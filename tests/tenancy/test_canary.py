"""A marked person goes through the running platform; afterwards every byte it wrote is searched.

PostgreSQL's files and WAL, the broker's store, logs, metrics, answers and addresses. And erasure:
the key is gone, the list outside the backups knows it, and a restore is undone at the next start.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import orjson
import pytest

from chassis.config import PARTS
from chassis.service import open_database
from deploy.bootstrap import settings_of
from deploy.calls import Caller, door
from deploy.embedded import running
from gateway.app import GATEWAY_SERVICE
from gateway.bootstrap import add_client
from gateway.models import NewClient
from tests.conftest import WUHAN
from tests.e2e.house import eventually
from tests.tenancy.canary import Canary, search
from tests.tenancy.world import _exchanged, _leaves

CONTROL = "Sichtbar7f3a9c"
"""A word that is no secret: where it is not found, the search was blind."""
GROUND = "420102007"


@dataclass
class Flown:
    """A platform the canary went through, and all it answered."""

    run: object
    http: httpx.AsyncClient
    canary: Canary
    answers: list[httpx.Response] = field(default_factory=list)
    callers: dict[str, Caller] = field(default_factory=dict)
    referral: str = ""
    wrong: int = 0

    async def ask(self, name, method, path, body=None, **headers):
        """Ask as one of the callers, and keep the answer."""
        answer = await self.callers[name].ask(method, path, body, **headers)
        self.answers.append(answer)
        return answer

    async def admin(self, part, sql, *args):
        """Look into a database as its administrator."""
        db = await asyncpg.connect(self.run.postgres.url(part))
        try:
            return await db.fetch(sql, *args)
        finally:
            await db.close()


@pytest.fixture(scope="module")
async def flown():
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    try:
        async with running(folder / "data", demo=False) as run, door(run.base_url) as http:
            made = Flown(run, http, Canary())
            await _enter(made)
            await _refer(made)
            await _send_wrong(made)
            await _settled(made)
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _enter(f: Flown) -> None:
    """A bureau enters a station, a worker with a marked number, and a court."""
    secrets = orjson.loads((f.run.data / "operators.json").read_bytes())
    f.callers["bureau"] = Caller(
        f.http, f"{WUHAN}.policy-author", secrets[f"{WUHAN}.policy-author"]
    )
    station = {"name": CONTROL, "tier": "township", "mode": "procured", "status": "open"}
    station |= {"division": GROUND, "division_system": "nbs", "effective_on": "2022-01-01"}
    at = (await f.ask("bureau", "POST", "/stations", station)).json()["id"]
    post = {"station_id": at, "starts_on": "2022-01-01", "full_time": True, "on_station": True}
    worker = {"name": "某社工", "id_type": "resident_id", "id_number": f.canary.staff_id}
    worker |= {"phone": f.canary.staff_phone, "postings": [post | {"dispatched": True}]}
    entered = await f.ask("bureau", "POST", "/workers", worker)
    assert entered.status_code == 201, entered.text
    court = (await f.ask("bureau", "POST", "/partners", {"name": "某法院", "kind": "court"})).json()
    asks = (
        NewClient(name="canary-court", kind="court", role="partner", partner_id=court["id"]),
        NewClient(
            name="canary-worker",
            kind="worker",
            role="worker",
            station_id=at,
            worker_id=entered.json()["id"],
        ),
    )
    database = await open_database(GATEWAY_SERVICE, settings_of(f.run.env, "gateway"))
    for name, ask in zip(("court", "worker"), asks, strict=True):
        client, secret = await add_client(database, WUHAN, ask, secret=True)
        f.callers[name] = Caller(f.http, client.id, secret)
    await database.close()
    for path in ("/workers", f"/workers/{entered.json()['id']}"):
        assert (await f.ask("bureau", "GET", path)).status_code == 200


def marked(canary: Canary, number: int = 1) -> dict:
    """Return a referral of the marked person."""
    return {
        "partner_ref": f"{canary.word}民初{number}号",
        "domain": "family_violence",
        "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": GROUND,
        "subject": {
            "name": canary.name,
            "id_type": "resident_id",
            "id_number": canary.id_number,
            "phone": canary.phone,
            "address": f"{canary.word}路8号",
        },
        "narrative": f"{canary.name}夜间离家，{canary.word}",
        "attachments": [],
    }


async def _refer(f: Flown) -> None:
    """The court refers the person; worker and court write about them in every free text there is."""
    word = f.canary.word

    async def sent():
        answer = await f.ask("court", "POST", "/referrals", marked(f.canary))
        return answer if answer.status_code == 201 and answer.json()["station"] else None

    f.referral = (await eventually(sent)).json()["id"]
    path = f"/referrals/{f.referral}"
    for name, step, body in (
        ("worker", "/request-information", {"question": f"{word}?"}),
        ("court", "/supply-information", {"answer": f"{word}."}),
        ("worker", "/decline", {"reason_code": "no_capacity", "reason": word}),
        ("bureau", "/transfer", {"station_id": await _station(f), "reason": word}),
        ("court", "/withdraw", {"reason": word}),
    ):
        answer = await f.ask(name, "POST", path + step, body)
        assert answer.status_code == 200, answer.text
    for name in ("worker", "court", "bureau"):
        for at in (path, "/referrals"):
            assert (await f.ask(name, "GET", at)).status_code == 200
    assert (await f.ask("court", "GET", "/referrals/changes")).status_code == 200


async def _station(f: Flown) -> str:
    return (await f.ask("bureau", "GET", "/stations?name=" + CONTROL)).json()["items"][0]["id"]


async def _send_wrong(f: Flown) -> None:
    """The same words where they do not belong: every field, a key, a parameter, a path, a header."""
    canary, whole = f.canary, marked(f.canary, 2)
    wrong = []
    for at, _ in _leaves(whole):
        if at[-1] == "cite":
            continue  # a clause of the law, kept readable
        values = (canary.id_number, [canary.word], {canary.id_number: canary.word}, 10**11)
        wrong += [("POST", "/referrals", _exchanged(whole, at, value)) for value in values]
    for key in (canary.id_number, canary.phone, canary.word, canary.name):
        wrong.append(("POST", "/referrals", whole | {key: key}))
        wrong.append(("POST", "/referrals", whole | {"subject": whole["subject"] | {key: key}}))
    wrong += [("POST", "/referrals", body) for body in (canary.word, [canary.id_number], whole)]
    path = f"/referrals/{f.referral}"
    wrong += [
        ("POST", f"{path}/decline", {"reason_code": canary.word, "reason": canary.word}),
        ("POST", f"{path}/close", {"outcome_code": canary.word}),
        ("POST", f"{path}/accept", {canary.id_number: 1}),
        *(("GET", f"/referrals{tail}", None) for tail in (f"/{canary.word}", f"?{canary.phone}=1")),
        ("GET", f"/referrals?status={canary.word}", None),
        ("GET", f"/referrals?after={canary.word}", None),
        ("GET", f"/{canary.word}", None),
        ("PUT", f"/{canary.id_number}", whole),
    ]
    for method, at, body in wrong:
        await f.ask("court", method, at, body)
    for body in ({"id_number": canary.staff_id[:-1], "id_type": "resident_id"}, {"phone": "x"}):
        refused = await f.ask("bureau", "POST", "/workers", {"name": "某", "postings": []} | body)
        assert refused.status_code in (201, 422)
    twice = {"name": "某", "id_type": "resident_id", "id_number": canary.staff_id}
    assert (await f.ask("bureau", "POST", "/workers", twice)).status_code == 409
    raw = canary.word.encode() + b'{"name": "' + canary.name.encode()
    token = await f.callers["court"].token()
    for headers in (
        {"content-type": "application/json", "idempotency-key": "x" * 20},
        {"content-type": canary.word, "idempotency-key": "x" * 21},
        {"content-type": "application/json", "if-match": canary.word, "idempotency-key": "y"},
    ):
        f.answers.append(
            await f.http.post(
                f"/v1/{WUHAN}/referrals",
                content=raw,
                headers={"authorization": f"Bearer {token}", **headers},
            )
        )
    form = {"grant_type": canary.word, "client_id": canary.word, "client_secret": canary.word}
    f.answers.append(await f.http.post("/oauth/token", data=form))
    f.wrong = len(wrong)


async def _settled(f: Flown) -> None:
    """Wait until every event is published and heard, then let PostgreSQL write what it holds."""

    async def published():
        rows = [await f.admin(part, "SELECT 1 FROM outbox LIMIT 1") for part in PARTS]
        return not any(rows)

    async def heard():
        return await f.admin("evaluation", "SELECT 1 FROM fact WHERE kind = 'referral'")

    await eventually(published)
    await eventually(heard)
    await f.admin("casework", "CHECKPOINT")


async def test_nothing_written_anywhere_names_the_person(flown):
    found = search(flown.run.data, flown.canary.spellings())
    assert found == {}


async def test_the_search_sees_what_is_there(flown):
    found = search(flown.run.data, [CONTROL.encode(), b"casework.referral.declined"])
    parts = {Path(name).parts[0] for name in found}
    assert {"postgres", "nats"} <= parts
    assert any("pg_wal" in name for name in found)
    logged = search(flown.run.data / "logs", [b'"level"'])
    assert {f"{part}.log" for part in PARTS} <= logged.keys()


async def test_no_answer_and_no_address_says_a_word_that_was_sent(flown):
    assert flown.wrong > 60
    refused = [a for a in flown.answers if a.status_code >= 400]
    assert len(refused) > 60
    assert not [a for a in flown.answers if a.status_code >= 500]
    for answer in flown.answers:
        said = answer.text + str(answer.headers)
        assert flown.canary.found_in(said) == [], f"{answer.request.method} {answer.status_code}"


async def test_no_metric_says_a_word(flown):
    async with httpx.AsyncClient() as plain:
        for part, port in flown.run.ports.items():
            told = await plain.get(f"http://127.0.0.1:{port}/metrics")
            assert "request_seconds" in told.text, part
            assert flown.canary.found_in(told.text) == [], part


async def test_every_field_was_there_to_be_found(flown):
    """The control of the controls: who may, reads the words that were searched for; it is noted."""
    path = f"/referrals/{flown.referral}/subject"
    shown = (await flown.callers["worker"].ask("GET", path)).json()
    text = orjson.dumps(shown).decode()
    assert set(flown.canary.found_in(text)) == set(flown.canary.words()[:4])
    assert all(shown[name] for name in ("address", "partner_ref", "narrative", "answer"))
    noted = await flown.admin(
        "casework", "SELECT fields::text FROM audit WHERE action = 'person.reveal'"
    )
    assert len(noted) == 1


async def test_an_erased_person_stays_erased_when_a_backup_comes_back(flown):
    path = f"/referrals/{flown.referral}/subject"
    [row] = await flown.admin(
        "casework", "SELECT person_id::text AS id FROM referral WHERE id = $1", flown.referral
    )
    person = row["id"]
    kept = {
        table: await flown.admin("casework", f"SELECT * FROM {table} WHERE person_id = $1", person)
        for table in ("person_key", "blind_index")
    }
    assert all(kept.values())

    async def rows():
        counts = "SELECT (SELECT count(*) FROM person_key WHERE person_id = $1) + (SELECT count(*)"
        counts += " FROM blind_index WHERE person_id = $1) AS n"
        return (await flown.admin("casework", counts, person))[0]["n"]

    async def readable():
        shown = (await flown.callers["worker"].ask("GET", path)).json()
        return {n for n, v in shown.items() if v} - {"referral_id", "id_type"}

    erased = await flown.callers["bureau"].ask("POST", f"/clients/{person}/erasure", {})
    assert erased.status_code == 200, erased.text
    assert await rows() == 0
    assert await readable() == set()
    [note] = [
        line
        for line in (flown.run.data / "state" / "erased-casework.jsonl").read_text().split("\n")
        if person in line
    ]
    assert orjson.loads(note)["city"] == WUHAN

    for table, old in kept.items():  # an old backup comes back
        for each in old:
            places = ", ".join(f"${n}" for n in range(1, len(each) + 1))
            await flown.admin("casework", f"INSERT INTO {table} VALUES ({places})", *each.values())
    assert "name" in await readable()
    before = flown.run.pids["casework"]
    flown.run.kill("casework")

    async def back():
        there = flown.run.pids.get("casework") not in (before, None)
        return there and await flown.run.answers("casework")

    await eventually(back)
    assert await rows() == 0
    assert await readable() == set()
