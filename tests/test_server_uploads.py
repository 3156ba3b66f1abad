"""Clients that hang up while their request body is on its way: to us, and on to the domain."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.eventually import eventually
from tests.fidelity.raw_client import request_bytes
from tests.running_proxy import RunningProxy, running_proxy

BODY_BYTES = 30_000_000  # far more than the kernel takes for a domain that does not read
HEAD_END = b"\r\n\r\n"


@dataclass
class StalledDomain:
    """Reads the head of each request, and its body only when told to. Sees when its connection ends."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)
    ended: list[tuple[float, int]] = field(default_factory=list)  # when, and after how many bytes
    may_read: Event = field(default_factory=Event)

    def serve(self, connection: socket.socket) -> None:
        data = b""
        with connection:
            while HEAD_END not in data:
                if not (piece := connection.recv(4096)):
                    return
                data += piece
            head, _, rest = data.partition(HEAD_END)
            self.heads.append(head)
            self._await_end_or_leave(connection)
            read = len(rest) + self._read_all(connection, BODY_BYTES - len(rest))
            self.ended.append((time.monotonic(), read))
            if read == BODY_BYTES:
                connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")

    def _await_end_or_leave(self, connection: socket.socket) -> None:
        """Without reading, a FIN behind so much is seen through the state of the connection alone."""
        while not self.may_read.wait(0.02):
            state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
            if state != b"\x01":  # no longer established
                return

    def _read_all(self, connection: socket.socket, most: int) -> int:
        read = 0
        try:
            while read < most and (piece := connection.recv(min(1_000_000, most - read))):
                read += len(piece)
        except OSError:
            pass
        return read


@contextmanager
def stalled_domain() -> Iterator[StalledDomain]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        domain = StalledDomain(f"http://127.0.0.1:{listener.getsockname()[1]}")
        Thread(target=_accept, args=(listener, domain), daemon=True).start()
        yield domain
        domain.may_read.set()
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, domain: StalledDomain) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        Thread(target=domain.serve, args=(connection,), daemon=True).start()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningProxy, StalledDomain]]:
    with stalled_domain() as domain, running_proxy(domain.url, tmp_path_factory.mktemp("uploads")) as proxy:
        yield proxy, domain


def send(proxy: RunningProxy, method: str, target: str, body_bytes: int = BODY_BYTES) -> socket.socket:
    """A request whose body is announced with BODY_BYTES, and the first `body_bytes` of it."""
    client = socket.create_connection(("127.0.0.1", proxy.port), 20)
    headers = {**proxy.bearer, "Content-Length": str(BODY_BYTES)}
    client.sendall(request_bytes(method, target.encode(), headers) + b"\n" * body_bytes)
    return client


def audited(proxy: RunningProxy, path: str) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        return next((line for line in proxy.audit() if line["path"] == path), None)

    found: Callable[[], dict[str, Any] | None] = find
    line = eventually(found)
    assert line is not None
    return line


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/gone/_bulk"), ("PUT", "/gone/_doc/1"), ("POST", "/gone/_search")]
)
def test_a_client_that_hangs_up_ends_its_upload_at_the_domain(
    served: tuple[RunningProxy, StalledDomain], method: str, path: str
) -> None:
    """Within a second, a write too: the domain never had all of it."""
    proxy, domain = served
    before = len(domain.ended)
    client = send(proxy, method, path)
    eventually(lambda: any(path.encode() in head for head in domain.heads))
    time.sleep(0.3)
    assert len(domain.ended) == before
    client.close()
    began = time.monotonic()
    eventually(lambda: len(domain.ended) > before)
    ended, read = domain.ended[-1]
    assert ended - began < 1.2 and read < BODY_BYTES
    line = audited(proxy, path)
    assert (line["status"], line["error"], line["user"]) == (499, "client_gone", "alice")


def test_nothing_of_an_upload_that_did_not_arrive_is_sent_on(served: tuple[RunningProxy, StalledDomain]) -> None:
    proxy, domain = served
    before = len(domain.heads)
    send(proxy, "POST", "/half/_bulk", BODY_BYTES // 2).close()
    line = audited(proxy, "/half/_bulk")
    assert line["error"] == "broken_request_body" and len(domain.heads) == before


def test_an_upload_whose_client_stays_arrives_whole(tmp_path: Path) -> None:
    with stalled_domain() as domain, running_proxy(domain.url, tmp_path) as proxy:
        with send(proxy, "POST", "/stays/_bulk") as client:
            eventually(lambda: domain.heads)
            time.sleep(0.8)  # longer than it takes to notice a client that left
            domain.may_read.set()
            assert client.recv(4096).startswith(b"HTTP/1.1 201 ")
        assert domain.ended[-1][1] == BODY_BYTES
        assert audited(proxy, "/stays/_bulk")["status"] == 201
