"""The answer on the wire: what the application said and the framing it needs, no more."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from access_es.header_lines import CONTROLS, ByNames, Names, Pairs, Take, taking, write_lines
from access_es.server.connection import Connection
from access_es.server.request_head import RequestHead

_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
     "upgrade")
)  # fmt: skip
_STATUS = re.compile(r"[1-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*")


class AnswerTooShort(Exception):
    """The application ended before the length it announced."""


class Response:
    """One answer. The head is kept until the first of the body goes with it: one packet, one wake-up of the client."""

    __slots__ = ("_connection", "_is_chunked", "_length", "_omits_body", "_request", "_sent", "_unsent_head",
                 "has_begun", "keeps_alive")  # fmt: skip

    def __init__(self, connection: Connection, request: RequestHead) -> None:
        self._connection = connection
        self._request = request
        self._unsent_head = b""
        self._length: int | None = None
        self._is_chunked = self._omits_body = False
        self._sent = 0
        self.has_begun = False  # whether anything may have reached the client
        self.keeps_alive = request.keeps_alive

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, must_close: Callable[[], bool] = bool
    ) -> Callable[[bytes], None]:
        """WSGI's start_response (PEP 3333)."""
        if exc_info and self.has_begun:
            raise exc_info[1].with_traceback(exc_info[2])
        code = int(status[:3])
        self._omits_body = self._request.method == "HEAD" or code in (204, 304) or code < 200
        take, lengths, has_date = (_WITHOUT_LENGTH if code == 204 else _WRITTEN).of(headers)
        length = int(headers[lengths[-1]][1]) if lengths else None
        self._length = length
        self._is_chunked = length is None and not self._omits_body and self._request.minor == 1
        ends_with_close = length is None and not self._omits_body and self._request.minor == 0
        self.keeps_alive = self.keeps_alive and not ends_with_close and not must_close()
        self._unsent_head = _write_head(self._request.minor, status, self._framing(has_date), take(headers))
        return self.write

    def _framing(self, has_date: bool) -> str:
        said = "" if has_date else f"Date: {_http_date(int(time.time()))}\r\n"  # RFC 9110, 6.6.1
        if not self.keeps_alive:
            said += "Connection: close\r\n"
        elif self._request.minor == 0:
            said += "Connection: keep-alive\r\n"
        return said + ("Transfer-Encoding: chunked\r\n" if self._is_chunked else "")

    def write(self, data: bytes) -> None:
        """Raises ClientLeft."""
        if self._length is not None:
            data = data[: self._length - self._sent]
        if not data or self._omits_body:
            return
        self._sent += len(data)
        if self._is_chunked:
            data = b"%X\r\n%b\r\n" % (len(data), data)
        self._send(data)

    def finish(self) -> None:
        """Raises AnswerTooShort, or ClientLeft."""
        if self._length is not None and not self._omits_body and self._sent < self._length:
            raise AnswerTooShort(f"{self._sent} of {self._length} bytes")
        self._send(b"0\r\n\r\n" if self._is_chunked else b"")

    def _send(self, data: bytes) -> None:
        if self._unsent_head:
            data, self._unsent_head = self._unsent_head + data, b""
        if data:
            self.has_begun = True
            self._connection.send(data)


def _plan(names: Names, *dropped: str) -> tuple[Take, tuple[int, ...], bool]:
    """What takes the lines to write, where among all those are that tell the length, and whether one tells the date."""
    plain = tuple(name.lower() for name in names)
    kept = [place for place, name in enumerate(plain) if name not in _HOP_BY_HOP and name not in dropped]
    return taking(kept), tuple(place for place in kept if plain[place] == "content-length"), "date" in plain


_WRITTEN = ByNames(_plan)
_WITHOUT_LENGTH = ByNames(lambda names: _plan(names, "content-length"))


def _write_head(minor: int, status: str, framing: str, headers: Pairs) -> bytes:
    """Raises ValueError for what would not be one answer with these headers."""
    if not _STATUS.fullmatch(status):
        raise ValueError("a status with bytes that HTTP does not allow")
    line = f"HTTP/1.{minor} {status}\r\n{framing}".encode("latin-1")
    return b"%b%b\r\n" % (line, write_lines(headers, CONTROLS))


@lru_cache(maxsize=2)
def _http_date(now: int) -> str:
    return formatdate(now, usegmt=True)
