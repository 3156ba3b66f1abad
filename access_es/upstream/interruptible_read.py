"""Reads from a socket, and asks an iterator from time to time whether to continue waiting."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from typing import Any


class InterruptibleReader(io.RawIOBase):
    """The bytes of `sock`. `waits` says how long to wait for each of its reads, again and again while nothing comes.

    What `waits` raises, the reader raises. When it ends, the socket's own timeout counts again. `original` is what
    http.client would read from, which holds the socket open.
    """

    def __init__(self, sock: socket.socket, original: Any, waits: Iterator[float]) -> None:
        self._sock = sock
        self._original = original
        self._waits: Iterator[float] | None = waits
        self._timeout_before = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._waits is not None:
            seconds = next(self._waits, None)
            if seconds is None:
                self._waits = None
                self._sock.settimeout(self._timeout_before)
                break
            self._sock.settimeout(max(0.001, seconds))  # 0 would mean not to wait at all
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                continue
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            self._restore_timeout()
            self._original.close()
            super().close()

    def _restore_timeout(self) -> None:
        """The connection may serve another request, which waits as its own call says."""
        if self._sock.fileno() >= 0:
            self._sock.settimeout(self._timeout_before)
