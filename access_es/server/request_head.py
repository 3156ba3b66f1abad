"""The head of a request, read strictly: where two readers could see its end in different places, it is refused.

Pure: bytes in, a head or a `Refused` out. Header names and values are latin-1 text, in order, with repeats, in the case
received.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from access_es.errors import BadRequest
from access_es.header_lines import ByNames, places_of
from access_es.ingress.request_line import explain_method, explain_target
from access_es.server.refusal import (
    BAD_FRAMING,
    EXPECTATION_FAILED,
    HEADER_BYTES,
    HEADER_LINES,
    HEADERS_TOO_LARGE,
    TARGET_BYTES,
    TARGET_TOO_LONG,
    Refusal,
    Refused,
)

Pairs = tuple[tuple[str, str], ...]

_LINE_EXTRA_BYTES = 64  # of a request line, beside its target
# RFC 9112, 3.2 knows no bytes beyond ASCII in a target, but curl and others send them: kept, not refused.
_REQUEST_LINE = re.compile(r"([!$&'*+.0-9A-Z^_`|~-]{3,20}) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
_LINE = re.compile(
    r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)\r\n", re.MULTILINE
)  # RFC 9110, 5.1 and 5.5
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%\[\]:-]+")  # RFC 3986, 3.2.2 and 3.2.3: host and port, no user
_DIGITS = re.compile(r"[0-9]+")
_TELLING = ByNames(  # of framing and connection: where they are, and which
    lambda names: tuple(
        (place, names[place].lower())
        for place in places_of(names, "host", "content-length", "transfer-encoding", "connection", "expect")
    )
)
_MOST_BODY_BYTES = 10**18
_MANY_DIGITS = 18
_REMEMBERED_CHARACTERS = 4_096
# RFC 9110, 6.5.1: fields that would change what the head said of framing, routing or authentication.
_NEVER_TRAILERS = frozenset(("host", "content-length", "transfer-encoding", "trailer", "authorization", "te"))


class RequestHead(NamedTuple):
    """`length` is the body's, None where there is none or it is chunked. `can_gather`: it may be waited for."""

    method: str
    target: str
    minor: int
    pairs: Pairs
    length: int | None
    is_chunked: bool
    expects_continue: bool
    keeps_alive: bool
    can_gather: bool


class LastLines:
    """The header lines of a connection's last request: most clients send the same ones with the next."""

    __slots__ = ("_head", "_text")

    def __init__(self) -> None:
        self._text = ""
        self._head: RequestHead | None = None

    def read(self, method: str, target: str, minor: int, text: str) -> RequestHead:
        """The head that these lines make, which are read only where they differ. Raises Refused."""
        last = self._head
        if last is not None and text == self._text and minor == last.minor:
            return RequestHead(method, target, *last[2:])
        head = _understand(method, target, minor, _read_lines(text + "\r\n" if text else ""))
        if len(text) <= _REMEMBERED_CHARACTERS:
            self._text, self._head = text, head
        return head


def parse_request(data: bytes, last: LastLines) -> RequestHead:
    """A head without its empty line. Raises Refused."""
    text = data.decode("latin-1")
    line, _, rest = text.removeprefix("\r\n").partition("\r\n")
    if len(line) > TARGET_BYTES + _LINE_EXTRA_BYTES:
        raise Refused(TARGET_TOO_LONG)
    if len(rest) > HEADER_BYTES:
        raise Refused(HEADERS_TOO_LARGE)
    match = _REQUEST_LINE.fullmatch(line)
    if match is None or not match[2].startswith("/"):
        _explain_line(line)
    if match is None:
        raise Refused(BAD_FRAMING, "request line")
    if len(match[2]) > TARGET_BYTES:
        raise Refused(TARGET_TOO_LONG)
    return last.read(match[1], match[2], int(match[3]), rest)


def _explain_line(line: str) -> None:
    """Refuse, in words of its own, what would otherwise be called bad framing."""
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if not (method.isascii() and method.isalpha() and target and version.startswith("HTTP/1.")):
        return
    raw = target.encode("latin-1")
    is_other_form = raw.lower().startswith((b"http://", b"https://")) or method in ("OPTIONS", "CONNECT")
    fault = explain_method(method) or (None if is_other_form else explain_target(raw))  # RFC 9112, 3.2: four forms
    if fault:
        raise Refused(Refusal(400, BadRequest.code, fault))


def check_beginning(data: bytes | bytearray, seen: int) -> None:
    """Refuse a head that is not complete yet, but wrong already. `seen` bytes of it were checked before."""
    if data.count(b"\n", seen) != data.count(b"\r\n", max(0, seen - 1)):
        raise Refused(BAD_FRAMING, "bare LF")
    line_end = data.find(b"\r\n", 2)
    if (len(data) if line_end < 0 else line_end) > TARGET_BYTES + _LINE_EXTRA_BYTES:
        raise Refused(TARGET_TOO_LONG)
    if len(data) > TARGET_BYTES + HEADER_BYTES:
        raise Refused(HEADERS_TOO_LARGE)


def are_good_trailers(data: bytes) -> bool:
    """Whether these are header lines, each with its line end, that may follow a body."""
    try:
        return not any(name.lower() in _NEVER_TRAILERS for name, _ in _read_lines(data.decode("latin-1")))
    except Refused:
        return False


def _read_lines(lines: str) -> list[tuple[str, str]]:
    """Each match takes one line feed, from the beginning of a line to its end: all are taken, or it is refused."""
    found = _LINE.findall(lines)
    if len(found) != lines.count("\n") or (lines and not found):
        raise Refused(BAD_FRAMING, "header lines")
    if len(found) > HEADER_LINES:
        raise Refused(HEADERS_TOO_LARGE)
    return [(name, value.strip(" \t")) for name, value in found]


def _understand(method: str, target: str, minor: int, pairs: list[tuple[str, str]]) -> RequestHead:
    """What the lines say of this request's framing and connection."""
    lengths, codings, hosts, said, expected = [], [], [], "", ""
    for place, name in _TELLING.of(pairs):
        value = pairs[place][1]
        match name:
            case "host":
                hosts.append(value)
            case "content-length":
                lengths.append(value)
            case "transfer-encoding":
                codings.append(value.lower())
            case "connection":
                said += "," + value
            case "expect":
                expected = value.lower()
    _require_host(hosts, minor)
    length = _read_length(lengths)
    if codings and (codings != ["chunked"] or lengths or minor == 0):
        raise Refused(BAD_FRAMING, "transfer coding")
    if expected and expected != "100-continue":
        raise Refused(EXPECTATION_FAILED)
    return RequestHead(
        method, target, minor, tuple(pairs), length, bool(codings), bool(expected) and minor == 1,
        _keeps_alive(said, minor), not expected and not (lengths and len(lengths[0]) > _MANY_DIGITS),
    )  # fmt: skip


def _require_host(hosts: list[str], minor: int) -> None:
    """RFC 9112, 3.2: a missing, malformed or repeated Host is answered with 400."""
    if len(hosts) > 1 or (not hosts and minor == 1) or (hosts and not _HOST.fullmatch(hosts[0])):
        raise Refused(BAD_FRAMING, "host")


def _read_length(lengths: list[str]) -> int | None:
    if not lengths:
        return None
    text = lengths[0]
    if len(lengths) > 1 or len(text) > 1_000 or not _DIGITS.fullmatch(text) or int(text) > _MOST_BODY_BYTES:
        raise Refused(BAD_FRAMING, "content length")
    return int(text)


def _keeps_alive(said: str, minor: int) -> bool:
    """RFC 9112, 9.3: `close` and `keep-alive` are two of a list, also over several lines."""
    if not said:
        return minor == 1
    options = {option.strip(" \t").lower() for option in said.split(",")}
    return "close" not in options and (minor == 1 or "keep-alive" in options)
