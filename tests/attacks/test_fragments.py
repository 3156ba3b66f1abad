"""A request cut into the smallest pieces costs its worker, which serves everybody, little more than one in one piece."""

from __future__ import annotations

import socket
import time

import pytest

from access_es.server.body import RequestBody
from access_es.server.connection import Connection
from access_es.server.refusal import Refused

DENSE = b"POST / HTTP/1.1\r\nHost: a\r\n" + b"c: 1234567890123456789012345678901234567890\r\n" * 700
WHOLE = {
    "no body": (DENSE + b"\r\n", b""),
    "length": (DENSE + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000, b"x" * 2000),
    "chunks": (DENSE + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 400 + b"0\r\n\r\n", b"x" * 400),
    "bare line feed": (DENSE + b"a: b\n", b""),
}


class OneByOne:
    """A socket from which every read gives one byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def recv(self, size: int) -> bytes:
        if not size:
            return b""
        self._at += 1
        return self._data[self._at - 1 : self._at]


@pytest.mark.parametrize(("whole", "body"), WHOLE.values(), ids=WHOLE.keys())
def test_byte_by_byte_the_end_is_found_where_it_is_and_quickly(whole: bytes, body: bytes) -> None:
    source = OneByOne(whole)
    connection = Connection(source, "127.0.0.1")
    began = time.process_time()
    if whole.endswith(b"a: b\n"):
        with pytest.raises(Refused):
            connection.read_head()
    else:
        head = connection.read_head()
        assert head is not None
        assert RequestBody(connection, head).read() == body
    assert time.process_time() - began < 1  # 30,000 pieces
    assert source._at == len(whole)


def test_a_header_of_many_lines_is_refused_before_it_is_taken_apart() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + b"c:\r\n" * 7000 + b"\r\n")
        began = time.process_time()
        with pytest.raises(Refused, match="headers_too_large"):
            Connection(ours, "127.0.0.1").read_head()
        assert time.process_time() - began < 0.1
