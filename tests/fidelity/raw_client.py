"""A client that sends the bytes it is given and keeps the bytes it gets: nothing between it and the wire normalises."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Pairs = list[tuple[bytes, bytes]]


class CutShortError(Exception):
    """The body ended before its end was announced: no client can take it for whole."""


@dataclass(frozen=True)
class RawAnswer:
    """One answer, after which the server closed. `interim` are the heads before the final one."""

    interim: list[bytes]
    head: bytes
    tail: bytes = field(repr=False)
    is_reset: bool

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def reason(self) -> bytes:
        return self.head.partition(b"\r\n")[0][13:]

    @property
    def headers(self) -> Pairs:
        pairs = (line.partition(b":") for line in self.head.split(b"\r\n")[1:])
        return [(name, value.strip(b" ")) for name, _, value in pairs]

    def values(self, name: str) -> list[bytes]:
        return [value for known, value in self.headers if known.lower() == name.encode()]

    @property
    def body(self) -> bytes:
        """The body without its framing. Raises CutShortError where the framing says that something is missing."""
        if self.values("transfer-encoding") == [b"chunked"]:
            return _unchunked(self.tail)
        lengths = self.values("content-length")
        if self.is_reset or (lengths and len(self.tail) != int(lengths[0])):
            raise CutShortError(f"{len(self.tail)} of {lengths}")
        return self.tail


def request_bytes(
    method: str, target: bytes, headers: Iterable[tuple[str, str]] | Mapping[str, str] = (), body: bytes | None = None
) -> bytes:
    """A request that asks for the connection to be closed after it; a body brings its Content-Length."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if body is not None:
        pairs.append(("Content-Length", str(len(body))))
    lines = [f"{name}: {value}".encode("latin-1") for name, value in pairs]
    first = b"%b %b HTTP/1.1" % (method.encode(), target)
    return b"\r\n".join([first, b"Host: proxy.example", b"Connection: close", *lines, b"", b""]) + (body or b"")


def exchange(port: int, request: bytes, timeout: float = 30) -> RawAnswer:
    """Send, and read to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout) as client:
        client.sendall(request)
        return read_to_end(client)


def read_to_end(client: socket.socket) -> RawAnswer:
    received = bytearray()
    is_reset = False
    try:
        while data := client.recv(256 * 1024):
            received += data
    except ConnectionResetError:
        is_reset = True
    interim = []
    head, _, rest = bytes(received).partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 1"):
        interim.append(head)
        head, _, rest = rest.partition(b"\r\n\r\n")
    return RawAnswer(interim, head, rest, is_reset)


def _unchunked(data: bytes) -> bytes:
    body = bytearray()
    start = 0
    while True:
        line_end = data.find(b"\r\n", start)
        if line_end < 0:
            raise CutShortError("no final chunk")
        size = int(data[start:line_end], 16)
        start = line_end + 2
        body += data[start : start + size]
        if data[start + size : start + size + 2] != b"\r\n":
            raise CutShortError("a chunk without its end")
        start += size + 2
        if size == 0:
            assert start == len(data), "nothing follows the last chunk"
            return bytes(body)
