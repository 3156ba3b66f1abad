"""One client's connection: its bytes, how long it may take for what it is at, and whether it is still there."""

from __future__ import annotations

import contextlib
import enum
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from access_es.server.refusal import Refusal, write
from access_es.server.request_head import LastLines, RequestHead, check_beginning, parse_request

RECEIVE_BYTES = 64 * 1024
ARRIVAL_SECONDS = 20  # for a head and a small body, as Apache's RequestReadTimeout
KEEP_ALIVE_SECONDS = 75
IO_SECONDS = 30  # for each read or write of a body
CLOSING_SECONDS = 2
_SLICE_BYTES = 128 * 1024  # one slice must be taken by the client within IO_SECONDS
_DRAIN_BYTES = 8 * 1024 * 1024


class Phase(enum.IntEnum):
    """What the connection is at. Whatever is not ANSWERING has a deadline."""

    ARRIVING = 0  # of the first request, or of one that has begun
    IDLE = 1  # between two requests
    ANSWERING = 2
    CLOSING = 3


class ClientLeft(Exception):
    """The client no longer takes the answer."""


class Connection:
    """Read and written by one greenlet; another, which sees all connections, calls `expire` and `hang_up`."""

    __slots__ = (
        "__weakref__", "_last_lines", "_target", "_watchers", "address", "began", "deadline", "is_gone", "is_overdue",
        "is_reading", "is_tls", "phase", "received", "refused", "sock", "wait",
    )  # fmt: skip

    def __init__(self, sock: Any, address: str, *, is_tls: bool = False) -> None:
        self.sock = sock
        self.address = address
        self.is_tls = is_tls
        self.received = b""  # and not used yet
        self._last_lines = LastLines()
        self.phase = Phase.ARRIVING
        self.deadline = time.monotonic() + ARRIVAL_SECONDS
        self.began = 0.0  # when it began to be answered
        self.is_overdue = False
        self.is_reading = False  # a body, for the application
        self.is_gone = False
        self.refused = ""  # why the server ended it, where it did
        self.wait: Callable[[], None] | None = None  # until the socket can be read
        self._target = ("", "")  # method and target of what is answered
        self._watchers: list[Callable[[], object]] = []

    # --- reading and writing

    def read_head(self) -> RequestHead | None:
        """The next request's head; None where the connection ends before it. Raises Refused."""
        if not self.received:
            self.received = self._receive_first()
            if not self.received:
                return None
        self.phase = Phase.ARRIVING
        data: bytes | bytearray = self.received
        end = data.find(b"\r\n\r\n", 1)
        if end < 0:
            data = bytearray(data)
            end = self._gather_head(data)
            if end < 0:
                return None
        self.received = bytes(data[end + 4 :])
        return parse_request(bytes(data[:end]), self._last_lines)

    def _receive_first(self) -> bytes:
        try:
            if self.wait:
                self.wait()
            data = self._receive_more()
        except OSError:
            return b""
        self.deadline = time.monotonic() + ARRIVAL_SECONDS
        return data

    def _gather_head(self, data: bytearray) -> int:
        checked = 0
        while (end := data.find(b"\r\n\r\n", max(1, checked - 3))) < 0:
            check_beginning(data, checked)
            checked = len(data)
            more = self._receive_more()
            if not more:
                return -1
            data += more
        return end

    def receive(self, size: int) -> bytes:
        """What is here, or comes next: up to `size` bytes, b"" at the end."""
        if self.received:
            data, self.received = self.received[:size], self.received[size:]
            return data
        if self.phase is not Phase.ANSWERING:
            return self._receive_more(size)
        self.deadline = time.monotonic() + IO_SECONDS
        self.is_reading = True
        data = self._receive_more(size)
        self.is_reading = False
        self.deadline = float("inf")
        return data

    def _receive_more(self, size: int = RECEIVE_BYTES) -> bytes:
        data: bytes = self.sock.recv(size)
        return data

    def send(self, data: bytes) -> None:
        """Raises ClientLeft."""
        if self.is_gone:
            raise ClientLeft("it hung up")
        self.deadline = time.monotonic() + IO_SECONDS
        try:
            if len(data) <= _SLICE_BYTES:
                sent = self.sock.send(data)  # most often all of it, and cheaper than sendall
                if sent < len(data):
                    self.sock.sendall(memoryview(data)[sent:])
            else:
                self._send_slices(memoryview(data))
        except OSError as fault:
            raise ClientLeft(str(fault)) from fault
        self.deadline = float("inf")

    def _send_slices(self, view: memoryview) -> None:
        for start in range(0, len(view), _SLICE_BYTES):
            self.deadline = time.monotonic() + IO_SECONDS
            self.sock.sendall(view[start : start + _SLICE_BYTES])

    # --- the course of a request

    def begin(self, method: str, target: str) -> None:
        self.phase = Phase.ANSWERING
        self.began = time.monotonic()
        self.deadline = float("inf")
        self._target = (method, target)

    @property
    def request_line(self) -> str:
        """Of what is answered, for the log: without a query."""
        method, target = self._target
        return f"{method} {target.partition('?')[0]}"

    def finish(self) -> None:
        """Answered; the next request may come."""
        self._watchers.clear()
        self.phase = Phase.ARRIVING if self.received else Phase.IDLE
        self.deadline = time.monotonic() + (ARRIVAL_SECONDS if self.received else KEEP_ALIVE_SECONDS)

    # --- what the one who sees all connections does

    def expire(self) -> None:
        """Its time is over: whoever waits for it finds its end. A request in the middle of it may still be refused."""
        self.is_overdue = True
        self.deadline = float("inf")
        self._shut_down(socket.SHUT_RD if self.is_reading or self.phase is Phase.ARRIVING else socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """The client has gone: tell those who wait for something on its behalf."""
        self.is_gone = True
        self._shut_down(socket.SHUT_RDWR)
        watchers, self._watchers = self._watchers, []
        for act in watchers:
            act()

    def watch(self, act: Callable[[], object]) -> Callable[[], None]:
        """See messages.ClientPresence."""
        if self.is_gone:
            act()
            return lambda: None
        self._watchers.append(act)
        return lambda: self._forget(act)

    def _forget(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(ValueError):
            self._watchers.remove(act)

    # --- the end

    def refuse(self, refusal: Refusal) -> None:
        self.refused = refusal.code
        with contextlib.suppress(ClientLeft):  # nobody is left to read it
            self.send(write(refusal))

    def reset(self) -> None:
        """End with RST: an answer cut short never looks complete, not even one that only the close would end."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        """Say that nothing more comes, and drop what still does: a refused client is not reset before it reads."""
        self.phase = Phase.CLOSING
        self.deadline = time.monotonic() + CLOSING_SECONDS
        with contextlib.suppress(OSError, ValueError):
            if self.is_tls:
                self.sock = self.sock.unwrap()
            self.sock.shutdown(socket.SHUT_WR)
            drained = 0
            while drained < _DRAIN_BYTES and (data := self.sock.recv(RECEIVE_BYTES)):
                drained += len(data)
        self.sock.close()

    def _shut_down(self, how: int) -> None:
        """Through a second handle: the object itself, perhaps of TLS, is in use."""
        with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(self.sock.fileno())) as handle:
            handle.shutdown(how)
