"""Compressing to fit: what the client takes, the same bytes when decoded, and honest headers."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable

import backports.zstd
import brotli
import pytest

from access_es.delivery.compression import (
    CODINGS,
    choose_coding,
    coded_headers,
    is_compressible,
    is_worthwhile,
    start_compressor,
)

DECODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: zlib.decompress(data, 31),
    "br": brotli.decompress,
    "zstd": backports.zstd.decompress,
}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"), ("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("GZIP;q=0.5", "gzip"),
        ("zstd;q=0, br;q=0, gzip", "gzip"), ("*", "zstd"), ("*;q=0.1, zstd;q=0", "br"), ("identity", None), ("", None),
        (None, None), ("gzip;q=0", None), ("gzip;q=nonsense", None), ("deflate", None),
    ],
)  # fmt: skip
def test_the_best_coding_that_the_client_takes(accepted: str | None, coding: str | None) -> None:
    assert choose_coding(accepted) == coding


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("times_smaller", [None, 2, 50])
def test_pieces_decode_to_what_went_in(coding: str, times_smaller: float | None) -> None:
    pieces = [b'{"a":%d}' % number * 100 for number in range(200)]
    compressor = start_compressor(coding, times_smaller)
    data = b"".join(compressor.compress(piece) for piece in pieces) + compressor.flush()
    assert DECODE[coding](data) == b"".join(pieces)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("Content-Type", "application/json; charset=UTF-8")], True),
        ([("content-type", "application/vnd.elasticsearch+json;compatible-with=8")], True),
        ([("Content-Type", "application/x-ndjson")], True),
        ([("Content-Type", "text/plain")], True),
        ([], True),
        ([("Content-Type", "image/png")], False),
        ([("Content-Type", "application/json"), ("Content-Encoding", "gzip")], False),
        ([("Content-Type", "application/json"), ("Content-Encoding", "identity")], True),
        ([("Content-Type", "application/json"), ("Cache-Control", "private, no-transform")], False),
    ],
)
def test_what_may_be_compressed(headers: list[tuple[str, str]], expected: bool) -> None:
    assert is_compressible(tuple(headers)) is expected


def test_random_bytes_are_not_worth_it_whatever_their_type_says() -> None:
    assert is_worthwhile([b'{"took":5}'] * 1000)
    assert not is_worthwhile([os.urandom(50_000)] * 2)


def test_the_tag_and_vary_stay_honest_and_the_length_of_other_bytes_goes() -> None:
    given = (
        ("ETag", '"abc"'),
        ("Vary", "Origin"),
        ("Content-Length", "9"),
        ("Content-MD5", "x"),
        ("Set-Cookie", "a=1"),
        ("Accept-Ranges", "bytes"),
    )
    assert coded_headers(given, "zstd") == (
        ("ETag", 'W/"abc"'), ("Vary", "Origin"), ("Set-Cookie", "a=1"), ("Content-Encoding", "zstd"), ("Vary", "Accept-Encoding"),
    )  # fmt: skip
    assert coded_headers((("etag", 'W/"x"'), ("vary", "accept-encoding")), "gzip") == (
        ("etag", 'W/"x"'), ("vary", "accept-encoding"), ("Content-Encoding", "gzip"),
    )  # fmt: skip
