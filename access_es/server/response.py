"""The answer on the wire: what the application said and the framing it needs, no more."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from access_es.server.connection import Connection
from access_es.server.request_head import RequestHead

_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
     "upgrade")
)  # fmt: skip
_BLANKS = " \t"
_STATUS = re.compile(r"[1-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*")
_LINE = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n", re.MULTILINE)


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
        lines, has_date, length = [], False, None
        for name, value in headers:
            lower = name.lower()
            if lower in _HOP_BY_HOP or (lower == "content-length" and code == 204):
                continue
            if lower == "content-length":
                length = int(value)
            has_date = has_date or lower == "date"
            lines.append(f"{name}: {value.strip(_BLANKS)}\r\n")
        self._length = length
        self._is_chunked = length is None and not self._omits_body and self._request.minor == 1
        ends_with_close = length is None and not self._omits_body and self._request.minor == 0
        self.keeps_alive = self.keeps_alive and not ends_with_close and not must_close()
        self._unsent_head = _write_head(self._request.minor, status, self._framing(has_date), lines)
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


def _write_head(minor: int, status: str, framing: str, lines: list[str]) -> bytes:
    """Raises ValueError for what would not be one answer with these headers."""
    joined = "".join(lines)
    if not _STATUS.fullmatch(status) or not len(_LINE.findall(joined)) == joined.count("\n") == len(lines):
        raise ValueError("an answer's head with bytes that HTTP does not allow")
    return f"HTTP/1.{minor} {status}\r\n{framing}{joined}\r\n".encode("latin-1")


@lru_cache(maxsize=2)
def _http_date(now: int) -> str:
    return formatdate(now, usegmt=True)
