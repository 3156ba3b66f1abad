"""Sends a ProxyResponse through WSGI: streamed as it arrives, with its length where it is known."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from access_es.audit import Entry
from access_es.errors import AccessEsError
from access_es.messages import Held, ProxyResponse, has_no_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_REASONS = {status.value: status.phrase for status in HTTPStatus}
log = logging.getLogger("access_es.delivery")


class AuditedBody:
    """The body of a response, counted for the audit. Raises where it ends too early, so that the server cuts the
    connection."""

    __slots__ = ("_entry", "_is_whole", "_response")

    def __init__(self, response: ProxyResponse, entry: Entry) -> None:
        self._response = response
        self._entry = entry
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.body:
                yield chunk
                self._entry.bytes_out += len(chunk)
            self._is_whole = True
        except AccessEsError as error:
            self._entry.note_failure(error)
            self._entry.delivery = "cut"
            log.warning("The answer was cut off: %s (%s) [%s]", error.code, error.detail, self._entry.request.id)
            raise

    def close(self) -> None:
        self._response.body.close()
        if not self._is_whole:
            self._entry.delivery = "cut"
            self._entry.error = self._entry.error or "client_gone"
        self._entry.finish()


def emit(response: ProxyResponse, start_response: StartResponse, entry: Entry) -> AuditedBody:
    """Start the answer; the server iterates over what is returned, and closes it."""
    headers = list(response.headers)
    if not has_no_body(entry.request.method, response.status) and response.length_bytes is not None:
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]  # a page has its own
        headers.append(("Content-Length", str(response.length_bytes)))
    entry.status = response.status
    entry.delivery = entry.delivery or ("held" if isinstance(response.body, Held) else "streamed")
    reason = _REASONS.get(response.status, "") if response.reason is None else response.reason
    start_response(f"{response.status} {reason}", headers)
    return AuditedBody(response, entry)
