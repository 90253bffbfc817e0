"""What no server says of itself, for Prometheus: the broker's streams, the disks, the certificate.

    python -m deploy.exporter --nats http://nats:8222 --folder postgres=/watched/postgres
                              --certificate https://api.example.org

The certificate is the one the public meets at that address, whoever ends TLS there. An address
without TLS has none, and nothing is said of it.
"""

import os
import signal
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from threading import Event
from urllib.parse import urlsplit

import click
from cryptography import x509
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from deploy.nats_exporter import JetStream

WITHIN = 3.0
REREAD = 300.0
"""Seconds a certificate is remembered: it changes by the month, and a handshake costs."""

FREE = ("disk_free_bytes", "Bytes free on the disk a folder is on.")
SIZE = ("disk_size_bytes", "Bytes of the disk a folder is on.")
READABLE = ("certificate_readable", "Whether the public address showed a certificate.")
EXPIRES = ("certificate_expires_seconds", "When it ends, as seconds since 1970.")


class Disks(Collector):
    """The disks under folders, by the name a folder is given."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self.folders = folders

    def describe(self) -> Iterable[Metric]:
        """Name nothing before it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give what is free now."""
        free = GaugeMetricFamily(*FREE, labels=["folder"])
        size = GaugeMetricFamily(*SIZE, labels=["folder"])
        for name, folder in self.folders.items():
            disk = os.statvfs(folder)
            free.add_metric([name], disk.f_bavail * disk.f_frsize)
            size.add_metric([name], disk.f_blocks * disk.f_frsize)
        yield free
        yield size


class Certificate(Collector):
    """The certificate at a public address, looked at now and then."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._read_at = float("-inf")
        self._expires: float | None = None

    def describe(self) -> Iterable[Metric]:
        """Name nothing before it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give when it ends, or that it cannot be seen."""
        now = time.monotonic()
        if self._expires is None or now - self._read_at > REREAD:
            self._read_at, self._expires = now, expires(self.address)
        yield GaugeMetricFamily(*READABLE, value=self._expires is not None)
        if self._expires is not None:
            yield GaugeMetricFamily(*EXPIRES, value=self._expires)


def expires(address: str) -> float | None:
    """Return when the certificate at an address ends, or None if none is shown.

    Whether it is trusted is not asked here: of one that nobody trusts we still say when it ends.
    """
    at = urlsplit(address)
    host, port = at.hostname or "", at.port or 443
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), WITHIN) as plain,
            context.wrap_socket(plain, server_hostname=host) as line,
        ):
            shown = line.getpeercert(binary_form=True)
    except OSError:
        return None
    return x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp() if shown else None


@click.command()
@click.option("--listen", default="0.0.0.0:9100", show_default=True, help="Where to answer.")
@click.option("--nats", help="The broker's monitoring address.")
@click.option("--folder", "folders", multiple=True, metavar="NAME=PATH", help="A disk to watch.")
@click.option("--certificate", help="The public address; without https there is nothing to watch.")
def export(
    listen: str, nats: str | None, folders: tuple[str, ...], certificate: str | None
) -> None:
    """Answer Prometheus until asked to stop."""
    registry = CollectorRegistry()
    if nats:
        registry.register(JetStream(nats))
    if folders:
        registry.register(Disks(dict(folder.split("=", 1) for folder in folders)))
    if certificate and certificate.startswith("https://"):
        registry.register(Certificate(certificate))
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopped.set())
    host, _, port = listen.rpartition(":")
    server, thread = start_http_server(int(port), host, registry)
    stopped.wait()
    server.shutdown()
    thread.join()


if __name__ == "__main__":
    export()
