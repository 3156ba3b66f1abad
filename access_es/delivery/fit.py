"""Makes an answer fit through a front door: as it is, compressed, or through the overflow store.

The body is read once and only as far as needed: up to what the door takes it is held, beyond that it goes through a
compressor into what the door takes, and beyond that on into the store, so that memory stays flat at any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from access_es.delivery.compression import (
    BadGzip,
    coded_headers,
    gunzipped,
    gzip_length,
    is_compressible,
    start_compressor,
)
from access_es.delivery.overflow import Overflow
from access_es.delivery.pieces import (
    accepted_coding,
    before_deadline,
    buffered,
    choose_for,
    compressed_pieces,
    read_up_to,
    resumed,
)
from access_es.delivery.spilling import Fitted, spill
from access_es.messages import ProxyRequest, ProxyResponse

_COMPRESS_FROM_BYTES = 1_000_000
_RECOMPRESS_SECONDS = 5  # unpacking and packing 40 MB again takes about two


class SizeLimit(Protocol):
    """The size limit of a front door."""

    @property
    def limit_bytes(self) -> int:
        """The limit of a serialized answer: no larger body ever fits."""
        ...

    def fits(self, answer: ProxyResponse, pieces: Sequence[bytes]) -> bool:
        """Whether `answer` gets through with these bytes in place of its body."""
        ...


def fit(
    answer: ProxyResponse,
    request: ProxyRequest,
    limit: SizeLimit,
    overflow: Overflow | None,
    seconds_left: Callable[[], float],
) -> Fitted:
    """Make an answer fit. Raises AnswerTooLarge, OverflowFailed, or whatever the body raises while it arrives."""
    pieces = before_deadline(answer.body, seconds_left)
    try:
        start, is_whole = read_up_to(pieces, limit.limit_bytes)
        if is_whole and (fitted := _fit_whole(answer, request, start, limit, seconds_left)):
            return fitted
        coding = choose_for(answer, request, start)
        if coding is None:
            return spill(answer, request, resumed(start, pieces), overflow, limit.limit_bytes, seconds_left)
        coded = replace(answer, headers=coded_headers(answer.headers, coding))
        times = _times_smaller(answer.length_bytes, limit)
        pieces = compressed_pieces(start_compressor(coding, times), resumed(start, pieces))
        start, is_whole = read_up_to(pieces, limit.limit_bytes)
        if is_whole and limit.fits(coded, start):
            return Fitted(buffered(coded, start), f"compressed {coding}")
        return spill(coded, request, resumed(start, pieces), overflow, limit.limit_bytes, seconds_left)
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
    coding = choose_for(answer, request, start) if length >= _COMPRESS_FROM_BYTES else None
    if coding and (compressed := _compress_whole(answer, coding, start, length, limit)):
        return compressed
    if limit.fits(answer, start):
        return Fitted(buffered(answer, start), "held")
    if (answer.header("content-encoding") or "").lower() != "gzip" or seconds_left() < _RECOMPRESS_SECONDS:
        return None
    # One that nearly fits: a domain packs at level 3 (elastic.co, `http.compression_level`), which can be done better.
    plain = replace(answer, headers=tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding"))
    coding = accepted_coding(request) if is_compressible(plain.headers) else None
    try:
        unpacked = before_deadline(gunzipped(start), seconds_left)
        length = gzip_length(b"".join(start[-4:]))  # its last four bytes may have come one by one
        return _compress_whole(plain, coding, unpacked, length, limit) if coding else None
    except BadGzip:
        return None


def _compress_whole(
    answer: ProxyResponse, coding: str, pieces: Iterable[bytes], length_bytes: int, limit: SizeLimit
) -> Fitted | None:
    compressor = start_compressor(coding, _times_smaller(length_bytes, limit))
    compressed, is_whole = read_up_to(compressed_pieces(compressor, pieces), limit.limit_bytes)
    coded = replace(answer, headers=coded_headers(answer.headers, coding))
    return (
        Fitted(buffered(coded, compressed), f"compressed {coding}")
        if is_whole and limit.fits(coded, compressed)
        else None
    )


def _times_smaller(length_bytes: int | None, limit: SizeLimit) -> float | None:
    """The compression ratio that is needed; base64 adds a third."""
    return length_bytes / limit.limit_bytes * 4 / 3 if length_bytes else None
