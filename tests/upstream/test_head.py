"""Heads of answers, strictly read: what other parsers read in two ways is no answer."""

from __future__ import annotations

import io
from http.client import HTTPException

import pytest

from access_es.upstream.head import framing, parse_head, read_head, read_header_lines, read_status


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b"HTTP/1.1 200 OK\r\n", (1, 200, "OK")),
        (b"HTTP/1.0 404 Not Found\r\n", (0, 404, "Not Found")),
        (b"HTTP/1.1 204\r\n", (1, 204, "")),
        (b"HTTP/1.1 299 caf\xe9\r\n", (1, 299, "caf\xe9")),
    ],
)
def test_a_status_line(line: bytes, read: tuple[int, int, str]) -> None:
    assert read_status(io.BytesIO(line)) == read


@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/2 200 OK\r\n",
        b"HTTP/1.1 20 OK\r\n",
        b"ICY 200\r\n",
        b"\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 \x00\r\n",
    ],
)
def test_what_is_no_status_line(line: bytes) -> None:
    with pytest.raises(HTTPException):
        read_status(io.BytesIO(line))


def test_lines_keep_order_case_repeats_and_latin_1() -> None:
    head = b"B: 1\r\na:2 \r\nB: caf\xe9\r\nempty:\r\nFolded: one\r\n \t voil\xc3\xa0\r\n\r\nbody"
    assert read_header_lines(io.BytesIO(head)) == [
        ("B", "1"),
        ("a", "2"),
        ("B", "caf\xe9"),
        ("empty", ""),
        ("Folded", "one voil\xc3\xa0"),
    ]


@pytest.mark.parametrize(
    "head",
    [
        b"no colon\r\n\r\n",
        b"sp ace: 1\r\n\r\n",
        b": 1\r\n\r\n",
        b" folded first\r\n\r\n",
        b"A: 1\r\n",
        b"A: " + b"x" * 1_100_000 + b"\r\n\r\n",
        b"A: 1\r\n" * 7_000 + b"\r\n",
        b"A: 1\r\n" + b" folded\r\n" * 7_000 + b"\r\n",
    ],
)
def test_what_are_no_header_lines(head: bytes) -> None:
    with pytest.raises(HTTPException):
        read_header_lines(io.BytesIO(head))


def test_where_a_body_ends() -> None:
    assert framing([("Content-Length", "5"), ("content-length", "5")]) == (False, 5)
    assert framing([("Transfer-Encoding", "Chunked")]) == (True, None)
    assert framing([]) == (False, None)


@pytest.mark.parametrize(
    "pairs",
    [
        [("Content-Length", "5"), ("Content-Length", "6")],
        [("Content-Length", "+5")],
        [("Content-Length", "5, 5")],
        [("Content-Length", "\u0665")],
        [("Transfer-Encoding", "chunked"), ("Content-Length", "5")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "identity")],
    ],
)
def test_a_body_whose_end_is_unclear_is_no_answer(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(HTTPException):
        framing(pairs)


HEADS = [
    b"HTTP/1.1 200 OK\r\nA: 1\r\nb:2 \t\r\nA:\r\nC: caf\xe9",
    b"HTTP/1.1 204",
    b"HTTP/1.0 200 \r\nA: x\0y",
    b"HTTP/1.1 200 OK\r\nA: 1\r\n folded",
    b"HTTP/1.1 200 OK\nA: 1",
    b"HTTP/1.1 200 OK\r\nA: 1\nB: 2",
    b"HTTP/1.1 200 OK\r\nA: 1\rB: 2",
    b"HTTP/1.1 200 OK\r\n: 1",
    b"HTTP/1.1 200 OK\r\nA B: 1",
    b"HTTP/1.1 200 OK\r\nA",
    b"HTTP/1.1 20 OK\r\nA: 1",
    b"\r\nHTTP/1.1 200 OK\r\nA: 1",
]


@pytest.mark.parametrize("head", HEADS)
def test_read_at_once_a_head_is_what_it_is_line_by_line(head: bytes) -> None:
    at_once = parse_head(head)
    if at_once is not None:
        assert at_once == read_head(io.BytesIO(head + b"\r\n\r\n"))


def test_heads_as_servers_write_them_are_read_at_once() -> None:
    assert [parse_head(head) is not None for head in HEADS] == [True] * 3 + [False] * 9
