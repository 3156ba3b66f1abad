"""Timeouts of calls to the domain: those of the settings, and never past the deadline of the answer."""

from __future__ import annotations

import time
from typing import Any, Protocol

from access_es.errors import DomainTimeout


class Waiting(Protocol):
    """How one call waits for bytes, where it does not simply wait as long as its connection."""

    def begin(self, sock: Any) -> None:
        """Called before the request is written."""
        ...

    def receive(self, sock: Any, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end of the stream. Raises TimeoutError, or what ends the waiting."""
        ...


class UntilDue:
    """Waits until `answer_by`, on time.monotonic(): a timeout alone would begin anew with every read."""

    def __init__(self, answer_by: float, read_seconds: float) -> None:
        self._answer_by = answer_by
        self._read_seconds = read_seconds

    def begin(self, sock: Any) -> None:
        sock.settimeout(min(seconds_left(self._answer_by), self._read_seconds))

    def receive(self, sock: Any, size: int) -> bytes:
        left = self._answer_by - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time left while the answer was arriving")
        sock.settimeout(min(left, self._read_seconds))
        data: bytes = sock.recv(size)
        return data


def seconds_left(answer_by: float) -> float:
    """The time there is for a call. Raises DomainTimeout where there is none."""
    left = answer_by - time.monotonic()
    if left <= 0:
        raise DomainTimeout("There was no time left to send this request. Nothing was sent to the domain.")
    return left
