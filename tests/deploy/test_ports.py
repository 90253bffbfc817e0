"""The port people see must be free; all others are chosen free, and stay out of harm's way."""

import socket
from pathlib import Path

import pytest

from deploy.embedded.ports import HOST, free_ports, require_free
from deploy.trouble import Trouble


def test_a_busy_port_is_said_with_the_way_out():
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()

        with pytest.raises(Trouble, match=r"is busy.*--port"):
            require_free(other.getsockname()[1])


def test_a_port_is_not_busy_because_it_was_used_a_moment_ago():
    [port] = free_ports(1)
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen()
        client.connect((HOST, port))
        served, _ = server.accept()
        served.close()

    require_free(port)


def test_chosen_ports_differ_and_no_client_can_be_given_one():
    ports = free_ports(50)

    assert len(set(ports)) == 50
    ephemeral = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if ephemeral.exists():
        assert max(ports) < int(ephemeral.read_text().split()[0])
