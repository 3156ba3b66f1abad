"""Waiting for a socket in the event loop, without a timer for each wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gevent
import gevent.socket
import pytest

from access_es.server import readiness
from access_es.server.readiness import TimedReadiness

Pair = tuple[Any, Any]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = gevent.socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_wait_ends_with_what_comes_or_with_the_end(pair: Pair) -> None:
    ours, theirs = pair
    wait = readiness.readiness(ours)
    assert wait
    gevent.spawn_later(0.05, theirs.sendall, b"x")
    wait()
    assert ours.recv(10) == b"x"
    gevent.spawn_later(0.05, theirs.close)
    wait()
    assert ours.recv(10) == b""


def test_a_wait_that_is_too_long_ends_as_a_timeout(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one that is answered in time does not."""
    monkeypatch.setattr(readiness, "_LEAST_SECONDS", 0)
    monkeypatch.setattr(readiness, "_SWEEP_SECONDS", 0.05)
    ours, theirs = pair
    wait = TimedReadiness(0.3).of(ours)
    assert wait
    gevent.spawn_later(0.1, theirs.sendall, b"x")
    wait()
    assert ours.recv(10) == b"x"
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        wait()
    assert 0.3 <= time.monotonic() - began < 1
    assert ours.recv(10) == b""  # nobody reads it by mistake


def test_short_timeouts_and_other_sockets_are_left_to_the_socket(pair: Pair) -> None:
    assert TimedReadiness(5).of(pair[0]) is None
    assert readiness.readiness(object()) is None
