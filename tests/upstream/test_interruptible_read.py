"""While the domain is silent, somebody may decide not to wait any longer; the connection is closed then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from access_es.errors import DomainTimeout
from access_es.settings.endpoint import parse_endpoint
from access_es.upload import Upload
from access_es.upstream.client import Domain
from tests.scripted_server import scripted_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class StopWaiting(Exception):
    """Whoever was asked does not want to wait."""


def late(seconds: float, answer: bytes = OK) -> object:
    def play(connection: socket.socket, request: bytes) -> None:
        time.sleep(seconds)
        connection.sendall(answer)

    return play


def test_it_is_asked_until_the_answer_is_there() -> None:
    asked = []

    def waits() -> Iterator[float]:
        while True:
            asked.append(time.monotonic())
            yield 0.05

    with scripted_server([late(0.32)]) as server:  # type: ignore[list-item]
        answer = Domain(parse_endpoint(server.url), None, None).send("GET", b"/", (), Upload(), waits=waits())
        assert b"".join(answer.body) == b"ok"
    assert 5 <= len(asked) <= 10


def test_what_it_raises_ends_the_call_and_hangs_up() -> None:
    hung_up = threading.Event()

    def watch(connection: socket.socket, request: bytes) -> None:
        if connection.recv(1) == b"":
            hung_up.set()

    def waits() -> Iterator[float]:
        yield 0.1
        raise StopWaiting

    with scripted_server([watch]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        with pytest.raises(StopWaiting):
            domain.send("GET", b"/", (), Upload(), waits=waits())
        assert hung_up.wait(2)


def test_when_it_ends_the_usual_timeout_counts() -> None:
    with scripted_server([late(1)]) as server:  # type: ignore[list-item]
        domain = Domain(parse_endpoint(server.url), None, None, read_seconds=0.3)
        began = time.monotonic()
        with pytest.raises(DomainTimeout):
            domain.send("GET", b"/", (), Upload(), waits=iter([0.1]))
        assert 0.35 < time.monotonic() - began < 0.8


def test_a_silent_body_is_given_up_as_well() -> None:
    def half(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 500_000)
        time.sleep(1)

    def waits() -> Iterator[float]:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            yield 0.1
        raise StopWaiting

    with scripted_server([half]) as server:
        answer = Domain(parse_endpoint(server.url), None, None).send("GET", b"/", (), Upload(), waits=waits())
        with pytest.raises(StopWaiting):
            b"".join(answer.body)


def test_the_connection_serves_the_next_request_with_its_own_timeout() -> None:
    with scripted_server([late(0.2), late(0.4)]) as server:  # type: ignore[list-item]
        domain = Domain(parse_endpoint(server.url), None, None)
        for waits in (iter([0.1] * 20), None):
            assert b"".join(domain.send("GET", b"/", (), Upload(), waits=waits).body) == b"ok"
        assert server.connections == 1
