"""HTTP/1.1 messages as bytes, without any I/O: nothing is decoded, reordered or given another case.

Libraries normalise what a test of fidelity has to see: raw targets, latin-1 header values, repeated headers, answers
without Content-Type, informational answers. So the demo domain reads and writes its messages itself.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from access_es.demo.canonical import HeaderPairs

# RFC 9110, 5.6.2: token; 5.5: no control characters in a value but the tab.
_HEADER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: (.*))?")
_DIGITS = re.compile(rb"[0-9]{1,18}")

# RFC 9110, 7.6.1, and Content-Length, which the framing of each hop sets anew.
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer "
    b"transfer-encoding upgrade content-length".split()
)


class BadMessageError(Exception):
    """The peer does not speak HTTP/1.1 strictly; `status` is the answer it gets."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The first lines of a request. `length` is its Content-Length, None when the body is chunked."""

    method: str
    target: bytes
    headers: HeaderPairs = field(repr=False)
    length: int | None
    keep_alive: bool
    may_be_chunked: bool
    expects_continue: bool


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The first lines of an answer. `length` is its Content-Length, if it has one."""

    status: int
    reason: bytes
    headers: HeaderPairs = field(repr=False)
    length: int | None
    chunked: bool
    keep_alive: bool


class BodyStream(Protocol):
    """A body in pieces, as an async generator gives them; `aclose` frees what is behind it, read or not."""

    def __aiter__(self) -> AsyncIterator[bytes | memoryview]: ...
    def aclose(self) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. A body of bytes carries its length; a stream is chunked unless `length` is known."""

    status: int = 200
    headers: HeaderPairs = field(default=(), repr=False)
    body: bytes | BodyStream = field(default=b"", repr=False)
    length: int | None = None
    reason: bytes | None = None
    interim: tuple[int, ...] = ()


def parse_request(head: bytes) -> RequestHead:
    """`head` ends with its empty line. Framing that two readers could understand differently is refused."""
    line, *rest = head[:-4].split(b"\r\n")
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise BadMessageError("malformed request line")
    headers = _parse_headers(rest)
    chunked, length = _framing(headers)
    if chunked and length is not None:
        raise BadMessageError("Content-Length beside Transfer-Encoding")
    if len(values(headers, b"host")) != 1:
        raise BadMessageError("exactly one Host is needed")
    return RequestHead(
        method=found[1].decode("ascii"),
        target=found[2],
        headers=headers,
        length=None if chunked else length or 0,
        keep_alive=_keep_alive(found[3] == b"1", headers),
        may_be_chunked=found[3] == b"1",
        expects_continue=values(headers, b"expect")[:1] == [b"100-continue"],
    )


def parse_response(head: bytes) -> ResponseHead:
    line, *rest = head[:-4].split(b"\r\n")
    found = _STATUS_LINE.fullmatch(line)
    if found is None:
        raise BadMessageError("malformed status line", 502)
    headers = _parse_headers(rest)
    chunked, length = _framing(headers)
    keep_alive = _keep_alive(found[1] == b"1", headers)
    return ResponseHead(int(found[2]), found[3] or b"", headers, None if chunked else length, chunked, keep_alive)


def render_head(first_line: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join((first_line, b"\r\n", *(b"%b: %b\r\n" % pair for pair in headers), b"\r\n"))


def status_line(status: int, reason: bytes | None = None) -> bytes:
    if reason is None:
        try:
            reason = HTTPStatus(status).phrase.encode("ascii")
        except ValueError:
            reason = b""
    return b"HTTP/1.1 %d %b" % (status, reason)


def has_no_body(method: str, status: int) -> bool:
    """RFC 9112, 6.3: these answers end with their head, whatever their headers say."""
    return method == "HEAD" or status in (204, 304) or 100 <= status < 200


def values(headers: HeaderPairs, name: bytes) -> list[bytes]:
    return [value for known, value in headers if known.lower() == name]


def end_to_end(headers: HeaderPairs) -> HeaderPairs:
    """Without the headers that belong to one connection, named as such by the RFC or by Connection itself."""
    named = {token.strip().lower() for value in values(headers, b"connection") for token in value.split(b",")}
    dropped = HOP_BY_HOP | named
    return tuple(pair for pair in headers if pair[0].lower() not in dropped)


def _parse_headers(lines: list[bytes]) -> HeaderPairs:
    pairs = []
    for line in lines:
        found = _HEADER_LINE.fullmatch(line)
        if found is None:
            raise BadMessageError("malformed header")
        pairs.append((found[1], found[2].rstrip(b" \t")))
    return tuple(pairs)


def _framing(headers: HeaderPairs) -> tuple[bool, int | None]:
    """Whether the body is chunked, and its announced length."""
    codings, lengths = values(headers, b"transfer-encoding"), values(headers, b"content-length")
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        raise BadMessageError("unknown transfer coding", 501)
    if len(lengths) > 1 or any(_DIGITS.fullmatch(length) is None for length in lengths):
        raise BadMessageError("malformed Content-Length")
    return bool(codings), int(lengths[0]) if lengths else None


def _keep_alive(is_1_1: bool, headers: HeaderPairs) -> bool:
    tokens = {token.strip().lower() for value in values(headers, b"connection") for token in value.split(b",")}
    return b"close" not in tokens and (is_1_1 or b"keep-alive" in tokens)
