"""The domain's answer as it came: its own headers, its undecoded bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from urllib3 import HTTPResponse

from access_es.messages import Body, Headers, Held, ProxyResponse
from access_es.upstream.deadlines import reading_until
from access_es.upstream.failures import FAULTS, explain_body

CHUNK_BYTES = 128 * 1024
WHOLE_BYTES = 64 * 1024  # an answer up to this size is read whole first, so that a broken one still becomes a 502


class StreamingBody:
    """A body as it arrives. Its connection goes back to the pool at the end, and is closed if left before that."""

    __slots__ = ("_answer_by", "_first", "_response")

    def __init__(self, response: HTTPResponse, first: bytes, answer_by: float | None = None) -> None:
        self._response = response
        self._first = first
        self._answer_by = answer_by

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield self._first
            self._first = b""
            while chunk := read_chunk(self._response, self._answer_by):
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._response.close()


def read_answer(response: HTTPResponse, *, whole_bytes: int = 0, answer_by: float | None = None) -> ProxyResponse:
    """Read an answer's start: all of it where it is known to be small or ends within `whole_bytes`."""
    length = response.length_remaining
    most = WHOLE_BYTES if length is not None and length <= WHOLE_BYTES else whole_bytes
    first, is_whole = _read_start(response, most, answer_by)
    body: Body = Held(first) if is_whole else StreamingBody(response, first, answer_by)
    return ProxyResponse(
        response.status, _header_lines(response), body, response.reason or "", len(first) if is_whole else length
    )


def _header_lines(response: HTTPResponse) -> Headers:
    """As `upstream.connection` read them: urllib3's own mapping moves repeated names together."""
    original: Any = response._original_response
    return tuple(original.msg.items())


def _read_start(response: HTTPResponse, most: int, answer_by: float | None) -> tuple[bytes, bool]:
    """The first chunk, or up to `most` bytes; and whether that was all."""
    start = read_chunk(response, answer_by)
    if response.length_remaining == 0 or not start:
        return start, True
    chunks = [start]
    held = len(start)
    while held < most:
        chunk = read_chunk(response, answer_by)
        if not chunk:
            return b"".join(chunks), True
        chunks.append(chunk)
        held += len(chunk)
    return b"".join(chunks), response.length_remaining == 0


def read_chunk(response: HTTPResponse, answer_by: float | None = None) -> bytes:
    """What has arrived, waiting for the first byte; b"" at the end. Raises a DomainError for a body cut short."""
    try:
        if answer_by is None:
            return response.read1(CHUNK_BYTES, decode_content=False)
        with reading_until(response, answer_by):
            return response.read1(CHUNK_BYTES, decode_content=False)
    except FAULTS as fault:
        response.close()
        raise explain_body(fault) from None  # a traceback would quote what was read
