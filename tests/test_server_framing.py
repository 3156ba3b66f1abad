"""Requests whose end two readers could see in different places are refused, and nothing behind them is served."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.server_process import Running, running

HEAD = b"POST /victim HTTP/1.1\r\nHost: a\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "length and chunked": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "same length twice": HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\nhello",
    "length with a sign": HEAD + b"Content-Length: +5\r\n\r\nhello",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\nhello",
    "list of lengths": HEAD + b"Content-Length: 5, 5\r\n\r\nhello",
    "hexadecimal length": HEAD + b"Content-Length: 0x5\r\n\r\nhello",
    "spaced length": HEAD + b"Content-Length:  5 5\r\n\r\nhello",
    "empty length": HEAD + b"Content-Length:\r\n\r\nhello",
    "length with an underscore": HEAD + b"Content-Length: 1_0\r\n\r\nhello",
    "length in other digits": HEAD + b"Content-Length: \xb2\r\n\r\nhello",
    "length of 5000 digits": HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello",
    "length with a form feed": HEAD + b"Content-Length: \x0c5\r\n\r\nhello",
    "unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding behind chunked": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "coding before chunked": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity before chunked": HEAD + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "identity alone": HEAD + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice in one": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "quoted chunked": HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "vertical tab before chunked": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "empty coding": HEAD + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF after a header": HEAD + b"A: b\nContent-Length: 5\r\n\r\nhello",
    "bare LF after the request line": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    "bare LF everywhere": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF at the end of the head": HEAD + b"A: b\r\n\n",
    "bare CR in a value": HEAD + b"A: b\rc\r\n\r\n",
    "NUL in a value": HEAD + b"A: b\0c\r\n\r\n",
    "NUL in a name": HEAD + b"A\0: b\r\n\r\n",
    "folded line": HEAD + b"A: b\r\n c\r\n\r\n",
    "folded with a tab": HEAD + b"A: b\r\n\tc\r\n\r\n",
    "folded first line": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "folded length": HEAD + b"Content-Length:\r\n 5\r\n\r\nhello",
    "space before the colon": HEAD + b"Content-Length : 5\r\n\r\nhello",
    "tab before the colon": HEAD + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "space in a name": HEAD + b"Content Length: 5\r\n\r\nhello",
    "no name": HEAD + b": b\r\n\r\n",
    "no colon": HEAD + b"nonsense\r\n\r\n",
    "name beyond ASCII": HEAD + b"Transfer-Encodin\xe7: chunked\r\n\r\n",
    "two hosts": HEAD + b"Host: b\r\n\r\n",
    "same host twice": HEAD + b"Host: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nA: b\r\n\r\n",
    "no header at all": b"GET / HTTP/1.1\r\n\r\n",
    "empty host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with a user": b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
    "two hosts in one": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/1.1 with more": b"GET / HTTP/1.1 x\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "spaces in the target": b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab in the target": b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
    "NUL in the target": b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "space before the method": b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "method beyond ASCII": b"G\xcbT / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two empty lines first": b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\x00\x00",
}

BROKEN_BODIES = {
    "no chunk size": CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    "chunk size with a sign": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n",
    "negative chunk size": CHUNKED + b"-1\r\nhello\r\n0\r\n\r\n",
    "chunk size with 0x": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk size with a space": CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n",
    "space before the chunk size": CHUNKED + b" 5\r\nhello\r\n0\r\n\r\n",
    "chunk size with an underscore": CHUNKED + b"1_0\r\nhello\r\n0\r\n\r\n",
    "chunk size in no digits": CHUNKED + b"xyz\r\nhello\r\n0\r\n\r\n",
    "chunk smaller than it is": CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
    "chunk larger than it is": CHUNKED + b"6\r\nhello\r\n0\r\n\r\n",
    "chunk without its line end": CHUNKED + b"5\r\nhello0\r\n\r\n",
    "bare LF after the chunk size": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "bare LF everywhere": CHUNKED + b"5\nhello\n0\n\n",
    "bare LF after the data": CHUNKED + b"5\r\nhello\n0\r\n\r\n",
    "bare LF after the last chunk": CHUNKED + b"5\r\nhello\r\n0\n\r\n",
    "bare CR in a chunk extension": CHUNKED + b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "bare LF in a chunk extension": CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "length among the trailers": CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
    "host among the trailers": CHUNKED + b"5\r\nhello\r\n0\r\nHost: b\r\n\r\n",
    "malformed trailer": CHUNKED + b"5\r\nhello\r\n0\r\nA b\r\n\r\n",
    "endless chunk size line": CHUNKED + b"5;" + b"a" * 40000,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
def test_ambiguous_heads_are_refused(server: Running, request_bytes: bytes) -> None:
    """A 400 in JSON within a second, then the end: neither the request nor one hidden behind it is served."""
    assert_refused(server, request_bytes, code="bad_framing")


@pytest.mark.parametrize("request_bytes", BROKEN_BODIES.values(), ids=BROKEN_BODIES.keys())
def test_ambiguous_bodies_are_refused(server: Running, request_bytes: bytes) -> None:
    """The application never takes a broken body for a whole one."""
    assert_refused(server, request_bytes, code="broken_request_body")


def assert_refused(server: Running, request_bytes: bytes, code: str) -> None:
    began = time.monotonic()
    answer = server.exchange(request_bytes + HIDDEN)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close" in head
    assert len(re.findall(rb"HTTP/1\.1 \d", answer)) == 1
    refusal = json.loads(body)
    assert (refusal["status"], refusal["error"]["code"], refusal["error"]["layer"]) == (400, code, "access-es")
    assert time.monotonic() - began < 1.9
    served = server.exchange(b"GET /served HTTP/1.0\r\n\r\n")
    assert b"/hidden" not in served


TOO_LARGE = {
    "target": (b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "endless target": (b"GET /" + b"a" * 70000, 414),
    "header line": (HEAD + b"A: " + b"b" * 132_000 + b"\r\n\r\n", 431),
    "header lines": (HEAD + b"A: b\r\n" * 1100 + b"\r\n", 431),
    "endless head": (HEAD + b"A: bbbbbbbbbbbbb\r\n" * 12000, 431),
    "endless header line": (HEAD + b"A: " + b"b" * 210_000, 431),
}
LARGE = {
    "target": b"GET /" + b"a" * 65535 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "header line": HEAD + b"Connection: close\r\nA: " + b"b" * 130_000 + b"\r\n\r\n",
    "header lines": HEAD + b"Connection: close\r\n" + b"A: " + b"b" * 100 + b"\r\n" + b"A: b\r\n" * 990 + b"\r\n",
}


@pytest.mark.parametrize("request_bytes", LARGE.values(), ids=LARGE.keys())
def test_heads_as_large_as_the_domain_takes_are_served(server: Running, request_bytes: bytes) -> None:
    assert server.exchange(request_bytes).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("request_bytes", "status"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_heads_are_bounded(server: Running, request_bytes: bytes, status: int) -> None:
    """A head beyond the limits is refused with the status that names the limit."""
    answer = server.exchange(request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


def test_unknown_expectations_are_refused(server: Running) -> None:
    """`Expect` other than 100-continue cannot be met."""
    assert server.exchange(HEAD + b"Expect: a-miracle\r\n\r\n").startswith(b"HTTP/1.1 417 ")


ACCEPTED = {
    "length": (HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    "leading zeros": (HEAD + b"Connection: close\r\nContent-Length: 005\r\n\r\nhello", "hello"),
    "no body": (HEAD + b"Connection: close\r\n\r\n", ""),
    "chunks": (
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n03\r\nllo\r\n0\r\n\r\n",
        "hello",
    ),
    "spelling": (HEAD + b"Connection: close\r\ntransfer-encoding: Chunked \r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello"),
    "extensions": (
        HEAD + b'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b";c\r\nhello\r\n0;d\r\n\r\n',
        "hello",
    ),
    "trailers": (
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
        "hello",
    ),
    "line ends within a chunk": (
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\n\r\n\n\r\n0\r\n\r\n",
        "\n\r\n\n",
    ),
    "HTTP/1.0 without a host": (b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    "an empty line first": (b"\r\n" + HEAD + b"Connection: close\r\n\r\n", ""),
    "IPv6 host": (b"GET / HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n", ""),
}


@pytest.mark.parametrize(("request_bytes", "body"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_proper_requests_are_served(server: Running, request_bytes: bytes, body: str) -> None:
    assert server.echo(request_bytes)["body"] == body


@pytest.mark.parametrize("request_bytes", [ACCEPTED["length"][0], ACCEPTED["trailers"][0]], ids=["length", "chunked"])
def test_requests_may_arrive_byte_by_byte(server: Running, request_bytes: bytes) -> None:
    """How the network cuts a request makes no difference."""
    with server.connect() as client:
        for byte in request_bytes:
            client.sendall(bytes([byte]))
            time.sleep(0.001)
        answer = b""
        while data := client.recv(65536):
            answer += data
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["body"] == "hello"
