"""A domain that misbehaves as it is told, each time anew, and an access-es that waits half a second for it."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.running_proxy import RunningProxy, running_proxy
from tests.scripted_server import Play, Scripted, hang_up, scripted_server

_MOST_REQUESTS = 10_000
_SHORT_TIMEOUTS: dict[str, Any] = {
    "ES_CONNECT_SECONDS": "1",
    "ES_READ_SECONDS": "0.5",
    "TEXT_ERROR_TOKENS": "syslog, logs",
    "CONTACT": "search-team@example.com",
}


@dataclass
class BadDomain:
    """`play` is how it answers from now on."""

    front: RunningProxy
    server: Scripted
    _stage: list[Play] = field(repr=False)

    def play(self, play: Play) -> None:
        self._stage[0] = play


def reset(connection: socket.socket, request: bytes) -> None:
    """End the connection with RST, as a crashed node or a firewall does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionError


def respond_then(data: bytes, ending: Play) -> Play:
    def play(connection: socket.socket, request: bytes) -> None:
        connection.sendall(data)
        time.sleep(0.05)  # so that a reset does not overtake what was said
        ending(connection, request)

    return play


def stall(connection: socket.socket, request: bytes) -> None:
    """Say nothing for longer than anybody waits."""
    time.sleep(1.2)


@contextmanager
def bad_domain(folder: Path, **settings: str) -> Iterator[BadDomain]:
    stage: list[Play] = [hang_up]
    with (
        scripted_server([lambda connection, request: stage[0](connection, request)] * _MOST_REQUESTS) as server,
        running_proxy(server.url, folder, **{**_SHORT_TIMEOUTS, **settings}) as front,
    ):
        yield BadDomain(front, server, stage)
