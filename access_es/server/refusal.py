"""The answer to a request that never reaches the application."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.http import errors as gunicorn_errors  # type: ignore[import-untyped]

from access_es.error_body import error_body
from access_es.errors import BadRequest
from access_es.server.request import BadRequestLine


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str
    reason: str


TOO_SLOW = Refusal(408, "request_timeout", "The request did not arrive in time.")
OUR_FAULT = Refusal(500, "internal_error", "Something went wrong inside access-es. The log has the details.")
_REFUSALS: tuple[tuple[type[Exception], Refusal], ...] = (
    (gunicorn_errors.LimitRequestLine, Refusal(414, "target_too_long", "The request target is too long.")),
    (gunicorn_errors.LimitRequestHeaders, Refusal(431, "headers_too_large", "The headers are too large or too many.")),
    (
        gunicorn_errors.ExpectationFailed,
        Refusal(417, "expectation_failed", "Only 'Expect: 100-continue' is understood."),
    ),
)
_BAD_FRAMING = Refusal(400, "bad_framing", "The request is not framed as HTTP/1.1 demands (RFC 9112).")


def explain(fault: Exception) -> Refusal:
    """The refusal for an error of the parser or of a body that the application could not read."""
    if isinstance(fault, BadRequest):
        return Refusal(fault.status, fault.code, fault.message)
    if isinstance(fault, BadRequestLine):
        return Refusal(400, BadRequest.code, fault.sentence)
    return next((refusal for kind, refusal in _REFUSALS if isinstance(fault, kind)), _BAD_FRAMING)


def write(refusal: Refusal) -> bytes:
    """The whole answer, in the shape of every other error; the connection closes after it."""
    facts = {"layer": "access-es", "request_id": secrets.token_hex(8)}
    body = json.dumps(error_body(refusal.status, refusal.code, refusal.reason, **facts)).encode() + b"\n"
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        "Content-Type: application/json\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
