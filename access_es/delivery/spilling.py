"""An answer into the overflow store, and the way there in its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from access_es.delivery.overflow import Overflow
from access_es.delivery.redirects import may_come_from_elsewhere, may_redirect
from access_es.error_body import error_body
from access_es.errors import AnswerTooLarge
from access_es.lazy_dataclass import dataclass
from access_es.messages import Headers, ProxyRequest, ProxyResponse

# What speaks of the body that stays behind; the rest of the answer (cookies, CORS, …) belongs to the redirect as well.
_BODY_HEADERS = frozenset(
    ("content-type", "content-encoding", "content-language", "content-location", "content-disposition", "content-range",
     "content-md5", "digest", "etag", "last-modified", "accept-ranges", "cache-control", "expires", "vary", "age")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fitted:
    """An answer that fits, and `how` for the audit: held, compressed, spilled or linked."""

    response: ProxyResponse
    how: str
    stored_bytes: int = 0  # in the overflow store, for an answer that did not fit


def spill(
    answer: ProxyResponse,
    request: ProxyRequest,
    pieces: Iterable[bytes],
    overflow: Overflow | None,
    limit_bytes: int,
    seconds_left: Callable[[], float],
) -> Fitted:
    """Store the answer, and lead the client there: by a redirect where it may follow one, else by a link."""
    if overflow is None or not may_come_from_elsewhere(request):
        raise AnswerTooLarge(limit_bytes)
    writer = overflow.open(answer.headers, seconds_left)
    size = 0
    try:
        for piece in pieces:
            writer.write(piece)
            size += len(piece)
        link = writer.finish()
    except BaseException:
        writer.abort()
        raise
    kept = tuple((name, value) for name, value in answer.headers if name.lower() not in _BODY_HEADERS)
    headers = (*kept, ("Cache-Control", "no-store"), ("X-Redirect-Reason", "answer-too-large"))
    if may_redirect(answer):
        # 303, so that whatever the method was, a GET follows (RFC 9110, 15.4.4). A 201 has a Location of its own.
        others = tuple(pair for pair in headers if pair[0].lower() != "location")
        return Fitted(ProxyResponse.held(303, (*others, ("Location", link)), b""), "spilled", size)
    return Fitted(_linked(answer.status, headers, link), "linked", size)


def _linked(status: int, headers: Headers, link: str) -> ProxyResponse:
    reason = "The domain's answer is too large for this gateway. You can download it from 'location' for a short time."
    data = json.dumps(error_body(status, "answer_too_large", reason, location=link)).encode()
    described = (("Content-Type", "application/json"), ("Link", f'<{link}>; rel="alternate"'))
    return ProxyResponse.held(status, (*headers, *described), data)
