"""Requests on one connection, whose header lines are read once where they repeat."""

from __future__ import annotations

import random

import pytest

from access_es.server.refusal import Refused
from access_es.server.request_head import LastLines, RequestHead, parse_request

HEADS = [
    b"GET / HTTP/1.1\r\nHost: a",
    b"GET /b HTTP/1.1\r\nHost: a",
    b"GET /b HTTP/1.0\r\nHost: a",
    b"GET /b HTTP/1.0",
    b"GET /b HTTP/1.1",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked",
    b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue",
    b"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close",
    b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer one",
    b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer two",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 10_000,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9_999 + b"y",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded",
    b"BROKEN",
]


def _read(head: bytes, last: LastLines) -> RequestHead | str:
    try:
        return parse_request(head, last)
    except Refused as fault:
        return fault.refusal.code


def test_each_request_is_read_as_if_it_were_the_first() -> None:
    """Whatever came before it on its connection, refused or not."""
    alone = {head: _read(head, LastLines()) for head in HEADS}
    chosen = random.Random(2)
    last = LastLines()
    for head in chosen.choices(HEADS, k=5_000):
        assert _read(head, last) == alone[head]


def test_only_what_is_small_is_remembered() -> None:
    """A connection that waits for its next request takes little memory."""
    last = LastLines()
    parse_request(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000, last)
    assert len(last._text) <= 4_096
    with pytest.raises(Refused):
        parse_request(b"GET / HTTP/1.1\r\n\x00: a", last)
