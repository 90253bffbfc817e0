"""What the parts tell each other, as it stands in JetStream after the story was lived."""

import secrets

import orjson
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from chassis.clock import day_of, system_clock
from contracts import casework, procurement, registry  # noqa: F401 - declares every event
from deploy.embedded.run import SOURCE
from tests.e2e.house import eventually
from tests.e2e.sent import HEFEI, NAME, PHONE, WUHAN, contract, referral

LAST_YEAR = day_of(system_clock()).year - 1
GENERATED = SOURCE / "contracts" / "generated"


async def test_one_trace_leads_from_the_request_to_the_event_and_to_who_heard_it(house, guest):
    partner = guest.of(HEFEI, "court-1")
    trace = secrets.token_hex(16)
    parent = f"00-{trace}-{secrets.token_hex(8)}-01"
    sent = await partner.ask("POST", "/referrals", referral(HEFEI), traceparent=parent)
    assert sent.status_code == 201
    assert sent.headers["traceparent"][3:35] == trace

    async def told():
        found = await house.published(f"casework.referral.received.v1.{HEFEI}")
        return found and orjson.loads(found.data)

    event = await eventually(told)
    assert event["subject"] == f"referral/{sent.json()['id']}"
    assert event["traceparent"][3:35] == trace

    async def heard():
        return [
            line
            for line in house.lines("evaluation")
            if line["trace_id"] == trace and line["event"] == "reactions"
        ]

    [line] = await eventually(heard)
    assert line["city"] == HEFEI
    assert line["outcomes"] == {"applied": 1}
    assert trace in {line["trace_id"] for line in house.lines("gateway")}


@pytest.mark.parametrize("producer", ["registry", "casework", "procurement"])
async def test_every_event_in_jetstream_is_a_cloudevent_as_asyncapi_says(house, guest, producer):
    if producer == "casework":
        await guest.of(HEFEI, "court-1").post("/referrals", referral(HEFEI))
    if producer == "procurement":
        ids = [house.client(WUHAN, n) for n in ("worker-2", "agency-1")]
        last_year = contract(ids[0]["station_id"], ids[1]["agency_id"], LAST_YEAR)
        await guest.of(WUHAN, "city-bureau-1").post("/contracts", last_year)
    api = yaml.safe_load((GENERATED / "asyncapi.yaml").read_text())
    versions = {}
    for message in await eventually(lambda: house.stream(producer)):
        event = orjson.loads(message.data)
        payload = {"$ref": f"#/components/messages/{event['type']}/payload"}
        Draft202012Validator(payload | {"components": api["components"]}).validate(event)
        schema = orjson.loads((GENERATED / "schemas" / f"{event['type']}.json").read_bytes())
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(event["data"])
        assert message.subject == f"{event['type']}.{event['city']}"
        assert message.headers["Nats-Msg-Id"] == event["id"]
        versions.setdefault((event["city"], event["subject"]), []).append(event["aggversion"])
        assert NAME not in message.data.decode()
        assert PHONE not in message.data.decode()

    for seen in versions.values():
        assert seen == list(range(1, len(seen) + 1))
