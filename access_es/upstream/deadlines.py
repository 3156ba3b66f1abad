"""Timeouts of calls to the domain: those of the settings, and never past the deadline of the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from urllib3 import HTTPResponse
from urllib3.util import Timeout

from access_es.errors import DomainTimeout


def bounded(timeout: Timeout, answer_by: float | None) -> Timeout:
    """The timeout for one call. Raises DomainTimeout where no time is left for it."""
    if answer_by is None:
        return timeout
    left = answer_by - time.monotonic()
    if left <= 0:
        raise DomainTimeout("There was no time left to send this request. Nothing was sent to the domain.")
    return Timeout(connect=timeout.connect_timeout, read=timeout.read_timeout, total=left)


@contextmanager
def reading_until(response: HTTPResponse, answer_by: float) -> Iterator[None]:
    """Let one read of a body end by then: the read timeout of its call would begin anew with every read.

    Afterwards the connection waits as long as before; the next request may write to it.
    """
    left = answer_by - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left while the answer was arriving")
    sock = getattr(response._original_response, "sock", None)  # our own connections keep it there
    before = sock.gettimeout() if sock is not None else None
    if sock is None or (before is not None and before <= left):
        yield
        return
    sock.settimeout(left)
    try:
        yield
    finally:
        if sock.fileno() >= 0:
            sock.settimeout(before)
