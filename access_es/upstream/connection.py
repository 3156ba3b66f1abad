"""HTTP/1.1 connections to the domain: urllib3's, with the three things a proxy must know better.

RFC 9110, 15.2: any number of interim (1xx) answers may come before the final one. http.client skips 100 alone and takes
a 103 for the answer, which would hand the real answer to the next request on the connection: another user's.
"""

from __future__ import annotations

import http.client
from typing import Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_MAX_INTERIM = 32
# A first write of this size on an open connection is one system call and one TLS record: where it fails, the kernel
# took none of it.
_ONE_WRITE_BYTES = 16 * 1024


class NothingSent(ConnectionError):
    """The connection was gone before a byte of the request left: any request may be sent again."""


class _FinalAnswer(http.client.HTTPResponse):
    """Reads past interim answers to the final one."""

    def begin(self) -> None:
        for _ in range(_MAX_INTERIM):
            super().begin()
            if not 100 <= self.status < 200:
                return
            if self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                break  # nobody asked for it: what follows would not be HTTP
            self.headers = self.msg = None  # type: ignore[assignment]  # begin() reads again only without headers
        raise http.client.HTTPException(f"no final answer after interim status {self.status}")


class _Wary:
    """Knows whether anything of the current request has been written."""

    _has_sent = False

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


class _PlainConnection(_Wary, HTTPConnection):
    response_class = _FinalAnswer


class _TlsConnection(_Wary, HTTPSConnection):
    response_class = _FinalAnswer


def prepare_pool(pool: Any) -> HTTPConnectionPool:
    """Have a urllib3 pool make our connections."""
    is_tls = isinstance(pool, HTTPSConnectionPool)
    pool.ConnectionCls = _TlsConnection if is_tls else _PlainConnection
    return cast(HTTPConnectionPool, pool)
