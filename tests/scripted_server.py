"""A server on a raw socket that answers with exactly the bytes it is told, to show what no decent server would do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

Play = Callable[[socket.socket, bytes], None]


@dataclass
class Scripted:
    """`plays[i]` answers the i-th request; `requests` are the raw heads (and bodies, where announced) received."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


def say(data: bytes, *, then_close: bool = False) -> Play:
    """Send these bytes, and perhaps hang up."""

    def play(connection: socket.socket, request: bytes) -> None:
        connection.sendall(data)
        if then_close:
            raise ConnectionError

    return play


def hang_up(connection: socket.socket, request: bytes) -> None:
    """Close without a word."""
    raise ConnectionError


@contextmanager
def scripted_server(plays: Sequence[Play]) -> Iterator[Scripted]:
    """Serve the plays in turn over as many connections as the client opens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}")
        left = iter(plays)
        lock = threading.Lock()
        threading.Thread(target=_accept, args=(listener, server, left, lock), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: Scripted, left: Iterator[Play], lock: threading.Lock) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        threading.Thread(target=_serve, args=(connection, server, left, lock), daemon=True).start()


def _serve(connection: socket.socket, server: Scripted, left: Iterator[Play], lock: threading.Lock) -> None:
    with connection, connection.makefile("rb") as reader:
        try:
            while request := _read_request(reader):
                with lock:
                    server.requests.append(request)
                    play = next(left)
                play(connection, request)
        except (OSError, StopIteration):
            return


def _read_request(reader: BinaryIO) -> bytes:
    lines = []
    length = 0
    while line := reader.readline():
        lines.append(line)
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        if line == b"\r\n":
            return b"".join(lines) + reader.read(length)
    return b""
