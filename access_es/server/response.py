"""The answer on the wire: what the application said and the framing it needs, no more."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import wsgi  # type: ignore[import-untyped]

_SLICE_BYTES = 128 * 1024  # one slice must be taken by the client within the socket's timeout


class ClientGone(Exception):
    """The client no longer takes the answer."""


class AnswerTooShort(Exception):
    """The application ended before the length it announced."""


class Response(wsgi.Response):  # type: ignore[misc]
    """gunicorn's response, which passes the application's `Server` and `Date` instead of dropping them for its own."""

    headers_sent: bool

    def __init__(self, req: Any, sock: socket.socket, cfg: Any) -> None:
        super().__init__(req, sock, cfg)
        self._unsent_head = b""
        self.has_begun = False  # whether anything may have reached the client

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        for name, value in headers:
            super().process_headers([(name, value)])
            if name.lower() in ("server", "date"):
                self.headers.append((name, value.strip(" \t")))

    def default_headers(self) -> list[str]:
        lines = ["HTTP/{}.{} {}\r\n".format(*self.req.version, self.status)]
        if not any(name.lower() == "date" for name, _ in self.headers):
            lines.append(f"Date: {util.http_date()}\r\n")  # RFC 9110, 6.6.1
        if self.should_close():
            lines.append("Connection: close\r\n")
        elif self.req.version < (1, 1):
            lines.append("Connection: keep-alive\r\n")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked\r\n")
        return lines

    def send_headers(self) -> None:
        """Kept until the first of the body goes with them: one packet, one wake-up of the client."""
        if self.headers_sent:
            return
        lines = self.default_headers()
        lines.extend(f"{name}: {value}\r\n" for name, value in self.headers)
        self._unsent_head = "".join(lines).encode("latin-1") + b"\r\n"
        self.headers_sent = True

    def _emit_body(self, data: bytes) -> None:
        before = self._take_head() + (b"%X\r\n" % len(data) if self.chunked else b"")
        after = b"\r\n" if self.chunked else b""
        if len(data) <= _SLICE_BYTES:
            self._send(before + data + after)
            return
        self._send(before)
        view = memoryview(data)
        for start in range(0, len(data), _SLICE_BYTES):
            self._send(view[start : start + _SLICE_BYTES])
        self._send(after)

    def close(self) -> None:
        if self.response_length is not None and not self._omits_body and self.sent < self.response_length:
            raise AnswerTooShort(f"{self.sent} of {self.response_length} bytes")
        self.send_headers()
        self._send(self._take_head() + (b"0\r\n\r\n" if self.chunked else b""))

    def _take_head(self) -> bytes:
        head, self._unsent_head = self._unsent_head, b""
        return head

    def _send(self, data: bytes | memoryview) -> None:
        if not data:
            return
        self.has_begun = True
        try:
            self.sock.sendall(data)
        except OSError as fault:
            raise ClientGone(str(fault)) from fault
