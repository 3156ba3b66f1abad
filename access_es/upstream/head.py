"""Reads the head of an answer: its status line and header lines, strictly, and without changes.

http.client reads header lines with the parser for e-mail, which takes a line without a colon for the start of the body
and costs a third of the call.
"""

from __future__ import annotations

import re
from http.client import HTTPException
from typing import BinaryIO

MAX_LINE_BYTES = 64 * 1024
MAX_LINES = 256
MAX_HEAD_BYTES = 256 * 1024
# RFC 9112, 4: the reason phrase may be missing, and with it the blank before it.
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: token
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")  # RFC 9112, 7.1; old servers put blanks behind it

Pairs = list[tuple[str, str]]


class BadHead(HTTPException):
    """An answer that cannot be forwarded, because its meaning or its end is ambiguous."""


def read_status(reader: BinaryIO) -> tuple[int, int, str]:
    """Minor version, status and reason of the next answer. Raises ConnectionResetError at the end of the stream."""
    line = reader.readline(MAX_LINE_BYTES)
    if not line:
        raise ConnectionResetError("the domain closed the connection without an answer")
    match = _STATUS_LINE.fullmatch(line.rstrip(b"\r\n"))
    if match is None or not line.endswith(b"\n"):
        raise BadHead("no status line")
    return int(match[1]), int(match[2]), (match[3] or b"").decode("latin-1")


def read_header_lines(reader: BinaryIO) -> Pairs:
    """Names and values in order, with repeats; folded lines joined by a blank, as RFC 9112, 5.2 has proxies do."""
    pairs: Pairs = []
    size = 0
    while True:
        line = reader.readline(MAX_LINE_BYTES)
        size += len(line)
        if not line.endswith(b"\n") or size > MAX_HEAD_BYTES or len(pairs) > MAX_LINES:
            raise BadHead("the header lines end too early or are too many")
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


def read_chunk_size(reader: BinaryIO) -> int:
    """The size of the next chunk. int() would take `+5`, `0x5` and `1_0` as well. Raises BadHead for all else."""
    line = reader.readline(MAX_LINE_BYTES)
    match = _CHUNK_SIZE.fullmatch(line.removesuffix(b"\n").removesuffix(b"\r"))
    if match is None or not line.endswith(b"\n"):
        raise BadHead("the size of a chunk is not one number")
    return int(match[1], 16)


def framing(pairs: Pairs) -> tuple[bool, int | None]:
    """Whether the body is chunked, and its announced length. Raises BadHead where two readings are possible."""
    codings = [value.lower() for name, value in pairs if name.lower() == "transfer-encoding"]
    lengths = {value for name, value in pairs if name.lower() == "content-length"}
    if codings and (codings != ["chunked"] or lengths):
        raise BadHead("a transfer coding that is not plain chunked")
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(value) for value in lengths):
        raise BadHead("the content length is not one number")
    return bool(codings), int(lengths.pop()) if lengths else None
