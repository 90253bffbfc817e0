"""What nats-server says in JSON, as metrics: it has no `/metrics` of its own.

One reading is two requests to its monitoring port. When it does not answer, `jetstream_up` is 0 and
nothing else is said: an old number would look like a live one.
"""

import http.client
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

WITHIN = 3.0
JETSTREAM = "/jsz?streams=1&consumers=1&config=1"
SERVER = "/varz"
OK = 200

UP = ("jetstream_up", "Whether the broker answers and carries streams.")
STORE = {
    "jetstream_store_bytes": ("storage", "Bytes all streams take on disk."),
    "jetstream_reserved_bytes": ("reserved_storage", "Bytes the streams may take by their limits."),
}
LIMIT = ("jetstream_store_limit_bytes", "Bytes the broker may take on disk.")
STREAM = {
    "jetstream_stream_messages": ("messages", "Events in a stream."),
    "jetstream_stream_bytes": ("bytes", "Bytes of a stream."),
    "jetstream_stream_last_sequence": ("last_seq", "Number of a stream's last event."),
}
STREAM_LIMIT = ("jetstream_stream_limit_bytes", "Bytes a stream may have.")
CONSUMER = {
    "jetstream_consumer_waiting": ("num_pending", "Events not yet given to a consumer."),
    "jetstream_consumer_unacknowledged": ("num_ack_pending", "Events given, not acknowledged."),
    "jetstream_consumer_redelivered": ("num_redelivered", "Events given again, not acknowledged."),
}
CONNECTIONS = ("nats_connections", "Clients connected.")
SLOW = ("nats_slow_consumers", "Clients cut off because they did not keep up.")


class JetStream(Collector):
    """The broker at a monitoring address, read whenever somebody asks for the metrics."""

    def __init__(self, url: str) -> None:
        self.url = url

    def describe(self) -> Iterable[Metric]:
        """Name nothing: registering must not ask the broker."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give what the broker says now."""
        try:
            server, streams = asked(self.url, SERVER), asked(self.url, JETSTREAM)
        except (OSError, http.client.HTTPException, ValueError):
            yield GaugeMetricFamily(*UP, value=0)
            return
        yield GaugeMetricFamily(*UP, value=0 if streams.get("disabled") else 1)
        yield from metrics(server, streams)


def asked(url: str, path: str) -> dict[str, Any]:
    """Return what the broker says at a path."""
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=WITHIN)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != OK:
            raise ValueError(answer.status)
        return dict(orjson.loads(answer.read()))
    finally:
        connection.close()


def metrics(server: dict[str, Any], streams: dict[str, Any]) -> Iterator[Metric]:
    """Turn `/varz` and `/jsz` into metrics."""
    yield GaugeMetricFamily(*CONNECTIONS, value=server["connections"])
    yield CounterMetricFamily(*SLOW, value=server["slow_consumers"])
    for name, (key, what) in STORE.items():
        yield GaugeMetricFamily(name, what, value=streams[key])
    yield GaugeMetricFamily(*LIMIT, value=streams["config"]["max_storage"])
    found = [s for a in streams.get("account_details", []) for s in a.get("stream_detail", [])]
    for name, (key, what) in STREAM.items():
        values = {(stream["name"],): stream["state"][key] for stream in found}
        yield _family(name, what, ["stream"], values)
    limits = {(stream["name"],): stream["config"]["max_bytes"] for stream in found}
    yield _family(*STREAM_LIMIT, ["stream"], limits)
    consumers = [(s["name"], c) for s in found for c in s.get("consumer_detail") or ()]
    for name, (key, what) in CONSUMER.items():
        held = {(stream, consumer["name"]): consumer[key] for stream, consumer in consumers}
        yield _family(name, what, ["stream", "consumer"], held)


def _family(
    name: str, what: str, labels: list[str], values: Mapping[Any, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
