"""A request as gunicorn parses it, with what it is too lenient about refused and what it loses kept."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from gunicorn.http.body import ChunkedReader, LengthReader  # type: ignore[import-untyped]
from gunicorn.http.errors import InvalidHeader, InvalidRequestLine, LimitRequestHeaders  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]

from access_es.ingress.request_line import explain_method, explain_target
from access_es.server.body import PatientUnreader, RequestBody, StrictChunks

Pairs = tuple[tuple[str, str], ...]
_NON_ASCII = re.compile(rb"[\x80-\xff]")
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%\[\]:-]+")  # RFC 3986, 3.2.2 and 3.2.3: host and port, no user


class BadRequestLine(InvalidRequestLine):  # type: ignore[misc]
    """A method or target that cannot be passed on. `sentence` says what was probably meant."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class StrictRequest(Request):  # type: ignore[misc]
    """`target` and `pairs` are the request line's target and the header lines, in latin-1 text, as they were sent.

    A name with an underscore (OpenSearch's `sg_tenant`) is in `pairs` alone: in a WSGI environ it would pass for the
    one with a dash, so gunicorn drops it there. `upstream.headers` folds the two where that would be dangerous.
    """

    target = ""
    pairs: Pairs = ()
    body: Any
    _expected_100_continue: bool

    def read_into(self, unreader: Any, buf: bytearray, stop: bool = False) -> None:
        """The head was gathered before parsing began: one that wants more has no end within the limits."""
        gathered = unreader.take_buffered()
        if not gathered:
            raise LimitRequestHeaders("the head is larger than this server accepts")
        buf.extend(gathered)

    def parse_request_line(self, line_bytes: bytes) -> None:
        """RFC 9112, 3.2 knows no bytes beyond ASCII in a target, but curl and others send them: kept, not refused."""
        parts = line_bytes.split(b" ", 2)
        if len(parts) == 3:
            if parts[0].isalpha() and parts[1] and parts[2].startswith(b"HTTP/1."):
                _require_meaning(parts[0].decode(), parts[1])
            self.target = parts[1].decode("latin-1")
            parts[1] = _NON_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], parts[1])
        super().parse_request_line(b" ".join(parts))

    def parse_headers(self, data: bytes, from_trailer: bool = False) -> Any:
        headers = super().parse_headers(data, from_trailer)
        if not from_trailer:
            self.pairs = tuple(_split(line) for line in data.decode("latin-1").split("\r\n"))
        return headers

    def set_body_reader(self) -> None:
        self._require_host()
        self._require_chunked()
        super().set_body_reader()
        sock = self.unreader.sock
        invite = partial(sock.sendall, b"HTTP/1.1 100 Continue\r\n\r\n") if self._expected_100_continue else None
        self._expected_100_continue = False  # gunicorn would send it before the application runs
        chunked = isinstance(self.body.reader, ChunkedReader)
        reader = StrictChunks(self, self.unreader) if chunked else self.body.reader
        empty = isinstance(reader, LengthReader) and not reader.length
        self.body = RequestBody(reader, self.unreader, None if empty else invite)

    def should_close(self) -> bool:
        """Also where bytes of the body may still come: asked when the answer's head is written, and kept to."""
        if self.body.is_left_behind or self._is_told_to_close():
            self.force_close()
        return bool(super().should_close())

    def _is_told_to_close(self) -> bool:
        """RFC 9110, 7.6.1: `close` is one of a list, also over several lines; gunicorn reads a lone word."""
        said = [value for name, value in self.headers if name == "CONNECTION"]
        return any(option.strip(" \t").lower() == "close" for value in said for option in value.split(","))

    def _peer_trusted_for_forwarded(self) -> tuple[dict[str, str], list[str]]:
        """Nobody's SCRIPT_NAME is believed, nor X-Forwarded-Proto; but see `forwarded`."""
        return {}, []

    def _require_host(self) -> None:
        """RFC 9112, 3.2: a missing or malformed Host is answered with 400. (Two of them are refused by gunicorn.)"""
        host = next((value for name, value in self.headers if name == "HOST"), None)
        if host is None:
            if self.version >= (1, 1):
                raise InvalidHeader("HOST", req=self)
        elif not _HOST.fullmatch(host):
            raise InvalidHeader("HOST", req=self)

    def _require_chunked(self) -> None:
        """gunicorn hands `gzip, chunked` on still compressed, with nothing left to say so."""
        codings = [value for name, value in self.headers if name == "TRANSFER-ENCODING"]
        if codings and [coding.lower() for coding in codings] != ["chunked"]:
            raise InvalidHeader("TRANSFER-ENCODING", req=self)


class StrictParser(RequestParser):  # type: ignore[misc]
    mesg_class = StrictRequest

    def __init__(self, cfg: Any, source: Any, source_addr: Any) -> None:
        super().__init__(cfg, source, source_addr)
        self.unreader = PatientUnreader(source)

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        if self.mesg is None or self.mesg.body.is_consumed:
            return True
        return bool(super().finish_body(deadline, max_bytes))


def _require_meaning(method: str, target: bytes) -> None:
    """Raises BadRequestLine for what would otherwise be called bad framing."""
    is_other_form = target.lower().startswith((b"http://", b"https://")) or method in ("OPTIONS", "CONNECT")
    fault = explain_method(method) or (None if is_other_form else explain_target(target))  # RFC 9112, 3.2: four forms
    if fault:
        raise BadRequestLine(fault)


def _split(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip(" \t")
