"""A referral over HTTP: taken in once, routed, moved by who may, told to its partner without gaps."""

import asyncio
import json
import threading
from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from chassis import people
from chassis.ids import is_tracking_no, uuid7
from chassis.tables import Audit, BlindIndex, EventLog, Outbox, PersonKey
from contracts.evaluation import WaiverGranted
from contracts.registry import PackActivated
from services.casework.app import service
from services.casework.models import Person, Referral
from services.casework.reactions import reactions
from tests.casework.conftest import COURT, GROUND, OTHER, PATH, STATION, heard, pack
from tests.conftest import opened, who
from tests.http import actor, client
from tests.told import SHUT, asking


async def test_a_referral_is_numbered_routed_and_on_the_clock(court, ask):
    answer = await court.post(PATH, json=ask)

    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["status"] == "routed"
    assert body["station"] == {"id": str(STATION), "name": "站1"}
    assert [b["code"] for b in body["routed_because"]] == ["jurisdiction", "domain"]
    assert body["reply_by"] == "2026-11-21T11:00:00+08:00"
    assert body["reply_by_provisional"] is False
    assert body["tracking_no"].startswith("420100-261120-")
    assert is_tracking_no(body["tracking_no"])
    assert answer.headers["location"] == f"{PATH}/{body['id']}"
    assert answer.headers["etag"] == '"1"'


async def test_a_retry_sends_once_and_gets_the_same_bytes(court, casework, ask):
    key = {"idempotency-key": "a"}
    answers = await asyncio.gather(*(court.post(PATH, json=ask, headers=key) for _ in range(8)))

    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    async with casework.begin(who()) as tx:
        assert await tx.count(Referral) == 1
        assert await tx.count(EventLog) == 1
        assert await tx.count(Outbox) == 1
        assert await tx.count(Person) == 1


async def test_a_transition_sent_again_gets_the_same_bytes(court, worker, casework, ask):
    at = f"{PATH}/{(await court.post(PATH, json=ask)).json()['id']}/accept"
    key = {"idempotency-key": "a"}

    first = await worker.post(at, json={}, headers=key)
    again = await worker.post(at, json={}, headers=key)

    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replay"] == "true"
    assert (await worker.post(at, json={})).json()["type"] == "/problems/wrong-status"
    async with casework.begin(who()) as tx:
        assert await tx.count(EventLog) == 2


async def test_a_key_is_bound_to_its_request_and_to_its_client(court, women, ask):
    key = {"idempotency-key": "a"}
    first = await court.post(PATH, json=ask, headers=key)
    other = await court.post(PATH, json=ask | {"narrative": "x"}, headers=key)
    hers = await women.post(PATH, json=ask, headers=key)

    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    assert hers.status_code == 201
    assert hers.json()["id"] != first.json()["id"]


async def test_a_key_is_bound_to_its_bytes_and_not_to_their_meaning(court, ask):
    as_json = {"content-type": "application/json", "idempotency-key": "a"}
    odd = json.dumps(ask, indent=3, ensure_ascii=False).encode()
    first, again, other = [
        await court.post(PATH, content=body, headers=as_json)
        for body in (odd, odd, json.dumps(ask).encode())
    ]

    assert (first.status_code, again.content) == (201, first.content)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_a_reference_is_taken_for_ever_and_names_the_first(court, ask):
    first = (await court.post(PATH, json=ask)).json()
    second = await court.post(PATH, json=ask)

    assert (second.status_code, second.json()["type"]) == (409, "/problems/duplicate-reference")
    assert second.json()["first"]["tracking_no"] == first["tracking_no"]


async def test_twenty_at_once_with_one_reference_are_one_referral(court, casework, ask):
    answers = await asyncio.gather(*(court.post(PATH, json=ask) for _ in range(20)))

    assert sorted(a.status_code for a in answers) == [201] + [409] * 19
    assert all("first" in a.json() for a in answers if a.status_code == 409)
    async with casework.begin(who()) as tx:
        assert await tx.count(Referral) == 1


@pytest.mark.parametrize(
    ("change", "at", "code"),
    [
        ({"urgency": "soon"}, "/urgency", "literal_error"),
        ({"domain": "astrology"}, "/domain", "unknown-term"),
        ({"colour": "red"}, "/colour", "extra_forbidden"),
        (
            {
                "subject": {
                    "name": "王",
                    "id_type": "resident_id",
                    "id_number": "110105194912310021",
                }
            },
            "/subject",
            "id-checksum",
        ),
        ({"division": "999999999"}, "/division", "unknown-division"),
        ({"division_name": "六工镇"}, "/division_name", "division-name-mismatch"),
    ],
)
async def test_what_is_wrong_is_named_by_its_place_and_never_repeated(court, ask, change, at, code):
    answer = await court.post(PATH, json=ask | change)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(e["at"], e["code"]) for e in answer.json()["errors"]] == [(at, code)]
    assert "110105194912310021" not in answer.text
    assert "astrology" not in answer.text


async def test_a_partner_reads_its_own_feed_in_order_and_without_gaps(court, women, worker, ask):
    mine = (await court.post(PATH, json=ask)).json()
    hers = (await women.post(PATH, json=ask)).json()
    await worker.post(f"{PATH}/{mine['id']}/accept", json={})
    await worker.post(
        f"{PATH}/{hers['id']}/decline", json={"reason_code": "no_capacity", "reason": "满"}
    )

    first = (await court.get(f"{PATH}/changes?limit=1")).json()
    second = (await court.get(f"{PATH}/changes?after={first['next']}")).json()
    empty = (await court.get(f"{PATH}/changes?after={second['next']}")).json()
    other = (await women.get(f"{PATH}/changes")).json()

    seen = first["items"] + second["items"]
    assert [(c["position"], c["sequence"], c["status"]) for c in seen] == [
        (1, 1, "routed"),
        (2, 2, "accepted"),
    ]
    assert empty == {"items": [], "next": second["next"]}
    assert [(c["position"], c["status"], c["reason_code"]) for c in other["items"]] == [
        (1, "routed", None),
        (2, "declined", "no_capacity"),
    ]


async def test_the_word_of_a_person_is_masked_and_a_showing_is_audited(
    court, worker, bureau, casework, ask
):
    sent = (await court.post(PATH, json=ask)).json()

    masked = (await worker.get(f"{PATH}/{sent['id']}")).json()["subject"]
    hidden = (await bureau.get(f"{PATH}/{sent['id']}")).json()["subject"]
    plain = (await worker.get(f"{PATH}/{sent['id']}/subject")).json()
    refused = await bureau.get(f"{PATH}/{sent['id']}/subject")

    assert masked == {
        "name": "王*",
        "id_type": "resident_id",
        "id_number": "110*************2X",
        "phone": "138****8000",
    }
    assert hidden is None, "a sensitive referral opens to its own people only"
    assert (plain["name"], plain["narrative"]) == ("王小明", "夜间从家中离开")
    assert refused.status_code == 403
    async with casework.begin(who()) as tx:
        shown = [a for a in await tx.find(Audit) if a.action == "person.reveal"]
    assert [(str(a.object_id), a.subject) for a in shown] == [(sent["id"], "420100.worker")]
    assert "name" in shown[0].fields


async def test_nobody_is_shown_whole_while_the_showing_cannot_be_noted(
    court, worker, casework, postgres, ask
):
    sent = (await court.post(PATH, json=ask)).json()
    async with casework.begin(who()) as tx:
        name = (await tx.fetch("SELECT current_database() AS name"))[0]["name"]
    admin = await asyncpg.connect(postgres.url(name))
    await admin.execute("ALTER TABLE audit RENAME TO lost")
    await admin.close()

    answer = await worker.get(f"{PATH}/{sent['id']}/subject")

    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "王小明" not in answer.text


async def test_what_is_another_stations_or_partners_is_as_absent(court, women, casework, ask):
    sent = (await court.post(PATH, json=ask)).json()
    stranger = actor("worker", station_id=OTHER)
    async with client(service, casework, stranger) as other:
        foreign = await other.get(f"{PATH}/{sent['id']}")
        absent = await other.get(f"{PATH}/{uuid4()}")
        moved = await other.post(f"{PATH}/{sent['id']}/accept", json={})
        listed = (await other.get(PATH)).json()
    hers = await women.get(f"{PATH}/{sent['id']}")
    taken = await women.post(f"{PATH}/{sent['id']}/withdraw", json={"reason": "x"})

    def told(answer):
        return answer.status_code, {**answer.json(), "trace_id": None}

    assert told(foreign) == told(absent) == told(hers)
    assert moved.status_code == taken.status_code == 404
    assert listed == {"next": None, "items": []}


async def test_another_citys_path_answers_the_same_whatever_it_is(court, ask):
    sent = (await court.post(PATH, json=ask)).json()
    answers = [
        await court.get(f"/v1/330100/{rest}")
        for rest in (f"referrals/{sent['id']}", "referrals", "nonsense", "")
    ]

    assert {a.status_code for a in answers} == {403}
    assert len({a.text.replace(a.json()["trace_id"], "") for a in answers}) == 1


async def test_the_clock_waits_while_the_partner_is_asked(court, worker, casework, ask, now):
    sent = (await court.post(PATH, json=ask)).json()
    await worker.post(f"{PATH}/{sent['id']}/request-information", json={"question": "地址?"})
    object.__setattr__(casework, "clock", lambda: now.replace(hour=7))
    back = await court.post(f"{PATH}/{sent['id']}/supply-information", json={"answer": "在"})

    assert back.json()["status"] == "routed"
    seen = (await worker.get(f"{PATH}/{sent['id']}")).json()
    assert seen["reply_by"] == "2026-11-21T07:00:00Z", "four hours of waiting came back"


async def test_a_change_seen_too_late_is_stale_and_a_wrong_step_names_the_right_ones(
    court, worker, ask
):
    sent = (await court.post(PATH, json=ask)).json()
    at = f"{PATH}/{sent['id']}"
    old = {"if-match": '"1"'}
    assert (await worker.post(f"{at}/accept", json={}, headers=old)).status_code == 200

    stale = await worker.post(f"{at}/start", json={}, headers=old)
    wrong = await worker.post(f"{at}/close", json={"outcome_code": "resolved"})

    assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')
    assert (wrong.status_code, wrong.json()["type"]) == (409, "/problems/wrong-status")
    assert wrong.json()["allowed"] == ["request-information", "start", "transfer", "withdraw"]


async def test_an_erased_person_is_unreadable_and_noted_outside(
    court, worker, bureau, casework, ask, monkeypatch
):
    note, noted_by = people.note_erased, []

    def noted(*given):
        noted_by.append(threading.current_thread())
        note(*given)

    monkeypatch.setattr(people, "note_erased", noted)
    sent = (await court.post(PATH, json=ask)).json()
    person = (await bureau.get(f"{PATH}/{sent['id']}")).json()["person_id"]
    assert (await court.get(f"{PATH}/{sent['id']}")).json()["person_id"] is None

    erased = await bureau.post(f"/v1/420100/clients/{person}/erasure", json={})

    assert erased.status_code == 200
    shown = (await worker.get(f"{PATH}/{sent['id']}/subject")).json()
    assert (shown["name"], shown["id_number"], shown["narrative"]) == (None, None, None)
    async with casework.begin(who()) as tx:
        assert await tx.count(PersonKey) == await tx.count(BlindIndex) == 0
    assert str(person) in casework.erased.read_text()
    assert threading.main_thread() not in noted_by, "nobody else waits for the disk"


async def test_no_pack_no_intake(fresh, postgres, vault, ask):
    async with opened(postgres, await fresh("casework"), "casework", vault) as empty:
        await reactions.deliver([], empty)
        async with client(service, empty, actor("partner", partner_id=COURT)) as court:
            answer = await court.post(PATH, json=ask)
            named = await court.post(PATH, json=ask | {"division_system": "nbs"})

    assert answer.status_code == 503, "which code system is the city's, its pack says"
    assert named.status_code == 422, "the partner itself is not known yet"
    assert answer.headers["retry-after"] == "1"


async def test_queries_and_bodies_that_are_not_asked_for_are_refused(court, ask):
    unknown = await court.get(f"{PATH}?colour=red")
    nokey = await court.post(PATH, json=ask, headers={"idempotency-key": ""})
    text = await court.post(PATH, content=b"x", headers={"content-type": "text/plain"})
    broken = await court.post(PATH, content=b"{", headers={"content-type": "application/json"})
    large = await court.post(
        PATH, content=b"[" * (1 << 20) + b"]", headers={"content-type": "application/json"}
    )
    method = await court.delete(PATH)

    assert [
        (a.status_code, a.json()["type"]) for a in (unknown, nokey, text, broken, large, method)
    ] == [
        (400, "/problems/unknown-parameter"),
        (400, "/problems/idempotency-key-missing"),
        (415, "/problems/unsupported-media-type"),
        (400, "/problems/malformed"),
        (413, "/problems/too-large"),
        (405, "/problems/method-not-allowed"),
    ]
    assert GROUND not in unknown.text
    assert uuid7()


async def test_of_an_erased_person_what_happens_is_kept_and_words_are_not(
    court, worker, bureau, ask
):
    sent = (await court.post(PATH, json=ask)).json()
    person = (await bureau.get(f"{PATH}/{sent['id']}")).json()["person_id"]
    await bureau.post(f"/v1/420100/clients/{person}/erasure", json={})

    declined = await worker.post(
        f"{PATH}/{sent['id']}/decline", json={"reason_code": "other", "reason": "此人已搬走"}
    )

    assert (declined.status_code, declined.json()["status"]) == (200, "declined")
    shown = (await worker.get(f"{PATH}/{sent['id']}/subject")).json()
    assert shown["reason"] is None
    assert (await court.get(f"{PATH}/changes")).json()["items"][-1]["reason_code"] == "other"


async def test_a_waiver_opens_the_gate_a_city_has_put_before_accepting(
    casework, court, worker, ask
):
    kept, waiver = pack("420100"), uuid7()
    text = asking(kept.text, rules=SHUT)
    shut = PackActivated(version="shut", in_force=date(2025, 1, 1), text=text)
    await reactions.deliver([heard(shut, uuid7())], casework)
    at = f"{PATH}/{(await court.post(PATH, json=ask)).json()['id']}/accept"
    refused = await worker.post(at, json={})
    granted = WaiverGranted(
        waiver_id=waiver,
        rule="shut",
        subject_kind="station",
        subject_id=str(STATION),
        starts_on=date(2026, 1, 1),
        until=date(2026, 12, 31),
        reason_code="pilot",
        granted_by="420100.city-bureau-1",
    )
    await reactions.deliver([heard(granted, waiver)], casework)

    opened = await worker.post(at, json={})

    assert [r["id"] for r in refused.json()["rules"]] == ["shut"]
    assert opened.status_code == 200, opened.text
