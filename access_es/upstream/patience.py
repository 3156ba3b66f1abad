"""How long to wait for the domain: as long as the settings say, and never past the moment an answer is due."""

from __future__ import annotations

import time

from urllib3 import HTTPResponse
from urllib3.util import Timeout

from access_es.errors import DomainTimeout


def bounded(timeout: Timeout, answer_by: float | None) -> Timeout:
    """The timeout for one call. Raises DomainTimeout where no time is left for it."""
    if answer_by is None:
        return timeout
    left = answer_by - time.monotonic()
    if left <= 0:
        raise DomainTimeout("There was no time left to ask the domain. This request was not sent to it.")
    return Timeout(connect=timeout.connect_timeout, read=timeout.read_timeout, total=left)


def wait_until(response: HTTPResponse, answer_by: float) -> None:
    """Let the next read of a body end by then: the read timeout of its call would begin anew with every chunk."""
    left = answer_by - time.monotonic()
    if left <= 0:
        response.close()
        raise DomainTimeout(detail="no time left while its answer was arriving")
    sock = getattr(response._original_response, "sock", None)  # set by our own connections
    if sock is not None and (sock.gettimeout() is None or left < sock.gettimeout()):
        sock.settimeout(left)
