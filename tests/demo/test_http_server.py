from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from access_es.demo.running_gateway import RunningGateway, running_gateway

from .botocore_requests import KEY
from .raw_http import connection, raw_request, read_reply


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running_gateway([KEY]) as running:
        yield running


def test_many_requests_on_one_connection(gateway: RunningGateway) -> None:
    with connection(gateway) as (sock, reader):
        for number in range(50):
            sock.sendall(raw_request(gateway, "GET", b"/_demo/echo?n=%d" % number))
            assert json.loads(read_reply(reader).body)["target"] == f"/_demo/echo?n={number}"


def test_pipelined_requests_are_answered_in_order(gateway: RunningGateway) -> None:
    with connection(gateway) as (sock, reader):
        sock.sendall(b"".join(raw_request(gateway, "GET", b"/_demo/echo?n=%d" % number) for number in range(5)))
        targets = [json.loads(read_reply(reader).body)["target"] for _ in range(5)]
    assert targets == [f"/_demo/echo?n={number}" for number in range(5)]


def test_many_open_connections(gateway: RunningGateway) -> None:
    opened = [connection(gateway) for _ in range(300)]
    pairs = [each.__enter__() for each in opened]
    for sock, _ in pairs:
        sock.sendall(raw_request(gateway, "GET", b"/_demo/tiny"))
    assert {read_reply(reader).status for _, reader in pairs} == {200}
    for each in opened:
        each.__exit__(None, None, None)


def test_chunked_upload(gateway: RunningGateway) -> None:
    """The signature covers the content, not the chunks."""
    body = b"abc0123456789"
    chunks = b"3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
    framing = [(b"Transfer-Encoding", b"chunked")]
    with connection(gateway) as (sock, reader):
        head = raw_request(gateway, "POST", b"/_demo/echo", body, framing=framing)
        sock.sendall(head.removesuffix(body) + chunks)
        document = json.loads(read_reply(reader).body)
        assert (document["length"], document["body"]) == (13, "YWJjMDEyMzQ1Njc4OQ==")
        sock.sendall(raw_request(gateway, "GET", b"/_demo/tiny"))
        assert read_reply(reader).status == 200


def test_expect_continue(gateway: RunningGateway) -> None:
    with connection(gateway) as (sock, reader):
        framing = [(b"Content-Length", b"2"), (b"Expect", b"100-continue")]
        sock.sendall(raw_request(gateway, "POST", b"/_demo/echo", b"{}", framing=framing).removesuffix(b"{}"))
        assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        reader.readline()
        sock.sendall(b"{}")
        assert read_reply(reader).status == 200


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_connection_ends_when_asked(gateway: RunningGateway, version: bytes) -> None:
    """An HTTP/1.0 client cannot read chunks: the end of the connection is the end of the body."""
    raw = raw_request(gateway, "GET", b"/_demo/giant?size=1000&chunked=1", extra=(("Connection", "close"),))
    with connection(gateway) as (sock, reader):
        sock.sendall(raw.replace(b"HTTP/1.1", b"HTTP/" + version))
        reply = read_reply(reader)
        assert (len(reply.body), reply.values(b"Connection")) == (1000, [b"close"])
        assert bool(reply.values(b"Transfer-Encoding")) is (version == b"1.1")
        assert reader.read() == b""


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", 431),
    ],
)
def test_ambiguous_framing_is_refused(gateway: RunningGateway, raw: bytes, status: int) -> None:
    with connection(gateway) as (sock, reader):
        sock.sendall(raw)
        assert read_reply(reader).status == status
