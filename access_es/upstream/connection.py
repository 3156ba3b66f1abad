"""HTTP/1.1 connections to the domain: urllib3's, with the three things a proxy must know better.

RFC 9110, 15.2: any number of interim (1xx) answers may come before the final one. http.client skips 100 alone and takes
a 103 for the answer, which would hand the real answer to the next request on the connection: another user's.
"""

from __future__ import annotations

import http
import http.client
import io
import socket
from collections.abc import Iterator
from typing import Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from access_es.upstream.head import BadHead, Pairs, framing, read_chunk_size, read_header_lines, read_status
from access_es.upstream.interruptible_read import InterruptibleReader

_MAX_INTERIM = 32
# A first write of this size on an open connection is one system call and one TLS record: where it fails, the kernel
# took none of it.
_ONE_WRITE_BYTES = 16 * 1024


class NothingSent(ConnectionError):
    """The connection was gone before a byte of the request left: any request may be sent again."""


class _Message(http.client.HTTPMessage):
    """Header lines as urllib3 asks for them."""

    def __init__(self, pairs: Pairs) -> None:
        super().__init__()
        self._pairs = pairs

    def items(self) -> Pairs:
        return self._pairs


class _FinalAnswer(http.client.HTTPResponse):
    """Reads past interim answers to the final one, and sets what http.client wants to know of its body."""

    def __init__(self, sock: socket.socket, *args: Any, waits: Iterator[float] | None = None, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.sock = sock  # for `patience`, which shortens its timeout for a while
        if waits is not None:
            self.fp = io.BufferedReader(InterruptibleReader(sock, self.fp.detach(), waits))

    def begin(self) -> None:
        for _ in range(_MAX_INTERIM):
            minor, self.status, self.reason = read_status(self.fp)
            pairs = read_header_lines(self.fp)
            if self.status >= 200 or self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                break
        if self.status < 200:  # 101 was not asked for: what follows it would not be HTTP
            raise BadHead(f"no final answer after interim status {self.status}")
        self.code = self.status
        self.version = 10 + minor
        self.headers = self.msg = _Message(pairs)
        self.chunked, self.length = framing(pairs)
        self.chunk_left = None
        if self._has_no_body():
            self.chunked, self.length = False, 0
        self.will_close = self._closes(pairs)

    def _read_next_chunk_size(self) -> int:
        return read_chunk_size(self.fp)

    def _read_and_discard_trailer(self) -> None:
        read_header_lines(self.fp)  # with their limits

    def _has_no_body(self) -> bool:
        return self.status in (204, 304) or self._method == "HEAD"  # type: ignore[attr-defined]

    def _closes(self, pairs: Pairs) -> bool:
        if not self.chunked and self.length is None:
            return True  # RFC 9112, 6.3: the body ends with the connection
        said = ",".join(value.lower() for name, value in pairs if name.lower() == "connection")
        return "close" in said or (self.version == 10 and "keep-alive" not in said)


class _StrictConnection:
    """Knows whether anything of the current request has been written."""

    _has_sent = False
    _waits: Iterator[float] | None = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **kwargs: Any) -> None:
        self._waits = getattr(headers, "waits", None)
        super().request(method, url, body, headers, **kwargs)  # type: ignore[misc]

    def response_class(self, *args: Any, **kwargs: Any) -> _FinalAnswer:
        """What http.client makes answers with."""
        return _FinalAnswer(*args, waits=self._waits, **kwargs)

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        self._has_sent = False
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self._has_sent:
            super().send(data)  # type: ignore[misc]
            return
        is_open = self.sock is not None  # type: ignore[attr-defined]
        try:
            super().send(data)  # type: ignore[misc]
        except (BrokenPipeError, ConnectionResetError) as fault:
            if is_open and isinstance(data, bytes) and len(data) <= _ONE_WRITE_BYTES:
                raise NothingSent(str(fault)) from fault
            raise
        self._has_sent = True


class _PlainConnection(_StrictConnection, HTTPConnection):  # type: ignore[misc]  # its response_class is a class
    pass


class _TlsConnection(_StrictConnection, HTTPSConnection):  # type: ignore[misc]  # the same
    pass


def prepare_pool(pool: Any) -> HTTPConnectionPool:
    """Have a urllib3 pool make our connections. Those through SOCKS stay connections of its own kind, too."""
    own = _TlsConnection if isinstance(pool, HTTPSConnectionPool) else _PlainConnection
    theirs = pool.ConnectionCls
    pool.ConnectionCls = own if issubclass(own, theirs) else type("_SocksConnection", (_StrictConnection, theirs), {})
    return cast(HTTPConnectionPool, pool)
