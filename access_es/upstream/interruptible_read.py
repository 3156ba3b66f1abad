"""Reads from a socket, and asks an iterator from time to time whether to continue waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from access_es.upstream.deadlines import UntilDue


class Interruptible:
    """`waits` says how long to wait for each read, again and again while nothing comes. What it raises, a read raises.

    When `waits` ends, reads wait as `then` does, or as long as `read_seconds` where there is no such.
    """

    def __init__(self, waits: Iterator[float], then: UntilDue | None, read_seconds: float) -> None:
        self._waits: Iterator[float] | None = waits
        self._then = then
        self._read_seconds = read_seconds

    def begin(self, sock: Any) -> None:
        if self._then:
            self._then.begin(sock)

    def receive(self, sock: Any, size: int) -> bytes:
        data: bytes
        while self._waits is not None:
            seconds = next(self._waits, None)
            if seconds is None:
                self._waits = None
                break
            sock.settimeout(max(0.001, seconds))  # 0 would mean not to wait at all
            with contextlib.suppress(TimeoutError):
                data = sock.recv(size)
                return data
        if self._then:
            return self._then.receive(sock, size)
        sock.settimeout(self._read_seconds)
        data = sock.recv(size)
        return data
