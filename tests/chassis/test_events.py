"""Events and envelopes: written as the contract says, read strictly, and no value in a reason."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import ClassVar
from uuid import UUID, uuid4

import orjson
import pytest
from pydantic import ValidationError

from chassis.events import (
    Envelope,
    Event,
    UnknownType,
    UnknownVersion,
    Unreadable,
    declared,
    part_of,
    stream_of,
    subject_of,
)
from tests.chassis.trial import ThingDone

THEN = datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=8)))
THING = UUID("0195a1b2-0000-7000-8000-00000000000a")


class ThingPlaced(Event):
    """A thing has found its place."""

    type: ClassVar[str] = "trial.thing.placed.v1"

    on: date
    shelf: int


def placed() -> Envelope:
    return Envelope.wrap(
        ThingPlaced(on=date(2026, 3, 1), shelf=3),
        city="420100",
        aggregate_id=THING,
        version=7,
        epoch=2,
        time=THEN,
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    )


def test_an_envelope_is_the_cloudevent_of_the_contract():
    envelope = placed()

    assert orjson.loads(envelope.to_bytes()) == {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": "/trial",
        "type": "trial.thing.placed.v1",
        "subject": f"thing/{THING}",
        "time": "2026-03-01T00:30:00Z",
        "datacontenttype": "application/json",
        "dataschema": "/schemas/trial.thing.placed.v1.json",
        "city": "420100",
        "aggversion": 7,
        "aggepoch": 2,
        "traceparent": envelope.traceparent,
        "data": {"on": "2026-03-01", "shelf": 3},
    }


def test_what_was_wrapped_is_what_is_read():
    envelope = placed()
    again = Envelope.read(envelope.to_bytes())

    assert again == envelope
    assert again.event() == ThingPlaced(on=date(2026, 3, 1), shelf=3)
    assert (again.producer, again.aggregate, again.kind) == ("trial", "thing", "trial.thing")
    assert (again.agg_id, again.at, again.time.utcoffset()) == (THING, (2, 7), timedelta(0))


def test_an_event_without_a_trace_carries_none():
    envelope = Envelope.wrap(
        ThingDone(count=1),
        city="420100",
        aggregate_id=THING,
        version=1,
        time=datetime.now(UTC),  # noqa: TID251
    )

    assert b"traceparent" not in envelope.to_bytes()
    assert Envelope.read(envelope.to_bytes()).traceparent is None


def test_a_producer_cannot_misspell_a_field_and_a_reader_passes_over_a_new_one():
    with pytest.raises(ValidationError):
        ThingPlaced(on=date(2026, 3, 1), shelf=3, colour="red")

    envelope = placed()
    envelope.data["colour"] = "red"
    assert Envelope.read(envelope.to_bytes()).event().shelf == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": "secret"}, "id or time"),
        ({"time": "secret"}, "id or time"),
        ({"source": "/secret"}, "source"),
        ({"type": "secret"}, "type"),
        ({"type": "trial.thing.placed.v0"}, "type"),
        ({"subject": "thing/secret"}, "subject"),
        ({"subject": f"secret/{THING}"}, "subject"),
        ({"city": "secret"}, "city"),
        ({"aggversion": "7"}, "aggversion"),
        ({"aggversion": True}, "aggversion"),
        ({"aggversion": 0}, "aggversion"),
        ({"aggepoch": 0}, "aggepoch"),
        ({"traceparent": 5}, "traceparent"),
        ({"data": ["secret"]}, "data"),
        ({"city": None}, "city"),
    ],
)
def test_a_wrong_envelope_names_the_place_and_never_the_value(change, reason):
    body = orjson.dumps(orjson.loads(placed().to_bytes()) | change)

    with pytest.raises(Unreadable) as wrong:
        Envelope.read(body)

    assert str(wrong.value).startswith(reason)
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_what_is_no_object_is_unreadable(body):
    with pytest.raises(Unreadable):
        Envelope.read(body)


def test_data_is_read_strictly():
    envelope = placed()
    envelope.data["shelf"] = "3"

    with pytest.raises(Unreadable, match=r"^data.shelf: int_type$"):
        envelope.event()


def test_an_unknown_type_and_an_unknown_version_are_told_apart():
    body = placed().to_bytes()

    with pytest.raises(UnknownVersion):
        Envelope.read(body.replace(b"placed.v1", b"placed.v9")).event()
    with pytest.raises(UnknownType) as unknown:
        Envelope.read(body.replace(b"placed.v1", b"painted.v1")).event()
    assert not isinstance(unknown.value, UnknownVersion)


@pytest.mark.parametrize("kind", ["thing.placed.v1", "trial.Thing.placed.v1", "trial.thing.placed"])
def test_a_type_has_four_parts(kind):
    with pytest.raises(TypeError, match="is not producer"):
        type("Wrong", (Event,), {"type": kind, "__module__": __name__, "__doc__": "Wrong."})


def test_a_type_is_declared_once():
    with pytest.raises(TypeError, match="declared by ThingPlaced"):

        class Other(Event):
            """The same type again."""

            type: ClassVar[str] = "trial.thing.placed.v1"

    assert declared()["trial.thing.placed.v1"] is ThingPlaced


def test_a_base_of_events_is_not_an_event():
    class ThingBase(Event):
        """What events of a thing share."""

        shelf: int

    assert ThingBase not in declared().values()


def test_an_event_does_not_change():
    with pytest.raises(ValidationError):
        ThingDone(count=1).count = 2


def test_its_schema_is_what_its_envelope_names():
    schema = ThingPlaced.schema()

    assert schema["$id"] == orjson.loads(placed().to_bytes())["dataschema"]
    assert schema["description"] == "A thing has found its place."
    assert schema["required"] == ["on", "shelf"]


def test_names_on_the_bus():
    assert subject_of("trial.thing.done.v1", "420100") == "trial.thing.done.v1.420100"
    assert stream_of("casework") == "CASEWORK"


def test_the_part_is_the_ids_last_digit():
    for _ in range(100):
        each = uuid4()
        assert part_of(each) == int(str(each)[-1], 16)
