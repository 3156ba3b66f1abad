"""Many clients at once, and those that leave: nobody waits for them but their own requests."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import pytest

from access_es.server.worker import _named
from tests.eventually import eventually
from tests.fidelity.raw_client import request_bytes
from tests.running_proxy import RunningProxy, running_proxy
from tests.scripted_server import Play, scripted_server
from tests.server_process import read_answer, read_to_end, running

WAITING, SLOW_READERS, IDLE, HALF_SENT = 150, 60, 400, 60
BIG = 3_000_000


class Domain:
    """Answers `/slow…` after some seconds, `/big…` with 3 MB, all else at once; breaks off `/breaks`. Sees whose
    connection was closed."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.closed: list[bytes] = []
        self.finished: list[bytes] = []

    def play(self, connection: socket.socket, request: bytes) -> None:
        target = request.split(b" ", 2)[1]
        self.asked.append(target)
        if target.startswith((b"/slow", b"/_search")):
            connection.settimeout(20)
            if connection.recv(1) == b"":
                self.closed.append(target)
            raise ConnectionError
        if target.startswith(b"/stall"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 100_000)
            if connection.recv(1) == b"":
                self.closed.append(target)
            raise ConnectionError
        if target.startswith(b"/breaks"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 200_000)
            raise ConnectionError
        if target.startswith(b"/write"):
            time.sleep(2)
            self.finished.append(target)
        body = b"x" * (BIG if target.startswith(b"/big") else 2)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Plays(list[Play]):
    """The same for every request."""

    def __init__(self, play: Play) -> None:
        super().__init__()
        self._play = play

    def __iter__(self) -> Iterator[Play]:
        while True:
            yield self._play


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningProxy, Domain]]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    domain = Domain()
    with (
        scripted_server(Plays(domain.play)) as server,
        running_proxy(server.url, tmp_path_factory.mktemp("crowds"), REQUESTS_PER_USER="400") as proxy,
    ):
        yield proxy, domain
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def clients(proxy: RunningProxy, count: int, opening: bytes, receive_bytes: int = 0) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            if receive_bytes:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            client.connect(("127.0.0.1", proxy.port))
            client.sendall(opening)
            opened.append(client)
        yield opened


def ask(proxy: RunningProxy, target: str, method: str = "GET", body: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port), 10)
    headers = {**proxy.bearer, "Content-Length": str(len(body))} if body else proxy.bearer
    client.sendall(request_bytes(method, target.encode(), headers) + body)
    return client


def worker_kibibytes(proxy: RunningProxy) -> int:
    children = Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children").read_text().split()
    status = Path(f"/proc/{children[0]}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def test_a_crowd_that_waits_delays_nobody(served: tuple[RunningProxy, Domain]) -> None:
    """Waiting for the domain, reading slowly, idle, half sent, all at once; the figures at full size are a bench's."""
    proxy, domain = served
    before = worker_kibibytes(proxy)
    with ExitStack() as stack:
        waiting = request_bytes("GET", b"/slow-crowd", proxy.bearer)
        stack.enter_context(clients(proxy, WAITING, waiting))
        eventually(lambda: domain.asked.count(b"/slow-crowd") == WAITING)
        grown = worker_kibibytes(proxy) - before
        stack.enter_context(clients(proxy, SLOW_READERS, request_bytes("GET", b"/big", proxy.bearer), 4096))
        stack.enter_context(clients(proxy, IDLE, b""))
        stack.enter_context(clients(proxy, HALF_SENT, waiting[:-5]))
        time.sleep(1)
        health = min(seconds(lambda: proxy.ask("GET", "/--access-es/health").status) for _ in range(5))
        signed = min(seconds(lambda: proxy.ask("GET", "/fast", proxy.bearer).status) for _ in range(5))
    assert grown / WAITING < 100
    assert (health < 0.1, signed < 0.25) == (True, True)


def seconds(work: Callable[[], int]) -> float:
    began = time.monotonic()
    assert work() == 200
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [("GET", "/slow-left", b""), ("POST", "/_search?left", b"{}"), ("GET", "/stall-left", b"")],
    ids=["head", "search", "body"],
)
def test_a_client_that_hangs_up_ends_its_read_at_the_domain(
    served: tuple[RunningProxy, Domain], method: str, target: str, body: bytes
) -> None:
    """Within a second; the audit says who it was."""
    proxy, domain = served
    with ask(proxy, target, method, body) as client:
        eventually(lambda: target.encode() in domain.asked)
        if target.startswith("/stall"):
            client.recv(1000)
        time.sleep(0.3)
    began = time.monotonic()
    eventually(lambda: target.encode() in domain.closed)
    assert time.monotonic() - began < 1.2
    eventually(lambda: any(line["path"] == target.partition("?")[0] for line in proxy.audit()))
    line = next(line for line in proxy.audit() if line["path"] == target.partition("?")[0])
    assert (line["user"], line["error"]) == ("alice", "client_gone")
    assert "Traceback" not in proxy.log.read_text()


def test_a_write_goes_on_without_its_client(served: tuple[RunningProxy, Domain]) -> None:
    proxy, domain = served
    with ask(proxy, "/write-left/_doc", "POST", b"{}"):
        eventually(lambda: b"/write-left/_doc" in domain.asked)
        time.sleep(0.3)
    eventually(lambda: b"/write-left/_doc" in domain.finished)
    eventually(lambda: any(line["path"] == "/write-left/_doc" for line in proxy.audit()))
    line = next(line for line in proxy.audit() if line["path"] == "/write-left/_doc")
    assert (line["status"], line["delivery"], line["error"]) == (200, "cut", "client_gone")


def test_a_domain_that_breaks_off_is_one_line_of_the_log(served: tuple[RunningProxy, Domain]) -> None:
    proxy, _ = served
    before = len(proxy.log.read_text())
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        proxy.ask("GET", "/breaks", proxy.bearer)
    eventually(lambda: any(line["path"] == "/breaks" for line in proxy.audit()))
    said = [line for line in proxy.log.read_text()[before:].splitlines() if not line.startswith("{")]
    assert len(said) == 1 and "The answer was cut off: domain_broke_off" in said[0]


def test_one_user_does_not_take_all_places(tmp_path: Path) -> None:
    domain = Domain()
    with (
        scripted_server(Plays(domain.play)) as server,
        running_proxy(server.url, tmp_path, users=("alice", "bob"), REQUESTS_PER_USER="3") as proxy,
        clients(proxy, 3, request_bytes("GET", b"/slow-mine", proxy.bearer)),
    ):
        eventually(lambda: domain.asked.count(b"/slow-mine") == 3)
        refused = proxy.ask("GET", "/fast", proxy.bearer)
        assert (refused.status, refused.header("retry-after")) == (429, "1")
        assert "REQUESTS_PER_USER" in refused.json()["error"]["reason"]
        assert proxy.ask("GET", "/fast", {"Authorization": f"Bearer {proxy.tokens['bob']}"}).status == 200


def test_one_address_does_not_take_all_connections() -> None:
    with running(connections_per_address=5) as server, ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(5)]
        for client in held:
            client.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read_answer(client)[1] == b"hello"
        answer = read_to_end(stack.enter_context(server.connect()))
        assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 2\r\n" in answer
        assert b"CONNECTIONS_PER_ADDRESS" in answer
        held[0].close()
        eventually(lambda: server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").endswith(b"hello"))


def test_stopping_says_what_it_waits_for_and_what_it_cut() -> None:
    with running(graceful_seconds=2, is_logging=True) as server, server.connect() as client:
        client.sendall(b"GET /slow?30 HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: b"/slow?30" in server.exchange(b"GET /served HTTP/1.0\r\n\r\n"))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(6) == 0
        eventually(lambda: any("unfinished" in line for line in server.said))
    said = "\n".join(server.said)
    assert "requests are being answered" in said
    assert "1 requests unfinished: GET /slow" in said


def test_what_is_cut_of_our_own_pages_is_not_named() -> None:
    """An invitation's link lets in whoever has it."""
    lines = ["POST /logs/--access-es/invite/c2VjcmV0.x", "GET /--access-es/%69nvite/c2VjcmV0.x", "GET /slow"]
    assert _named(lines) == ["POST /logs/--access-es/…", "GET /--access-es/…", "GET /slow"]


def test_a_client_that_sends_ahead_without_end_delays_nobody() -> None:
    """No read of it ever waits, and no answer either, for it reads them all."""
    ahead = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 1000
    with running() as server, server.connect() as client, ThreadPoolExecutor(2) as pool:
        is_over = Event()

        def read() -> None:
            while client.recv(1024 * 1024):
                continue

        def send() -> None:
            while not is_over.is_set():
                client.sendall(ahead)
            client.shutdown(socket.SHUT_RDWR)

        threads = [pool.submit(read), pool.submit(send)]
        try:
            time.sleep(0.3)
            began = time.monotonic()
            for _ in range(5):
                assert server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").endswith(b"hello")
            assert time.monotonic() - began < 3
            assert not any(thread.done() for thread in threads)
        finally:
            is_over.set()


def test_a_worker_that_dies_is_replaced() -> None:
    with running() as server:
        first = server.echo(b"GET / HTTP/1.0\r\n\r\n")["pid"]
        os.kill(first, signal.SIGKILL)

        def answers() -> bool:
            try:
                return bool(server.echo(b"GET / HTTP/1.0\r\n\r\n")["pid"] != first)
            except (OSError, json.JSONDecodeError):
                return False

        eventually(answers)
