"""Strangers may ask whether we are ready, as many at once as they like."""

from __future__ import annotations

import socket
import threading
import time

from access_es.settings.endpoint import Endpoint
from access_es.upstream.client import Domain
from access_es.upstream.probe import Probe
from tests.scripted_server import say, scripted_server


def test_a_concurrent_reader_gets_the_known_value() -> None:
    """A domain that hangs makes one of them wait, not all: each would hold a thread."""
    now = [0.0]
    asked, awake = threading.Event(), threading.Event()

    def hang(connection: socket.socket, request: bytes) -> None:
        asked.set()
        awake.wait(10)
        raise ConnectionError

    fine = say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    with scripted_server([fine, hang, hang]) as server:
        domain = Domain(Endpoint("http", server.url.removeprefix("http://")), None, None)
        probe = Probe(domain, "es", clock=lambda: now[0])
        assert probe.is_ready()
        now[0] = 60.0
        asking = threading.Thread(target=probe.is_ready)
        asking.start()
        assert asked.wait(10)
        began = time.monotonic()
        assert [probe.is_ready() for _ in range(5)] == [True] * 5
        assert time.monotonic() - began < 1
        awake.set()
        asking.join(10)
        domain.close()
        assert not probe.is_ready()
