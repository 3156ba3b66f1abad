"""Waits until a socket can be read, before it is read.

gevent's own `recv` tries first, which is in vain after a request was sent, and makes a timer for each wait: both
together cost about as much as signing a request.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
import gevent.socket

Wait = Callable[[], None]

_SWEEP_SECONDS = 1.0
_LEAST_SECONDS = 10.0  # shorter timeouts are the socket's own


def readiness(sock: Any) -> Wait | None:
    """What waits for the next byte of a socket, as long as it takes; None where only the socket itself can do so."""
    if not isinstance(sock, gevent.socket.socket):
        return None
    hub = gevent.get_hub()
    watcher = hub.loop.io(sock.fileno(), 1)
    if not hasattr(sock, "pending"):
        return partial(hub.wait, watcher)

    def wait() -> None:
        if not sock.pending():  # TLS may have decrypted more than was read
            hub.wait(watcher)

    return wait


class TimedReadiness:
    """The same for at most so many seconds, and up to a second more; the socket has ended then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Any, float] = {}  # when each wait is over that is going on
        self._is_sweeping = False

    def of(self, sock: Any) -> Wait | None:
        wait = readiness(sock) if self._seconds >= _LEAST_SECONDS else None
        if wait is None:
            return None
        if not self._is_sweeping:
            self._is_sweeping = True
            gevent.spawn(self._sweep)
        return partial(self._wait, sock, wait)

    def _wait(self, sock: Any, wait: Wait) -> None:
        self._due[sock] = time.monotonic() + self._seconds
        try:
            wait()
        finally:
            is_over = self._due.pop(sock, None) is None
        if is_over:
            raise TimeoutError("timed out")

    def _sweep(self) -> None:
        while True:
            gevent.sleep(_SWEEP_SECONDS)
            now = time.monotonic()
            for sock in [sock for sock, due in self._due.items() if due < now]:
                del self._due[sock]
                _shut_down(sock)


def _shut_down(sock: Any) -> None:
    """Through a second handle: the object itself, perhaps of TLS, is in use."""
    with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(sock.fileno())) as handle:
        handle.shutdown(socket.SHUT_RDWR)
