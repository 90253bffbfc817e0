"""What happened, and the envelope it travels in: CloudEvents 1.0, structured JSON.

An event is one frozen class: a sentence, a type `producer.aggregate.happened.vN`, its fields. It
registers itself by its type. Producers spell every field right (an unknown one is an error);
readers skip fields they do not know yet, so that a field may be added.

* EventError     an envelope that cannot be used; says why, never with a value in it
  x Unreadable     not an envelope, or its data does not fit the event
  x UnknownType    a type nobody here has declared
    x UnknownVersion   … of an event that is declared in other versions
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import DEFAULT_REF_TEMPLATE

from chassis.ids import uuid7

PARTS = 16
"""Into how many parts a relay's work is cut; fixed for ever, since rows carry theirs."""

_TYPE = re.compile(r"([a-z]+)\.([a-z_]+)\.([a-z_]+)\.v([1-9][0-9]*)")
_CITY = re.compile(r"[0-9]{6}")
_declared: dict[str, type["Event"]] = {}


class EventError(Exception):
    """An envelope that cannot be used."""


class Unreadable(EventError):
    """Not an envelope, or its data does not fit the event."""


class UnknownType(EventError):
    """A type nobody here has declared."""


class UnknownVersion(UnknownType):
    """A version nobody here has declared, of an event that is known in others."""


class Event(BaseModel):
    """A fact other services may know; its subclasses' docstrings are its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    producer: ClassVar[str]
    aggregate: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Enter the class under its type; a base of several events has none and is not entered."""
        if "type" not in cls.__dict__:
            return
        parts = _TYPE.fullmatch(cls.type)
        if parts is None:
            raise TypeError(f"{cls.__name__}: {cls.type!r} is not producer.aggregate.happened.vN")
        cls.producer, cls.aggregate = parts[1], parts[2]
        other = _declared.setdefault(cls.type, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.type} is declared by {other.__name__} and by {cls.__name__}")
        _declared[cls.type] = cls

    @classmethod
    def schema(
        cls, by_alias: bool = True, ref_template: str = DEFAULT_REF_TEMPLATE
    ) -> dict[str, Any]:
        """Return the JSON Schema of the event's data, under the address its envelope names."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": schema_of(cls.type),
        } | cls.model_json_schema(by_alias=by_alias, ref_template=ref_template)


def declared() -> Mapping[str, type[Event]]:
    """Return every event class imported so far, by type."""
    return _declared


def name_of(kind: str) -> str:
    """Return a type without its version: `casework.referral.received`."""
    return kind.rpartition(".")[0]


def schema_of(kind: str) -> str:
    """Return the address of a type's schema."""
    return f"/schemas/{kind}.json"


def subject_of(kind: str, city: str) -> str:
    """Return the NATS subject of a type in a city."""
    return f"{kind}.{city}"


def stream_of(producer: str) -> str:
    """Return the name of a producer's stream."""
    return producer.upper()


def part_of(agg_id: UUID) -> int:
    """Return the part of the outbox an aggregate's events wait in: its id's last hex digit."""
    return agg_id.int % PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event with who says it, about what, in which city, and as which version of it."""

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    city: str
    aggversion: int
    aggepoch: int
    traceparent: str | None
    data: dict[str, Any]

    @classmethod
    def wrap(
        cls,
        event: Event,
        *,
        city: str,
        aggregate_id: UUID,
        version: int,
        time: datetime,
        epoch: int = 1,
        traceparent: str | None = None,
        event_id: UUID | None = None,
    ) -> Self:
        """Put an event into its envelope."""
        return cls(
            id=event_id or uuid7(),
            source=f"/{event.producer}",
            type=event.type,
            subject=f"{event.aggregate}/{aggregate_id}",
            time=time,
            city=city,
            aggversion=version,
            aggepoch=epoch,
            traceparent=traceparent,
            data=event.model_dump(mode="json"),
        )

    def to_bytes(self) -> bytes:
        """Return the CloudEvent as it is stored and published."""
        body: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time.astimezone(UTC),
            "datacontenttype": "application/json",
            "dataschema": schema_of(self.type),
            "city": self.city,
            "aggversion": self.aggversion,
            "aggepoch": self.aggepoch,
        }
        if self.traceparent:
            body["traceparent"] = self.traceparent
        body["data"] = self.data
        return orjson.dumps(body, option=orjson.OPT_UTC_Z)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Open an envelope; raises `Unreadable` with the first thing that is wrong."""
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Unreadable("not JSON") from None
        if not isinstance(given, dict):
            raise Unreadable("not a JSON object")
        for name, kind in _FIELDS.items():
            if type(given.get(name)) is not kind:
                raise Unreadable(f"{name}: missing, or not {_KINDS[kind]}")
        _check(given)
        try:
            time = datetime.fromisoformat(given["time"])
            return cls(
                id=UUID(given["id"]),
                source=given["source"],
                type=given["type"],
                subject=given["subject"],
                time=time,
                city=given["city"],
                aggversion=given["aggversion"],
                aggepoch=given["aggepoch"],
                traceparent=given.get("traceparent"),
                data=given["data"],
            )
        except ValueError:
            raise Unreadable("id or time: not in its form") from None

    def event(self) -> Event:
        """Return the event inside; raises `UnknownType`, `UnknownVersion` or `Unreadable`."""
        known = _declared.get(self.type)
        if known is None:
            names = {name_of(each) for each in _declared}
            raise (UnknownVersion if name_of(self.type) in names else UnknownType)(self.type)
        try:
            # Strict as JSON, so that "3" is no number; the bytes are the only door pydantic has to it.
            return known.model_validate_json(orjson.dumps(self.data), strict=True, extra="ignore")
        except ValidationError as wrong:
            raise Unreadable(wrong_places(wrong)) from None

    @property
    def producer(self) -> str:
        """The service that says it."""
        return self.source[1:]

    @property
    def aggregate(self) -> str:
        """The kind of thing it is about, without its producer: `referral`."""
        return self.subject.partition("/")[0]

    @property
    def kind(self) -> str:
        """The kind of thing it is about, with its producer: `casework.referral`."""
        return f"{self.producer}.{self.aggregate}"

    @property
    def agg_id(self) -> UUID:
        """The thing it is about."""
        return UUID(self.subject.partition("/")[2])

    @property
    def at(self) -> tuple[int, int]:
        """Where it stands in the life of its aggregate: epoch, then version."""
        return self.aggepoch, self.aggversion


_FIELDS = {
    "specversion": str,
    "id": str,
    "source": str,
    "type": str,
    "subject": str,
    "time": str,
    "city": str,
    "aggversion": int,
    "aggepoch": int,
    "data": dict,
}
_KINDS = {str: "a string", int: "a whole number", dict: "an object"}


def _check(given: dict[str, Any]) -> None:
    """Hold the fields against one another."""
    parts = _TYPE.fullmatch(given["type"])
    aggregate, _, agg_id = given["subject"].partition("/")
    trace = given.get("traceparent")
    for holds, reason in (
        (given["specversion"] == "1.0", "specversion: not 1.0"),
        (parts, "type: not producer.aggregate.happened.vN"),
        (parts and given["source"] == f"/{parts[1]}", "source: not the producer of the type"),
        (parts and aggregate == parts[2], "subject: not the aggregate of the type"),
        (_is_uuid(agg_id), "subject: no id after the aggregate"),
        (_CITY.fullmatch(given["city"]), "city: not six digits"),
        (given["aggversion"] > 0, "aggversion: not above 0"),
        (given["aggepoch"] > 0, "aggepoch: not above 0"),
        (trace is None or isinstance(trace, str), "traceparent: not a string"),
    ):
        if not holds:
            raise Unreadable(reason)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def wrong_places(wrong: ValidationError) -> str:
    """Return what pydantic objects to as places and codes, without the values it found there."""
    return "; ".join(
        f"data.{'.'.join(str(step) for step in each['loc'])}: {each['type']}"
        for each in wrong.errors(include_url=False, include_context=False, include_input=False)
    )
