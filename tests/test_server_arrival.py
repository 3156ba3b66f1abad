"""When a thread begins with a request: what is waited for, and for how long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]

from access_es.server import arrival, body
from access_es.server.arrival import can_begin
from access_es.server.request import StrictParser, StrictRequest
from access_es.server.waiting import Waiting
from tests.server_process import read_to_end, running

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "gathered",
    [
        b"G",
        HEAD,
        HEAD + b"\r",
        HEAD + b"Content-Length: 5\r\n\r\nhell",
        HEAD + b"Content-Length: %d\r\n\r\n" % arrival.SMALL_BODY_BYTES,
        CHUNKED,
        CHUNKED + b"5\r\nhello",
        CHUNKED + b"5\r\nhello\r\n",
    ],
)
def test_what_is_not_complete_is_waited_for(gathered: bytes) -> None:
    assert not can_begin(gathered)


@pytest.mark.parametrize(
    "gathered",
    [
        HEAD + b"\r\n",
        HEAD + b"Content-Length: 5\r\n\r\nhello",
        HEAD + b"Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1",
        CHUNKED + b"0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n00;a\r\n\r\n",
    ],
)
def test_what_is_complete_begins(gathered: bytes) -> None:
    assert can_begin(gathered)


@pytest.mark.parametrize(
    "gathered",
    [
        HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        HEAD + b"Content-Length: %d\r\n\r\n" % (arrival.SMALL_BODY_BYTES + 1),
        CHUNKED + b"ffffff\r\n" + b"x" * arrival.SMALL_BODY_BYTES,
    ],
)
def test_what_is_large_or_waits_for_us_begins(gathered: bytes) -> None:
    """A large body is read by the application as it comes; a client that expects our word gets it from there."""
    assert can_begin(gathered)


@pytest.mark.parametrize(
    "gathered",
    [
        b"GET / HTTP/1.1\n",
        b"x" * (arrival.HEAD_BYTES + 1),
        HEAD + b"Content-Length: +5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n",
        CHUNKED + b"5\n",
    ],
)
def test_what_is_to_be_refused_begins(gathered: bytes) -> None:
    """Nobody waits twenty seconds for the rest of something that is wrong already."""
    assert can_begin(gathered)


class IdleConnection:
    def __init__(self, timeout: float) -> None:
        self.timeout = timeout


def test_connections_leave_in_the_order_they_came() -> None:
    waiting: Waiting[IdleConnection] = Waiting()
    connections = [IdleConnection(timeout) for timeout in (1.0, 2.0, 3.0, 4.0)]
    for connection in connections:
        waiting.append(connection)
    waiting.remove(connections[1])
    assert list(waiting.expired(3.0)) == [connections[0], connections[2]]
    assert (len(waiting), waiting[0], list(waiting)) == (1, connections[3], [connections[3]])


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_slower_than_the_slowest_is_given_up(monkeypatch: pytest.MonkeyPatch, framing: bytes) -> None:
    """A thread does not serve a client that drips for ever, however little is missing to the next timeout."""
    monkeypatch.setattr(body, "GRACE_SECONDS", 0.3)
    with opened(HEAD + framing) as (request, client):
        threading.Thread(target=drip, args=(client,), daemon=True).start()
        with pytest.raises(body.RequestBodyStalled):
            request.body.read()
        assert request.should_close()


def drip(client: socket.socket) -> None:
    with suppress(OSError):
        while client.send(b"0"):
            time.sleep(0.02)


def test_time_the_application_takes_is_not_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "GRACE_SECONDS", 0.05)
    with opened(HEAD + b"Content-Length: 2048\r\n\r\n") as (request, client):
        for _ in range(2):
            client.sendall(b"x" * 1024)
            assert request.body.read(1024) == b"x" * 1024
            time.sleep(0.1)
        assert not request.should_close()


@contextmanager
def opened(head: bytes) -> Iterator[tuple[StrictRequest, socket.socket]]:
    """A request whose head has arrived, and the client that may send its body."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        parser = StrictParser(Config(), ours, ("127.0.0.1", 1))
        parser.unreader.unread(head)
        yield next(parser), theirs


@pytest.mark.heavy
def test_a_head_that_does_not_arrive_is_given_up() -> None:
    """The connection is told 408 and closed; an idle one is closed without a word."""
    with running() as server, server.connect(30) as slow, server.connect(30) as idle:
        slow.sendall(HEAD)
        assert read_to_end(slow).startswith(b"HTTP/1.1 408 ")
        assert read_to_end(idle) == b""
