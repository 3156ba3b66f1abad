"""From a WSGI environ to the request as the client sent it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from access_es.errors import BadRequest
from access_es.ingress.wsgi_server import read_request


def environ(**changes: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/decoded",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "10.0.0.7",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        **changes,
    }


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        ("/a%2Fb?x=1&x=2", b"/a%2Fb?x=1&x=2"),
        (b"//a/../b", b"//a/../b"),
        ("/\xff", b"/\xff"),
        ("http://es.example.com/x?y", b"/x?y"),
        ("HTTPS://es.example.com", b"/"),
        ("http://es.example.com?q=1", b"/?q=1"),
        ("*", b"*"),
        ("host:443", b"host:443"),
    ],
)
def test_the_raw_target_counts_and_not_the_decoded_path(raw: str | bytes, target: bytes) -> None:
    assert read_request(environ(**{"access_es.target": raw})).target == target


def test_without_a_raw_target_the_path_is_escaped_again() -> None:
    assert (
        read_request(environ(PATH_INFO="/<a b>/\xc3\xbc", QUERY_STRING="q=a%20b")).target
        == b"/%3Ca%20b%3E/%C3%BC?q=a%20b"
    )


def test_header_lines_keep_order_case_and_repeats() -> None:
    lines = (("foo", "1"), ("FOO", "2"), ("X-L", "caf\xe9"))
    assert read_request(environ(**{"access_es.headers": lines})).headers == lines
    assert ("X-Y", "1") in read_request(environ(HTTP_X_Y="1")).headers


def test_a_get_has_a_body_like_any_other() -> None:
    request = read_request(environ(CONTENT_LENGTH="5", **{"wsgi.input": io.BytesIO(b"hello and the next request")}))
    assert request.body.read() == b"hello" and request.body.read() == b""


def test_a_chunked_body_ends_where_its_stream_ends() -> None:
    request = read_request(environ(HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": io.BytesIO(b"hello")}))
    assert request.body.read(10) == b"hello"


def test_no_length_and_no_coding_is_no_body() -> None:
    assert read_request(environ(**{"wsgi.input": io.BytesIO(b"the next request")})).body.read() == b""


def test_a_body_that_ends_early_is_not_taken_for_a_shorter_one() -> None:
    request = read_request(environ(CONTENT_LENGTH="10", **{"wsgi.input": io.BytesIO(b"half")}))
    assert request.body.read(100) == b"half"
    with pytest.raises(BadRequest):
        request.body.read(100)
