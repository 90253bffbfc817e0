"""What no server says of itself, asked of real servers: a broker, a disk, a certificate."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import nats as client
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from chassis.bus import ensure_stream
from deploy.embedded.ports import free_ports
from deploy.exporter import Certificate, Disks
from deploy.nats_exporter import JetStream
from tests.docs.readme import HOUSE

ENDS = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def read(*collectors):
    """Return every sample by name and labels."""
    registry = CollectorRegistry()
    for one in collectors:
        registry.register(one)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


async def test_a_stream_and_its_reader_are_counted(nats):
    url = f"http://127.0.0.1:{nats.monitor}"
    line = await client.connect(nats.url())
    try:
        js = line.jetstream()
        await ensure_stream(js, "registry")
        for number in range(3):
            await js.publish("registry.station.changed.v1.420100", str(number).encode())
        reader = await js.pull_subscribe("registry.station.>", "trial_registry", stream="REGISTRY")
        [got] = await reader.fetch(1)

        seen = await asyncio.to_thread(read, JetStream(url))

        assert seen["jetstream_up",] == 1
        assert seen["jetstream_stream_messages", "REGISTRY"] >= 3
        assert seen["jetstream_stream_limit_bytes", "REGISTRY"] == 1 << 30
        assert seen["jetstream_stream_bytes", "REGISTRY"] > 0
        assert seen["jetstream_reserved_bytes",] >= 1 << 30
        assert seen["jetstream_store_limit_bytes",] > seen["jetstream_store_bytes",] > 0
        assert seen["jetstream_consumer_waiting", "REGISTRY", "trial_registry"] >= 2
        assert seen["jetstream_consumer_unacknowledged", "REGISTRY", "trial_registry"] == 1
        assert seen["nats_connections",] >= 1
        assert seen["nats_slow_consumers_total",] == 0
        await got.ack()
    finally:
        await js.delete_consumer("REGISTRY", "trial_registry")
        await line.close()


def test_of_a_broker_that_is_away_only_that_is_said():
    [port] = free_ports(1)

    assert read(JetStream(f"http://127.0.0.1:{port}")) == {("jetstream_up",): 0}


def test_a_disk_is_measured_where_the_folder_is(tmp_path):
    disk = os.statvfs(tmp_path)

    seen = read(Disks({"postgres": str(tmp_path)}))

    assert seen["disk_size_bytes", "postgres"] == disk.f_blocks * disk.f_frsize
    assert 0 < seen["disk_free_bytes", "postgres"] <= seen["disk_size_bytes", "postgres"]


@pytest.fixture
async def public(tmp_path):
    """A public address with a certificate that ends one day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ENDS - timedelta(days=9000))
        .not_valid_after(ENDS)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "both.pem"
    pem.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def hang_up(_reader, writer):
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_certificate_is_said_to_end_when_it_ends(public):
    seen = await asyncio.to_thread(read, Certificate(public))

    assert seen == {
        ("certificate_readable",): 1,
        ("certificate_expires_seconds",): ENDS.timestamp(),
    }


def test_an_address_that_shows_no_certificate_is_told():
    [port] = free_ports(1)

    assert read(Certificate(f"https://127.0.0.1:{port}")) == {("certificate_readable",): 0}


def test_the_exporter_answers_prometheus_and_stops_when_asked(tmp_path):
    [port] = free_ports(1)
    argv = ["--listen", f"127.0.0.1:{port}", "--folder", f"data={tmp_path}"]
    argv += ["--certificate", "http://127.0.0.1"]
    process = subprocess.Popen([sys.executable, "-m", "deploy.exporter", *argv], cwd=HOUSE)
    try:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as http:
            text = http.get("/metrics").text
    finally:
        process.send_signal(signal.SIGTERM)
    names = {family.name for family in text_string_to_metric_families(text)}

    assert process.wait(10) == 0
    assert names == {"disk_free_bytes", "disk_size_bytes"}
