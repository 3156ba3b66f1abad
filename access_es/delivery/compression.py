"""Compression of answers that would not fit otherwise: the coding, its level, and the headers that change.

Measured on `_search` answers (bench/compression.py): zstd at level 1 makes 7 times less of them at 400 MB/s and more,
brotli at 1 6.5 times less at 260, gzip at 1 5.6 times less at 110. The slower levels gain a fifth to a third and cost
five times the time and more, so they are taken only where the answer is known to need them.
"""

from __future__ import annotations

import importlib
import math
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from access_es.messages import Headers


class BadGzip(ValueError):
    """The body is not gzip, or not complete."""


class Compressor(Protocol):
    """Compresses a body piece by piece, into one stream."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


# coding: levels, the quickest first, and how many times smaller each makes JSON for sure
_LEVELS = {
    "zstd": ((1, 6.0), (9, math.inf)),
    "br": ((1, 5.5), (6, math.inf)),
    "gzip": ((1, 4.8), (6, 6.8), (8, math.inf)),
}
CODINGS = tuple(_LEVELS)  # best first
_COMPRESSIBLE = ("text/", "application/json", "application/javascript", "application/x-javascript", "application/xml")
_COMPRESSIBLE_ENDS = ("+json", "+xml", "ndjson", "smile", "cbor", "yaml", "image/bmp", "font/ttf", "font/otf")
_SAMPLE_BYTES = 64 * 1024
WORTHWHILE_SHARE = 0.8
_UNPACKED_BYTES = 256 * 1024
_GZIP = 31  # zlib.net/manual.html, deflateInit2: a window of 15 bits, and 16 for the wrapping of gzip
_REPRESENTATION_HEADERS = frozenset(
    ("content-encoding", "content-length", "content-md5", "digest", "content-digest", "accept-ranges")
)


def choose_coding(accept_encoding: str | None) -> str | None:
    """The best coding the client takes (RFC 9110, 12.5.3), None where it takes none of ours."""
    weights = {}
    for part in (accept_encoding or "").lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    anything = weights.get("*", 0.0)
    return next((coding for coding in CODINGS if weights.get(coding, anything) > 0), None)


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def is_compressible(headers: Headers) -> bool:
    """Whether the body is worth compressing, and may be: not coded yet, and not marked as unchangeable."""
    named = {name.lower(): value.lower() for name, value in headers}
    if named.get("content-encoding", "identity") != "identity" or "no-transform" in named.get("cache-control", ""):
        return False
    if "content-range" in named:  # it counts bytes of what was coded before (RFC 9110, 14.4)
        return False
    media_type = named.get("content-type", "").partition(";")[0].strip()
    return not media_type or media_type.startswith(_COMPRESSIBLE) or media_type.endswith(_COMPRESSIBLE_ENDS)


def is_worthwhile(start: Iterable[bytes]) -> bool:
    """Whether a body that begins so gets smaller: whatever its type says, it may be random or compressed already."""
    return compressed_share(start) < WORTHWHILE_SHARE


def compressed_share(start: Iterable[bytes]) -> float:
    """What the quickest gzip leaves of a body's start; the other codings leave less."""
    sample = bytearray()
    for piece in start:
        sample += piece[: _SAMPLE_BYTES - len(sample)]
        if len(sample) >= _SAMPLE_BYTES:
            break
    return len(zlib.compress(sample, 1)) / len(sample) if sample else 1.0


def start_compressor(coding: str, times_smaller: float | None = None) -> Compressor:
    """A compressor for a body that must become `times_smaller`, as far as that is known."""
    return _START[coding](next(level for level, gain in _LEVELS[coding] if (times_smaller or 0) <= gain))


def gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What is in a gzip, in pieces of a bounded size. Raises BadGzip."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            while piece and not unpacker.eof:
                yield unpacker.decompress(piece, _UNPACKED_BYTES)
                piece = unpacker.unconsumed_tail
        yield unpacker.flush()  # the end of what the bound held back
    except zlib.error as fault:
        raise BadGzip from fault
    if not unpacker.eof or unpacker.unused_data:
        raise BadGzip


def gzip_length(end: bytes) -> int:
    """How long a gzip says that its content is, by its last four bytes (RFC 1952, 2.3.1); modulo 4 GiB."""
    return int.from_bytes(end[-4:], "little")


def coded_headers(headers: Headers, coding: str) -> Headers:
    """The headers of the same answer under a coding: its tag no longer stands for the same bytes (RFC 9110, 8.8.1)."""
    kept = []
    varies = False
    for name, value in headers:
        plain = name.lower()
        if plain in _REPRESENTATION_HEADERS:
            continue
        if plain == "etag" and not value.startswith("W/"):
            value = f"W/{value}"
        varies = varies or (plain == "vary" and ("*" in value or "accept-encoding" in value.lower()))
        kept.append((name, value))
    vary = () if varies else (("Vary", "Accept-Encoding"),)
    return (*kept, ("Content-Encoding", coding), *vary)


def _start_gzip(level: int) -> Compressor:
    return zlib.compressobj(level, zlib.DEFLATED, _GZIP)


class _Brotli:
    def __init__(self, level: int) -> None:
        self._compressor: Any = importlib.import_module("brotli").Compressor(quality=level)

    def compress(self, data: bytes, /) -> bytes:
        out: bytes = self._compressor.process(data)
        return out

    def flush(self) -> bytes:
        out: bytes = self._compressor.finish()
        return out


def _start_zstd(level: int) -> Compressor:
    # In the standard library since Python 3.14 (PEP 784), as backports.zstd before.
    module = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    compressor: Compressor = module.ZstdCompressor(level=level)
    return compressor


_START: dict[str, Callable[[int], Compressor]] = {"zstd": _start_zstd, "br": _Brotli, "gzip": _start_gzip}
