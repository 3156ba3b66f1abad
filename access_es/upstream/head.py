"""Reads the head of an answer: its status line and header lines, strictly, and without changes.

A head as servers write it is read by one regular expression; any other line by line, to the same rules.
"""

from __future__ import annotations

import re
from http.client import HTTPException
from typing import NamedTuple, Protocol

from access_es.header_lines import ByNames, places_of

# Elasticsearch sends one `Warning` line for each deprecated field that a request touches.
MAX_HEAD_BYTES = 1024 * 1024
MAX_LINES = 6_000
_MAX_CHUNK_LINE_BYTES = 64 * 1024
# RFC 9112, 4: the reason phrase may be missing, and with it the blank before it.
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: token
_LINE = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)\r\n", re.MULTILINE)
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")  # RFC 9112, 7.1; old servers put blanks behind it

Pairs = list[tuple[str, str]]
_FRAMING = ByNames(
    lambda names: (
        places_of(names, "content-length"),
        places_of(names, "transfer-encoding"),
        places_of(names, "connection"),
    )
)


class LineReader(Protocol):
    def readline(self, size: int, /) -> bytes:
        """Up to and with the next line feed, at most `size` bytes; less at the end of the stream."""
        ...


class BadHead(HTTPException):
    """An answer that cannot be forwarded, because its meaning or its end is ambiguous."""


class HeadTooLarge(BadHead):
    """An answer with more in its head than we take."""


class Head(NamedTuple):
    """Minor version of HTTP/1, status, reason phrase, and the header lines in order, with repeats."""

    minor: int
    status: int
    reason: str
    pairs: Pairs


def parse_head(data: bytes) -> Head | None:
    """A head without its empty line; None where it is not written plainly, and must be read line by line.

    Each match takes one line feed, from the beginning of a line to its end: where all are taken, nothing is left over.
    """
    status_line, _, rest = data.partition(b"\r\n")
    match = _STATUS_LINE.fullmatch(status_line)
    lines = rest.decode("latin-1") + "\r\n" if rest else ""
    pairs = _LINE.findall(lines)
    if match is None or len(pairs) != lines.count("\n") or len(pairs) > MAX_LINES:
        return None
    if " \r\n" in lines or "\t\r\n" in lines:
        pairs = [(name, value.rstrip(" \t")) for name, value in pairs]
    return Head(int(match[1]), int(match[2]), (match[3] or b"").decode("latin-1"), pairs)


def read_head(reader: LineReader) -> Head:
    """The next head, line by line. Raises ConnectionResetError at the end of the stream."""
    return Head(*read_status(reader), read_header_lines(reader))


def read_status(reader: LineReader) -> tuple[int, int, str]:
    """Minor version, status and reason of the next answer. Raises ConnectionResetError at the end of the stream."""
    line = reader.readline(MAX_HEAD_BYTES)
    if not line:
        raise ConnectionResetError("the domain closed the connection without an answer")
    match = _STATUS_LINE.fullmatch(line.rstrip(b"\r\n"))
    if match is None or not line.endswith(b"\n"):
        raise BadHead("no status line")
    return int(match[1]), int(match[2]), (match[3] or b"").decode("latin-1")


def read_header_lines(reader: LineReader) -> Pairs:
    """Names and values in order, with repeats; folded lines joined by a blank, as RFC 9112, 5.2 has proxies do."""
    pairs: Pairs = []
    size = lines = 0
    while True:
        line = reader.readline(MAX_HEAD_BYTES)
        size += len(line)
        lines += 1
        if size >= MAX_HEAD_BYTES or lines > MAX_LINES + 1:
            raise HeadTooLarge(f"the answer's header is larger than {MAX_HEAD_BYTES:,} bytes or {MAX_LINES:,} lines")
        if not line.endswith(b"\n"):
            raise BadHead("the header lines end too early")
        text = line.decode("latin-1").rstrip("\r\n")
        if not text:
            return pairs
        if text[0] in " \t" and pairs:
            name, value = pairs[-1]
            pairs[-1] = (name, value + " " + text.strip(" \t"))
            continue
        name, colon, value = text.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise BadHead("a header line without a name")
        pairs.append((name, value.strip(" \t")))


def read_chunk_size(reader: LineReader) -> int:
    """The size of the next chunk. int() would take `+5`, `0x5` and `1_0` as well. Raises BadHead for all else."""
    line = reader.readline(_MAX_CHUNK_LINE_BYTES)
    match = _CHUNK_SIZE.fullmatch(line.removesuffix(b"\n").removesuffix(b"\r"))
    if match is None or not line.endswith(b"\n"):
        raise BadHead("the size of a chunk is not one number")
    return int(match[1], 16)


def framing(pairs: Pairs) -> tuple[bool, int | None]:
    """Whether the body is chunked, and its announced length. Raises BadHead where two readings are possible."""
    places, coding_places, _ = _FRAMING.of(pairs)
    if len(places) == 1 and not coding_places and _LENGTH.fullmatch(pairs[places[0]][1]):  # most answers
        return False, int(pairs[places[0]][1])
    codings = [pairs[place][1].lower() for place in coding_places]
    lengths = {pairs[place][1] for place in places}
    if codings and (codings != ["chunked"] or lengths):
        raise BadHead("a transfer coding that is not plain chunked")
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(value) for value in lengths):
        raise BadHead("the content length is not one number")
    return bool(codings), int(lengths.pop()) if lengths else None


def ends_connection(head: Head) -> bool:
    """Whether the domain closes the connection behind this answer (RFC 9112, 9.3)."""
    _, _, places = _FRAMING.of(head.pairs)
    said = ",".join([head.pairs[place][1].lower() for place in places]) if places else ""
    return "close" in said or (head.minor == 0 and "keep-alive" not in said)
