"""The answer to a request that never reaches the application."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from access_es.error_body import error_body

TARGET_BYTES = 64 * 1024
HEADER_BYTES = 128 * 1024
HEADER_LINES = 1_000
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str
    reason: str
    retry_after_seconds: int | None = None


class Refused(Exception):
    """A request that is not served. Nothing of it is quoted."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        self.refusal = refusal
        super().__init__(detail or refusal.code)


BAD_FRAMING = Refusal(400, "bad_framing", "The request is not framed as HTTP/1.1 demands (RFC 9112).")
TOO_SLOW = Refusal(408, "request_timeout", "The request did not arrive in time.")
TARGET_TOO_LONG = Refusal(
    414, "target_too_long", f"The request target is longer than {TARGET_BYTES:,} bytes, the most that is accepted."
)
EXPECTATION_FAILED = Refusal(417, "expectation_failed", "Only 'Expect: 100-continue' is understood.")
HEADERS_TOO_LARGE = Refusal(
    431, "headers_too_large",
    f"The request header is larger than {HEADER_BYTES:,} bytes or {HEADER_LINES:,} lines, the most that is accepted.",
)  # fmt: skip
OUR_FAULT = Refusal(500, "internal_error", "Something went wrong inside access-es. The log has the details.")
TOO_MANY_CONNECTIONS = Refusal(
    503, "too_many_connections",
    "This address has as many connections open as the setting CONNECTIONS_PER_ADDRESS allows. Close some, or try again "
    "later.",
    _RETRY_SECONDS,
)  # fmt: skip


def write(refusal: Refusal) -> bytes:
    """The whole answer, in the shape of every other error; the connection closes after it."""
    facts = {"layer": "access-es", "request_id": secrets.token_hex(8)}
    body = json.dumps(error_body(refusal.status, refusal.code, refusal.reason, **facts)).encode() + b"\n"
    retry = "" if refusal.retry_after_seconds is None else f"Retry-After: {refusal.retry_after_seconds}\r\n"
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        "Content-Type: application/json\r\n"
        "Cache-Control: no-store\r\n"
        f"{retry}"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
