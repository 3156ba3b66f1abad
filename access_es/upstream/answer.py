"""The domain's answer as it came: its own headers, its undecoded bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from access_es.client_presence import ClientGone
from access_es.messages import Body, Held, ProxyResponse
from access_es.upstream.connection import RECEIVE_BYTES, Connection
from access_es.upstream.failures import FAULTS, explain
from access_es.upstream.head import BadHead, Head, ends_connection, framing, read_chunk_size, read_header_lines

WHOLE_BYTES = 64 * 1024  # an answer up to this size is read whole first, so that a broken one still becomes a 502
_NEXT_CHUNK = re.compile(rb"\r\n([1-9A-Fa-f][0-9A-Fa-f]{0,14})\r\n")

End = Callable[[Connection, bool], None]


class ArrivingBody:
    """The bytes behind a head, without their framing.

    `end` is called once, with the connection and whether it can carry another request. `length_left` is None where
    only the end will tell.
    """

    __slots__ = ("_chunk_left", "_closes", "_connection", "_end", "_is_chunked", "length_left")

    def __init__(self, connection: Connection, head: Head, method: str, end: End) -> None:
        self._connection: Connection | None = connection
        self._end = end
        self._is_chunked, self.length_left = framing(head.pairs)
        self._chunk_left: int | None = None  # None before the first chunk
        if method == "HEAD" or head.status in (204, 304):
            self._is_chunked, self.length_left = False, 0
        # RFC 9112, 6.3: a body that is neither chunked nor of a known length ends with the connection.
        self._closes = (not self._is_chunked and self.length_left is None) or ends_connection(head)
        if self.length_left == 0:
            self._finish()

    def read(self) -> bytes:
        """What has arrived, waiting for a first byte; b"" at the end. Raises an AccessEsError where it breaks off."""
        if self._connection is None:
            return b""
        try:
            return self._read_chunks(self._connection) if self._is_chunked else self._read_plain(self._connection)
        except FAULTS as fault:
            is_aborted = self._connection.is_aborted
            self.close()
            if is_aborted:
                raise ClientGone from None
            raise explain(fault) from None  # a traceback would quote what was read
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave it before its end: the connection cannot be used for anything else then."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._end(connection, False)

    def _finish(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._end(connection, not self._closes)

    def _read_plain(self, connection: Connection) -> bytes:
        left = self.length_left
        data = connection.receive(RECEIVE_BYTES if left is None else min(left, RECEIVE_BYTES))
        if left is not None:
            if not data:
                raise BadHead(f"the connection ended {left} bytes before the body")
            self.length_left = left = left - len(data)
        if left == 0 or not data:
            self._finish()
        return data

    def _read_chunks(self, connection: Connection) -> bytes:
        if not self._chunk_left and not self._begin_chunk(connection):
            return b""
        pieces = [self._read_chunk(connection)]
        while not self._chunk_left and (match := connection.match(_NEXT_CHUNK)):  # what is here already
            self._chunk_left = int(match[1], 16)
            connection.receive(len(match[0]))
            if not connection.has_more:
                break
            pieces.append(self._read_chunk(connection))
        return b"".join(pieces) if len(pieces) > 1 else pieces[0]

    def _begin_chunk(self, connection: Connection) -> bool:
        if self._chunk_left is not None and connection.readline(2) != b"\r\n":
            raise BadHead("a chunk is longer than its size")
        self._chunk_left = read_chunk_size(connection)
        if self._chunk_left:
            return True
        read_header_lines(connection)  # the trailers, with their limits
        self._finish()
        return False

    def _read_chunk(self, connection: Connection) -> bytes:
        left = self._chunk_left or 0
        data = connection.receive(min(left, RECEIVE_BYTES))
        if not data:
            raise BadHead("the connection ended within a chunk")
        self._chunk_left = left - len(data)
        return data


class StreamingBody:
    """A body as it arrives. Its connection goes back to the pool at the end, and is closed if left before that."""

    __slots__ = ("_arriving", "_first")

    def __init__(self, arriving: ArrivingBody, first: bytes) -> None:
        self._arriving = arriving
        self._first = first

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield self._first
            self._first = b""
            while piece := self._arriving.read():
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        self._arriving.close()


def read_answer(head: Head, arriving: ArrivingBody, *, whole_bytes: int = 0) -> ProxyResponse:
    """Read an answer's start: all of it where it is known to be small or ends within `whole_bytes`."""
    length = arriving.length_left
    most = WHOLE_BYTES if length is not None and length <= WHOLE_BYTES else whole_bytes
    first, is_whole = _read_start(arriving, most)
    body: Body = Held(first) if is_whole else StreamingBody(arriving, first)
    return ProxyResponse(head.status, tuple(head.pairs), body, head.reason, len(first) if is_whole else length)


def _read_start(arriving: ArrivingBody, most: int) -> tuple[bytes, bool]:
    """The first piece, or up to `most` bytes; and whether that was all."""
    start = arriving.read()
    if arriving.length_left == 0 or not start:
        return start, True
    pieces = [start]
    held = len(start)
    while held < most:
        piece = arriving.read()
        if not piece:
            return b"".join(pieces), True
        pieces.append(piece)
        held += len(piece)
    return b"".join(pieces), arriving.length_left == 0
