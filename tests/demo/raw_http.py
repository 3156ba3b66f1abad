"""A client on a raw socket: what it sends and what it reads is exactly what travels."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from access_es.demo.running_gateway import RunningGateway

from .botocore_requests import KEY, Pairs, signed_headers


@dataclass(frozen=True)
class Reply:
    """An answer as it travelled; `interim` are the status codes that came before it."""

    status: int
    reason: bytes
    headers: Pairs
    body: bytes
    interim: list[int] = field(default_factory=list)

    def values(self, name: bytes) -> list[bytes]:
        return [value for known, value in self.headers if known.lower() == name.lower()]


@contextmanager
def connection(gateway: RunningGateway) -> Iterator[tuple[socket.socket, BinaryIO]]:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as sock, sock.makefile("rb") as reader:
        yield sock, reader


def raw_request(
    gateway: RunningGateway, method: str, target: bytes, body: bytes = b"", *, framing: Pairs | None = None, **how: Any
) -> bytes:
    """A signed request; `framing` replaces Content-Length, and then the body is sent by the caller."""
    defaults: dict[str, Any] = {"key": KEY, "host": f"127.0.0.1:{gateway.port}", "now": datetime.now(UTC)}
    headers = signed_headers(method, target, body=body, **(defaults | how))
    if framing is None:
        framing = [(b"Content-Length", b"%d" % len(body))] if body else []
    lines = [b"%b: %b" % pair for pair in (*headers, *framing)]
    head = b"\r\n".join([b"%b %b HTTP/1.1" % (method.encode(), target), *lines, b"", b""])
    return head + body


def call(gateway: RunningGateway, method: str, target: bytes, body: bytes = b"", **how: Any) -> Reply:
    with connection(gateway) as (sock, reader):
        sock.sendall(raw_request(gateway, method, target, body, **how))
        return read_reply(reader, method)


def read_reply(reader: BinaryIO, method: str = "GET") -> Reply:
    interim = []
    while True:
        _, status, reason = reader.readline().rstrip(b"\r\n").split(b" ", 2)
        headers = _read_headers(reader)
        if int(status) >= 200:
            break
        interim.append(int(status))
    fields = {name.lower(): value for name, value in headers}
    if method == "HEAD" or status in (b"204", b"304"):
        body = b""
    elif b"transfer-encoding" in fields:
        body = _read_chunks(reader)
    elif b"content-length" in fields:
        body = reader.read(int(fields[b"content-length"]))
    else:
        body = reader.read()
    return Reply(int(status), reason, headers, body, interim)


def _read_headers(reader: BinaryIO) -> Pairs:
    pairs = []
    while line := reader.readline().rstrip(b"\r\n"):
        name, _, value = line.partition(b": ")
        pairs.append((name, value))
    return pairs


def _read_chunks(reader: BinaryIO) -> bytes:
    body = b""
    while size := int(reader.readline(), 16):
        body += reader.read(size)
        reader.readline()
    reader.readline()
    return body
