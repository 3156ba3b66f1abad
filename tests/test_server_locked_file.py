"""Another process that holds a file of ours locked, as a backup or a shell may: who is known goes on being served."""

from __future__ import annotations

import base64
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.running_proxy import RunningProxy, running_proxy
from tests.scripted_server import say, scripted_server
from tests.test_server_crowds import Plays

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
LOCKED_SECONDS = 1.0


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    with (
        scripted_server(Plays(say(ANSWER))) as domain,
        running_proxy(domain.url, tmp_path_factory.mktemp("locked")) as running,
    ):
        yield running


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def slowest(proxy: RunningProxy, seconds: float) -> float:
    """The longest that a known caller's request takes, asked one after the other."""
    until, longest = time.monotonic() + seconds, 0.0
    while (began := time.monotonic()) < until:
        assert proxy.ask("GET", "/logs/_doc/1", proxy.bearer).status == 200
        longest = max(longest, time.monotonic() - began)
    return longest


def sign_in(proxy: RunningProxy, password: str) -> int:
    """By Basic; it is noted in the file if the password is wrong."""
    basic = base64.b64encode(f"alice:{password}".encode()).decode()
    return proxy.ask("GET", "/logs/_doc/1", {"Authorization": f"Basic {basic}"}).status


def test_who_is_known_is_served_while_others_wait_for_the_file(proxy: RunningProxy) -> None:
    """Of accounts: failed sign-ins are noted in it."""
    assert slowest(proxy, 0.1) < 1
    with ThreadPoolExecutor(4) as pool:
        with locked(proxy.state / "users.db"):
            waiting = [pool.submit(sign_in, proxy, "wrong password, wrong") for _ in range(3)]
            longest = slowest(proxy, LOCKED_SECONDS)
            assert not all(each.done() for each in waiting)
        assert [each.result() for each in waiting] == [401] * 3
    assert longest < 0.5


def test_who_is_known_is_served_while_tasks_wait_for_their_file(proxy: RunningProxy) -> None:
    later = {**proxy.bearer, "Prefer": "respond-async"}
    assert proxy.ask("POST", "/logs/_search", later).status == 202  # makes the file
    with ThreadPoolExecutor(4) as pool:
        with locked(proxy.state / "tasks.db"):
            waiting = [pool.submit(proxy.ask, "POST", "/logs/_search", later) for _ in range(3)]
            longest = slowest(proxy, LOCKED_SECONDS)
            assert not any(each.done() for each in waiting)
        assert [each.result().status for each in waiting] == [202] * 3
    assert longest < 0.5
