"""How long a request may take to arrive."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from access_es.server import body
from access_es.server.body import SMALL_BODY_BYTES, RequestBody, RequestBodyStalled
from access_es.server.connection import Connection
from tests.server_process import read_to_end, running

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@contextmanager
def opened(sent: bytes) -> Iterator[tuple[RequestBody, socket.socket]]:
    """A request whose head has arrived, and the client that may send its body."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        connection = Connection(ours, "127.0.0.1")
        head = connection.read_head()
        assert head is not None
        ours.settimeout(5)
        yield RequestBody(connection, head), theirs


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        (HEAD + b"\r\n", b""),
        (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (HEAD + b"Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1", b"hello"),
        (CHUNKED + b"0\r\n\r\n", b""),
        (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (CHUNKED + b"5\r\nhello\r\n00;a\r\n\r\n", b"hello"),
    ],
)
def test_a_small_body_that_came_with_its_head_is_here(sent: bytes, content: bytes) -> None:
    with opened(sent) as (body, _):
        body.gather()
        assert not body.is_left_behind
        assert body.read() == content


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: %d\r\n\r\n" % (SMALL_BODY_BYTES + 1),
        CHUNKED,
        CHUNKED + b"5\r\nhello",
        CHUNKED + b"5\r\n\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n",
        CHUNKED + b"ffff\r\n" + b"x" * SMALL_BODY_BYTES,
    ],
)
def test_what_is_large_or_chunked_is_read_as_it_comes(sent: bytes) -> None:
    with opened(sent) as (body, _):
        body.gather()
        assert body.is_left_behind


def test_a_small_body_is_waited_for() -> None:
    with opened(HEAD + b"Content-Length: 10\r\n\r\n01234") as (body, client):
        threading.Timer(0.1, client.sendall, [b"56789"]).start()
        body.gather()
        assert not body.is_left_behind
        assert body.read() == b"0123456789"


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_slower_than_the_slowest_is_given_up(monkeypatch: pytest.MonkeyPatch, framing: bytes) -> None:
    """Nobody is served who drips for ever, however little is missing to the next timeout."""
    monkeypatch.setattr(body, "GRACE_SECONDS", 0.3)
    with opened(HEAD + framing) as (request_body, client):
        threading.Thread(target=drip, args=(client,), daemon=True).start()
        with pytest.raises(RequestBodyStalled):
            request_body.read()
        assert request_body.is_left_behind


def drip(client: socket.socket) -> None:
    with suppress(OSError):
        while client.send(b"0"):
            time.sleep(0.02)


def test_time_the_application_takes_is_not_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "GRACE_SECONDS", 0.05)
    with opened(HEAD + b"Content-Length: 2048\r\n\r\n") as (request_body, client):
        for _ in range(2):
            client.sendall(b"x" * 1024)
            assert request_body.read(1024) == b"x" * 1024
            time.sleep(0.1)
        assert not request_body.is_left_behind


@pytest.mark.heavy
def test_a_head_that_does_not_arrive_is_given_up() -> None:
    """The connection is told 408 and closed; an idle one is closed without a word."""
    with running() as server, server.connect(30) as slow, server.connect(30) as idle:
        slow.sendall(HEAD)
        assert read_to_end(slow).startswith(b"HTTP/1.1 408 ")
        assert read_to_end(idle) == b""
