"""Makes an answer fit through a front door: as it is, compressed, or through the overflow store.

The body is read once and only as far as needed: up to what the door takes it is held, beyond that it goes through a
compressor into what the door takes, and beyond that on into the store, so that memory stays flat at any size.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from access_es.delivery.compression import (
    BadGzip,
    Compressor,
    choose_coding,
    coded_headers,
    gunzipped,
    gzip_length,
    is_compressible,
    is_worthwhile,
    start_compressor,
)
from access_es.delivery.overflow import Overflow
from access_es.errors import AnswerTooLarge, DomainTimeout, error_body
from access_es.messages import Headers, Held, ProxyRequest, ProxyResponse

# Elements under Kibana's and Dashboards' `script-src 'self'; style-src 'self'; worker-src 'self'`: browsers check the
# policy again after a redirect (w3.org/TR/CSP3, 4.1.2), so another origin is never taken for these.
_OWN_ORIGIN_ONLY = frozenset(("script", "style", "worker", "sharedworker", "serviceworker", "manifest"))
_COMPRESS_FROM_BYTES = 1_000_000
_RECOMPRESS_SECONDS = 5  # unpacking and packing 40 MB again takes about two
# What speaks of the body that stays behind; the rest of the answer (cookies, CORS, …) belongs to the redirect as well.
_BODY_HEADERS = frozenset(
    ("content-type", "content-encoding", "content-language", "content-location", "content-disposition", "content-range",
     "content-md5", "digest", "etag", "last-modified", "accept-ranges", "cache-control", "expires", "vary", "age")
)  # fmt: skip


class SizeLimit(Protocol):
    """The size limit of a front door."""

    @property
    def limit_bytes(self) -> int:
        """The limit of a serialized answer: no larger body ever fits."""
        ...

    def fits(self, answer: ProxyResponse, pieces: Sequence[bytes]) -> bool:
        """Whether `answer` gets through with these bytes in place of its body."""
        ...


@dataclass(frozen=True, slots=True)
class Fitted:
    """An answer that fits, and `how` for the audit: held, compressed, spilled or linked."""

    response: ProxyResponse
    how: str


def fit(
    answer: ProxyResponse,
    request: ProxyRequest,
    limit: SizeLimit,
    overflow: Overflow | None,
    seconds_left: Callable[[], float],
) -> Fitted:
    """Make an answer fit. Raises AnswerTooLarge, OverflowFailed, or whatever the body raises while it arrives."""
    pieces = _before_deadline(answer.body, seconds_left)
    try:
        start, is_whole = _read_up_to(pieces, limit.limit_bytes)
        if is_whole and (fitted := _fit_whole(answer, request, start, limit, seconds_left)):
            return fitted
        coding = _choose(answer, request, start)
        if coding is None:
            return _overflow(answer, request, _resumed(start, pieces), overflow, limit, seconds_left)
        coded = replace(answer, headers=coded_headers(answer.headers, coding))
        times = _times_smaller(answer.length_bytes, limit)
        pieces = _compressed(start_compressor(coding, times), _resumed(start, pieces))
        start, is_whole = _read_up_to(pieces, limit.limit_bytes)
        if is_whole and limit.fits(coded, start):
            return Fitted(_buffered(coded, start), f"compressed {coding}")
        return _overflow(coded, request, _resumed(start, pieces), overflow, limit, seconds_left)
    finally:
        answer.body.close()


def _fit_whole(
    answer: ProxyResponse,
    request: ProxyRequest,
    start: Sequence[bytes],
    limit: SizeLimit,
    seconds_left: Callable[[], float],
) -> Fitted | None:
    """The answer in one piece. A long one is compressed if possible, which takes a third of the time and memory of
    escaping it."""
    length = sum(map(len, start))
    coding = _choose(answer, request, start) if length >= _COMPRESS_FROM_BYTES else None
    if coding and (compressed := _compress_whole(answer, coding, start, length, limit)):
        return compressed
    if limit.fits(answer, start):
        return Fitted(_buffered(answer, start), "held")
    if (answer.header("content-encoding") or "").lower() != "gzip" or seconds_left() < _RECOMPRESS_SECONDS:
        return None
    # One that nearly fits: a domain packs at level 3 (elastic.co, `http.compression_level`), which can be done better.
    plain = replace(answer, headers=tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding"))
    coding = _accepted(request) if is_compressible(plain.headers) else None
    try:
        unpacked = _before_deadline(gunzipped(start), seconds_left)
        length = gzip_length(b"".join(start[-4:]))  # its last four bytes may have come one by one
        return _compress_whole(plain, coding, unpacked, length, limit) if coding else None
    except BadGzip:
        return None


def _compress_whole(
    answer: ProxyResponse, coding: str, pieces: Iterable[bytes], length_bytes: int, limit: SizeLimit
) -> Fitted | None:
    compressor = start_compressor(coding, _times_smaller(length_bytes, limit))
    compressed, is_whole = _read_up_to(_compressed(compressor, pieces), limit.limit_bytes)
    coded = replace(answer, headers=coded_headers(answer.headers, coding))
    return (
        Fitted(_buffered(coded, compressed), f"compressed {coding}")
        if is_whole and limit.fits(coded, compressed)
        else None
    )


def _times_smaller(length_bytes: int | None, limit: SizeLimit) -> float | None:
    """The compression ratio that is needed; base64 adds a third."""
    return length_bytes / limit.limit_bytes * 4 / 3 if length_bytes else None


def _choose(answer: ProxyResponse, request: ProxyRequest, start: Sequence[bytes]) -> str | None:
    if not is_compressible(answer.headers):
        return None
    coding = _accepted(request)
    return coding if coding and is_worthwhile(start) else None


def _accepted(request: ProxyRequest) -> str | None:
    return choose_coding(",".join(value for name, value in request.headers if name.lower() == "accept-encoding"))


def _before_deadline(body: Iterable[bytes], seconds_left: Callable[[], float]) -> Iterator[bytes]:
    for piece in body:
        if seconds_left() <= 0:
            raise DomainTimeout("The answer takes longer to arrive than the gateway waits.")
        yield piece


def _read_up_to(pieces: Iterator[bytes], max_bytes: int) -> tuple[list[bytes], bool]:
    """Up to a little more than `max_bytes`, and whether that was all."""
    taken = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size > max_bytes:
            return taken, False
    return taken, True


def _resumed(taken: list[bytes], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """All pieces from the start. Each is released as it is passed on, so that memory stays flat."""
    taken.reverse()
    while taken:
        yield taken.pop()
    yield from pieces


def _compressed(compressor: Compressor, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if out := compressor.compress(piece):
            yield out
    yield compressor.flush()


def _buffered(answer: ProxyResponse, pieces: Sequence[bytes]) -> ProxyResponse:
    data = b"".join(pieces)
    return replace(answer, body=Held(data), length_bytes=len(data))


def _overflow(
    answer: ProxyResponse,
    request: ProxyRequest,
    pieces: Iterable[bytes],
    overflow: Overflow | None,
    limit: SizeLimit,
    seconds_left: Callable[[], float],
) -> Fitted:
    """Store the answer, and lead the client there: by a redirect where it may follow one, else by a link."""
    if overflow is None or request.header("sec-fetch-dest") in _OWN_ORIGIN_ONLY:
        raise AnswerTooLarge(limit.limit_bytes)
    writer = overflow.open(answer.headers, seconds_left)
    try:
        for piece in pieces:
            writer.write(piece)
        link = writer.finish()
    except BaseException:
        writer.abort()
        raise
    kept = tuple((name, value) for name, value in answer.headers if name.lower() not in _BODY_HEADERS)
    headers = (*kept, ("Cache-Control", "no-store"), ("X-Redirect-Reason", "answer-too-large"))
    if 200 <= answer.status < 300 and answer.status != 206:
        # 303, so that whatever the method was, a GET follows (RFC 9110, 15.4.4). A 201 has a Location of its own.
        others = tuple(pair for pair in headers if pair[0].lower() != "location")
        return Fitted(ProxyResponse.held(303, (*others, ("Location", link)), b""), "spilled")
    return Fitted(_linked(answer.status, headers, link), "linked")


def _linked(status: int, headers: Headers, link: str) -> ProxyResponse:
    reason = "The domain's answer is too large for this gateway. You can download it from 'location' for a short time."
    data = json.dumps(error_body(status, "answer_too_large", reason, location=link)).encode()
    described = (("Content-Type", "application/json"), ("Link", f'<{link}>; rel="alternate"'))
    return ProxyResponse.held(status, (*headers, *described), data)
