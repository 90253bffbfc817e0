"""What operations do with events: send them again, see what was forgotten or not taken in."""

from datetime import date
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats import connect as nats_connect

from chassis import bus
from chassis.events import Envelope, subject_of
from contracts.procurement import ContractEnded
from deploy import events
from deploy.forgotten import forgotten
from tests.conftest import NOW

WUHAN, HANGZHOU = "420100", "330100"


@pytest.fixture
async def owner(fresh, postgres, monkeypatch, tmp_path):
    """A procurement's database and its environment; returns a connection as its owner."""
    name = await fresh("procurement")
    settings = {
        "SHEGONG_DATABASE_URL_PROCUREMENT": postgres.url(name, "procurement_runtime"),
        "SHEGONG_RELAY_DATABASE_URL_PROCUREMENT": postgres.url(name, "procurement_relay"),
        "SHEGONG_NATS_URL_PROCUREMENT": "nats://127.0.0.1:1",
        "SHEGONG_LISTEN_PROCUREMENT": "127.0.0.1:0",
        "SHEGONG_JWKS": str(tmp_path / "jwks.json"),
        "SHEGONG_VAULT": str(tmp_path / "vault.json"),
        "SHEGONG_STATE": str(tmp_path),
        "SHEGONG_ISSUER": "test",
    }
    for setting, value in settings.items():
        monkeypatch.setenv(setting, value)
    one = await asyncpg.connect(
        postgres.url(name, "procurement_migrator"), server_settings={"role": "procurement_owner"}
    )
    yield one
    await one.close()


async def happened(owner, city, at):
    await owner.execute(
        "INSERT INTO event_log (city, agg_type, agg_id, epoch, version, event_id, type, body,"
        " client, subject, purpose, at) VALUES ($1, 'contract', $2, 1, 1, $3,"
        " 'procurement.contract.signed.v1', '{}', 'c', 's', 'p', $4::text::timestamptz)",
        *(city, uuid4(), uuid4(), at),
    )


async def died(owner, city=WUHAN) -> UUID:
    letter = uuid4()
    await owner.execute(
        "INSERT INTO dead_letter (city, id, consumer, agg_type, event, reason, at)"
        " VALUES ($1, $2, 'procurement', 'registry.station.changed.v1', 'no json', 'unreadable',"
        " now())",
        *(city, letter),
    )
    return letter


async def test_events_are_sent_again_by_city_and_by_time(owner):
    await happened(owner, WUHAN, "2026-01-01 00:00+00")
    await happened(owner, WUHAN, "2026-03-01 00:00+00")
    await happened(owner, HANGZHOU, "2026-03-01 00:00+00")
    since = await owner.fetchval("SELECT '2026-02-01 00:00+00'::timestamptz")

    assert await events.resend("procurement", WUHAN, since) == 1
    assert await events.resend("procurement", None, None) == 2  # the one that waits is not doubled
    assert await owner.fetchval("SELECT count(*) FROM outbox") == 3


async def test_dead_letters_of_every_city_are_listed_with_their_reason(owner):
    letters = {str(await died(owner, city)) for city in (WUHAN, HANGZHOU)}

    found = await events.dead_letters(["procurement"])
    assert {words[3] for words in found} == letters
    assert {words[-1] for words in found} == {"unreadable"}


async def test_a_letter_that_still_cannot_be_read_stays_and_says_so(owner):
    letter = await died(owner)

    [(found, outcome)] = await events.replay("procurement", None)
    assert (found, outcome.split(":")[0]) == (letter, "still dead")
    assert await owner.fetchval("SELECT count(*) FROM dead_letter") == 1


async def test_a_letter_can_be_left_out_for_ever(owner):
    letter = await died(owner)

    assert await events.replay("procurement", [letter], skip=True) == [(letter, "skipped")]
    assert await owner.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_an_unknown_letter_is_said_to_be_unknown(owner):
    await died(owner)
    other = uuid4()

    assert await events.replay("procurement", [other]) == [(other, "unknown")]


async def test_an_aggregate_that_could_not_be_published_is_listed_and_tried_again(owner):
    blocked = uuid4()
    await owner.execute(
        "INSERT INTO outbox_blocked (city, agg_type, agg_id, reason, at)"
        " VALUES ($1, 'contract', $2, 'message-too-large', now())",
        *(WUHAN, blocked),
    )

    [words] = await events.dead_letters(["procurement"])
    assert (words[3], words[-1]) == (str(blocked), "not published: message-too-large")
    assert await events.replay("procurement", [blocked]) == [(blocked, "published again")]
    assert await events.dead_letters(["procurement"]) == []


async def test_what_a_restored_part_has_said_and_no_longer_knows_is_listed(
    owner, nats, monkeypatch
):
    monkeypatch.setenv("SHEGONG_NATS_URL_PROCUREMENT", nats.url())
    ended = ContractEnded(
        contract_id=uuid4(), station_id=uuid4(), agency_id=uuid4(), reason_code="expired",
        ended_on=date(2026, 1, 1),
    )  # fmt: skip
    known, gone = (
        Envelope.wrap(ended, city=WUHAN, aggregate_id=uuid4(), version=1, epoch=1, time=NOW)
        for _ in range(2)
    )
    await owner.execute(
        "INSERT INTO event_log (city, agg_type, agg_id, epoch, version, event_id, type, body,"
        " client, subject, purpose, at) VALUES ($1, 'contract', $2, 1, 1, $3, 't', '{}', 'c', 's',"
        " 'p', now())",
        *(WUHAN, known.agg_id, known.id),
    )
    client = await nats_connect(nats.url())
    js = client.jetstream()
    await bus.ensure_stream(js, "procurement")
    for event in (known, gone):
        await js.publish(subject_of(event.type, event.city), event.to_bytes())

    found = await forgotten("procurement")
    await js.delete_stream("PROCUREMENT")
    await client.close()

    assert [line[1:4] for line in found] == [[WUHAN, f"contract/{gone.agg_id}", "1.1"]]
