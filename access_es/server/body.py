"""The request body as the application reads it: without chunk framing, complete or an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gunicorn.http.body import Body, ChunkedReader, LengthReader  # type: ignore[import-untyped]
from gunicorn.http.errors import InvalidChunkSize, ParseException  # type: ignore[import-untyped]
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]

from access_es.errors import BadRequest

GRACE_SECONDS = 30
SLOWEST_BYTES_PER_SECOND = 512


class RequestBodyError(BadRequest):
    """The body cannot be read to its end; the connection closes after the answer."""

    code = "broken_request_body"
    message = "The request body ended early or is not framed as HTTP demands."


class RequestBodyStalled(RequestBodyError):
    status = 408
    code = "request_timeout"
    message = "The request body arrived too slowly."


class PatientUnreader(SocketUnreader):  # type: ignore[misc]
    """The socket of a body, read as long as its client keeps some pace: 30 seconds, and more as more arrives.

    The time the application takes between its reads is not the client's.
    """

    # Read-ahead beyond what the application asks for is copied again at every read.
    max_body_chunk = 256 * 1024

    def expect_body(self) -> None:
        self._waited_seconds = 0.0
        self._received_bytes = 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        began = time.monotonic()
        data: bytes = super().chunk(size_hint)
        self._waited_seconds += time.monotonic() - began
        self._received_bytes += len(data)
        if data and self._waited_seconds > GRACE_SECONDS + self._received_bytes / SLOWEST_BYTES_PER_SECOND:
            raise TimeoutError("less than the slowest pace accepted")
        return data


class StrictChunks(ChunkedReader):  # type: ignore[misc]
    """Chunks whose size lines end with CRLF (RFC 9112, 7.1); a bare LF is refused at once instead of waited on."""

    def parse_chunk_size(self, unreader: Any, data: bytes | None = None) -> Any:
        line = bytearray(data or b"")
        while b"\n" not in line and len(line) <= self.limit_chunk_size_line:
            self.read_into(unreader, line)
        line_feed = line.find(b"\n")
        if line_feed >= 0 and line[line_feed - 1 : line_feed] != b"\r":
            raise InvalidChunkSize(b"bare LF")
        return super().parse_chunk_size(unreader, data=bytes(line))


class RequestBody(Body):  # type: ignore[misc]
    """gunicorn's body, made to tell an upload that broke off or stalls from one that is complete.

    `invite` sends 100 Continue; it is called before the first byte is waited for, so a client that asked first and is
    refused never sends its body (RFC 9110, 10.1.1).
    """

    def __init__(self, reader: Any, unreader: Any, invite: Callable[[], None] | None = None) -> None:
        super().__init__(reader)
        self._unreader = unreader
        self._invite = invite
        unreader.expect_body()

    @property
    def is_consumed(self) -> bool:
        """Whether the application has read all there was."""
        if self.failed or self.buf.tell():
            return False
        return not (self.reader.length if isinstance(self.reader, LengthReader) else self.reader.parser)

    @property
    def is_left_behind(self) -> bool:
        """Whether bytes of this body may still have to come: the next request's beginning is then unknown."""
        if self.failed:
            return True
        if isinstance(self.reader, LengthReader):
            return bool(self.reader.length > self._unreader.buf.getbuffer().nbytes)
        return bool(self.reader.parser)

    def _read_reader(self, size: int) -> bytes:
        if self._invite is not None:
            self._invite()
            self._invite = None
        try:
            return self._read_whole(size)
        except TimeoutError as fault:
            raise RequestBodyStalled(detail="nothing arrived") from fault
        except ParseException as fault:  # its text quotes the body
            raise RequestBodyError(detail=type(fault).__name__) from None
        except (OSError, EOFError) as fault:
            raise RequestBodyError(detail=f"{type(fault).__name__}: {fault}") from fault

    def _read_whole(self, size: int) -> bytes:
        wanted = min(size, self.reader.length) if isinstance(self.reader, LengthReader) else 0
        data: bytes = super()._read_reader(size)
        if len(data) < wanted:
            self.failed = True
            raise EOFError("the client closed the connection within the body")
        return data
