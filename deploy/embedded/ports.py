"""Ports on this machine: the one people see must be free, all others are chosen free."""

import errno
import random
import socket

from deploy.trouble import Trouble

HOST = "127.0.0.1"
# Below every system's ephemeral range: a client that reconnects to a closed ephemeral port on its
# own machine can end up connected to itself, and then the port is never free again.
RANGE = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, all different."""
    found: list[socket.socket] = []
    try:
        for port in random.sample(RANGE, len(RANGE)):
            if len(found) == count:
                break
            if probe := _bind(port):
                found.append(probe)
        return [probe.getsockname()[1] for probe in found]
    finally:
        for probe in found:
            probe.close()


def require_free(port: int) -> None:
    """Stop with one line when somebody else has the port."""
    try:
        probe = socket.socket()
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
    except OSError as error:
        if error.errno == errno.EACCES:
            raise Trouble(
                f"没有权限使用端口 {port}：请用 --port 选择 1024 以上的端口",
                f"no permission for port {port}: choose one above 1024 with --port",
            ) from None
        raise Trouble(
            f"端口 {port} 已被占用：停止占用它的程序，或用 --port 选择其他端口",
            f"port {port} is busy: stop what uses it, or choose another with --port",
        ) from None
    finally:
        probe.close()


def _bind(port: int) -> socket.socket | None:
    probe = socket.socket()
    try:
        probe.bind((HOST, port))
    except OSError:
        probe.close()
        return None
    return probe
