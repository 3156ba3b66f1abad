"""The sockets to listen on, and one clear sentence where that cannot be."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress

from access_es.errors import AddressUnusable

_BACKLOG = 2048
_PORTS_TRIED = 20


def require_free(host: str, port: int) -> None:
    """Raises AddressUnusable where the address cannot be listened on."""
    listen(host, port).close()


def listen(host: str, port: int) -> socket.socket:
    """Raises AddressUnusable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as fault:
        reason, _, _ = str(fault.strerror).partition(" (while attempting")  # create_server's own words
        free = _next_free(host, port, family) if fault.errno == errno.EADDRINUSE else None
        advice = f"; try --port {free}" if free else ""
        raise AddressUnusable(f"--host {host} --port {port} cannot be listened on: {reason}{advice}.") from fault


def _next_free(host: str, port: int, family: int) -> int | None:
    for candidate in range(port + 1, min(port + _PORTS_TRIED, 65535) + 1):
        with suppress(OSError):
            socket.create_server((host, candidate), family=family).close()
            return candidate
    return None
