"""The domain is waited for until an answer is due, and not a read timeout longer."""

from __future__ import annotations

import socket
import time

import pytest

from access_es.errors import DomainTimeout
from access_es.messages import ProxyResponse
from access_es.settings.endpoint import parse_endpoint
from access_es.upload import Upload
from access_es.upstream.client import Domain
from tests.scripted_server import Play, say, scripted_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def drip(start: bytes, pieces: int, pause_seconds: float) -> Play:
    """An answer that goes on and on."""

    def play(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        for _ in range(pieces):
            time.sleep(pause_seconds)
            connection.sendall(b"x" * 10)

    return play


def ask(domain: Domain, seconds: float) -> ProxyResponse:
    return domain.send("GET", b"/x", (), Upload(), answer_by=time.monotonic() + seconds)


def read(answer: ProxyResponse) -> bytes:
    return b"".join(answer.body)


def test_a_domain_that_does_not_answer_in_time() -> None:
    with scripted_server([drip(b"", 1, 3)]) as server:
        began = time.monotonic()
        with pytest.raises(DomainTimeout):
            ask(Domain(parse_endpoint(server.url), None, None), 0.4)
        assert 0.3 < time.monotonic() - began < 1


def test_an_answer_that_would_arrive_too_late() -> None:
    """Each piece comes in time for a read timeout of its own; all of them together do not."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with scripted_server([drip(head, 40, 0.1)]) as server:
        began = time.monotonic()
        with pytest.raises(DomainTimeout):
            read(ask(Domain(parse_endpoint(server.url), None, None), 0.6))
        assert 0.4 < time.monotonic() - began < 1.2


def test_one_long_pause_in_an_answer() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx"
    with scripted_server([drip(head, 1, 3)]) as server:
        began = time.monotonic()
        with pytest.raises(DomainTimeout):
            read(ask(Domain(parse_endpoint(server.url), None, None), 0.5))
        assert 0.3 < time.monotonic() - began < 1


def test_no_time_left_means_that_nothing_is_sent() -> None:
    with scripted_server([say(OK)]) as server:
        with pytest.raises(DomainTimeout, match="Nothing was sent"):
            ask(Domain(parse_endpoint(server.url), None, None), -1)
        assert server.connections == 0


def test_a_short_deadline_does_not_stay_on_the_connection() -> None:
    slow = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 1, 0.6)
    with scripted_server([say(OK), slow]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        assert read(ask(domain, 0.3)) == b"ok"
        assert read(domain.send("GET", b"/x", (), Upload())) == b"x" * 10
        assert server.connections == 1


def test_the_read_timeout_of_the_settings_still_counts() -> None:
    with scripted_server([drip(b"", 1, 3)]) as server:
        began = time.monotonic()
        with pytest.raises(DomainTimeout):
            ask(Domain(parse_endpoint(server.url), None, None, read_seconds=0.3), 20)
        assert time.monotonic() - began < 1
