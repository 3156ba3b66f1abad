"""The request body as the application reads it: without chunk framing, complete or an error."""

from __future__ import annotations

import io
import re
import time
from typing import Any, Protocol

from access_es.client_presence import ClientGone
from access_es.errors import BadRequest
from access_es.server.request_head import RequestHead, are_good_trailers

GRACE_SECONDS = 30
SLOWEST_BYTES_PER_SECOND = 512
SMALL_BODY_BYTES = 32 * 1024
_READ_BYTES = 256 * 1024
_SIZE_LINE_BYTES = 8 * 1024
_TRAILER_BYTES = 32 * 1024
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[^\r\n\x00]*)?\r\n")  # RFC 9112, 7.1
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestBodyError(BadRequest):
    """The body cannot be read to its end; the connection closes after the answer."""

    code = "broken_request_body"
    message = "The request body ended early or is not framed as HTTP demands."


class RequestBodyStalled(RequestBodyError):
    status = 408
    code = "request_timeout"
    message = "The request body arrived too slowly."


class Source(Protocol):
    """The connection that a body arrives on."""

    received: bytes
    is_overdue: bool

    def receive(self, size: int) -> bytes: ...

    def send(self, data: bytes) -> None: ...


class RequestBody(io.RawIOBase):
    """A body that arrives on `source`, at some pace: 30 seconds, and more as more arrives.

    A client that asked first is invited by 100 Continue when its body is read: one that is refused never sends it
    (RFC 9110, 10.1.1). The time the application takes between its reads is not the client's.
    """

    _is_first_chunk = True
    _is_broken = False
    _gathered = b""
    _waited_seconds = 0.0
    _received_bytes = 0

    def __init__(self, source: Source, head: RequestHead) -> None:
        self._source = source
        self._is_chunked = head.is_chunked
        self._left = head.length or 0  # of the body, or of its current chunk
        self._is_done = not self._is_chunked and not self._left
        self._invites = head.expects_continue and not self._is_done

    def gather(self) -> None:
        """Wait for all of a small body, so that the application finds it here; of chunks, take what is here."""
        if self._is_chunked:
            self._gathered = self._take_chunks_at_once()
        elif 0 < self._left <= SMALL_BODY_BYTES:
            pieces = []
            while piece := self._read_more(self._left):
                pieces.append(piece)
            self._gathered = pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Nothing to release, nor to flush."""

    @property
    def is_left_behind(self) -> bool:
        """Whether bytes of this body may still have to come: the next request's beginning is then unknown."""
        return self._is_broken or not self._is_done

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes, b"" at the end; all of it for -1. Raises RequestBodyError."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_READ_BYTES), b""))
        if self._gathered:
            data, self._gathered = self._gathered[:size], self._gathered[size:]
            return data
        return self._read_more(size)

    def _read_more(self, size: int) -> bytes:
        if self._is_broken:
            raise RequestBodyError
        if self._is_done or not size:
            return b""
        try:
            return self._read_chunk(size) if self._is_chunked else self._read_plain(size)
        except BaseException:
            self._is_broken = True
            raise

    def _read_plain(self, size: int) -> bytes:
        data = self._receive(min(size, self._left))
        self._left -= len(data)
        self._is_done = not self._left
        return data

    def _read_chunk(self, size: int) -> bytes:
        if not self._left and not self._begin_chunk():
            return b""
        return self._receive_chunk(size)

    def _receive_chunk(self, size: int) -> bytes:
        data = self._receive(min(size, self._left))
        self._left -= len(data)
        return data

    def _begin_chunk(self) -> bool:
        if not self._is_first_chunk and self._read_line(2) != b"\r\n":
            raise RequestBodyError(detail="a chunk is not as long as it says")
        self._is_first_chunk = False
        match = _SIZE.fullmatch(self._read_line(_SIZE_LINE_BYTES))
        if match is None:
            raise RequestBodyError(detail="chunk size")
        self._left = int(match[1], 16)
        if not self._left:
            self._read_trailers()
            self._is_done = True
        return bool(self._left)

    def _read_trailers(self) -> None:
        trailers = b""
        while (line := self._read_line(_SIZE_LINE_BYTES)) != b"\r\n":
            trailers += line
            if len(trailers) > _TRAILER_BYTES:
                raise RequestBodyError(detail="endless trailers")
        if trailers and not are_good_trailers(trailers):
            raise RequestBodyError(detail="trailers")

    def _read_line(self, most: int) -> bytes:
        """Up to and with the next line feed; less where there is none within `most` bytes."""
        line = b""
        while len(line) < most and not line.endswith(b"\n"):
            piece = self._source.received or self._receive(0)
            end = piece.find(b"\n") + 1 or len(piece)
            line += self._source.receive(min(end, most - len(line)))
        return line

    def _receive(self, size: int) -> bytes:
        """What is here, or comes next; for no `size`, something is waited for and left there."""
        if self._source.received:
            return self._source.receive(size)
        if self._invites:
            self._invites = False
            self._source.send(_CONTINUE)
        began = time.monotonic()
        data = self._receive_now(size)
        self._waited_seconds += time.monotonic() - began
        self._received_bytes += len(data)
        if self._waited_seconds > GRACE_SECONDS + self._received_bytes / SLOWEST_BYTES_PER_SECOND:
            raise RequestBodyStalled(detail="less than the slowest pace accepted")
        return data

    def _receive_now(self, size: int) -> bytes:
        try:
            data = self._source.receive(size or _SIZE_LINE_BYTES)
        except OSError as fault:
            raise ClientGone(detail=f"{type(fault).__name__} within the request body") from fault
        if not data:
            if self._source.is_overdue:
                raise RequestBodyStalled(detail="nothing arrived")
            raise RequestBodyError(detail="the client closed the connection within the body")
        if not size:
            self._source.received = data
        return data

    def _take_chunks_at_once(self) -> bytes:
        """All of a chunked body that has arrived with its head, b"" for any other: that is read as it comes."""
        return self.read() if _is_whole(self._source.received) else b""


def _is_whole(chunks: bytes) -> bool:
    """Whether a chunked body without trailers ends here, so that decoding it waits for nothing."""
    at = 0
    while match := _SIZE.match(chunks, at):
        size = int(match[1], 16)
        if not size:
            return chunks.startswith(b"\r\n", match.end())
        at = match.end() + size + 2
    return False
