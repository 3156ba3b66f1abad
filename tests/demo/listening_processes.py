"""What the kernel knows of an engine: where it listens, and as whom it runs (proc(5), /proc/net/tcp)."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

LISTEN = "0A"


def port_of(url: str | None) -> int:
    port = urlsplit(url or "").port
    assert port is not None
    return port


def listening_addresses(port: int) -> set[str]:
    """Return the addresses that are listened on; Java writes loopback as an IPv4 address in IPv6."""
    return {address for address, _ in _listeners(port)}


def owner(port: int) -> int:
    """Return the user id of whoever listens on a port."""
    (user,) = {user for _, user in _listeners(port)}
    return user


def _listeners(port: int) -> Iterator[tuple[str, int]]:
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, _, _, _, user, *_ = line.split()
            address, _, number = local.partition(":")
            if state == LISTEN and int(number, 16) == port:
                yield _readable(address), int(user)


def _readable(address: str) -> str:
    words = [int(address[start : start + 8], 16).to_bytes(4, "little") for start in range(0, len(address), 8)]
    if len(words) == 1 or words[:3] == [b"\0\0\0\0", b"\0\0\0\0", b"\0\0\xff\xff"]:
        return socket.inet_ntop(socket.AF_INET, words[-1])
    return socket.inet_ntop(socket.AF_INET6, b"".join(words))
