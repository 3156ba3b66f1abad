"""Whoever is not signed in cannot take the threads from those who are: not by sending slowly, not by reading slowly."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.fidelity.bad_domain import BadDomain
from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.sessions import LOGIN
from tests.running_proxy import RunningProxy
from tests.server_process import read_to_end, running

MORE_THAN_THREADS = 170  # 2 processes have 128
POST = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n" % LOGIN.encode()
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SLOW_FORMS = {
    "large": POST + b"Content-Length: 60000\r\n\r\nusername=",
    "small": POST + b"Content-Length: 60\r\n\r\nusername=",
    "of a length with many zeros": POST + b"Content-Length: %060d\r\n\r\nusername=" % 60,
    "in tiny chunks": CHUNKED + b"1\r\nx\r\n" * 8000,
    "in chunks that seem to end": CHUNKED + b"5\r\n\r\n0\r\n\r\n",
    "that waits for 100 Continue": POST + b"Expect: 100-continue\r\nContent-Length: 60\r\n\r\n",
    "by GET": POST.replace(b"POST", b"GET") + b"Content-Length: 60000\r\n\r\n",
}


@contextmanager
def clients(port: int, openings: Iterable[bytes], receive_bytes: int = 0) -> Iterator[None]:
    with ExitStack() as stack:
        for opening in openings:
            client = stack.enter_context(socket.socket())
            if receive_bytes:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            client.settimeout(1)
            client.connect(("127.0.0.1", port))
            try:
                client.sendall(opening)
            except TimeoutError:
                continue  # it takes no more from us before we take something from it: so be it
        yield


def slowest_answer_seconds(front: RunningProxy) -> float:
    slowest = 0.0
    for _ in range(6):  # so that both processes are asked
        began = time.monotonic()
        assert exchange(front.port, request_bytes("GET", b"/x", front.bearer), timeout=10).status == 200
        slowest = max(slowest, time.monotonic() - began)
    return slowest


@pytest.mark.parametrize("form", SLOW_FORMS.values(), ids=SLOW_FORMS.keys())
def test_slow_forms_delay_no_other_request(attacked: BadDomain, form: bytes) -> None:
    with clients(attacked.front.port, [form] * MORE_THAN_THREADS):
        time.sleep(0.2)
        assert slowest_answer_seconds(attacked.front) < 2


@pytest.mark.parametrize("kind", sorted(SLOW_FORMS.keys() - {"small"}))  # a small one is waited for without a thread
def test_a_form_that_is_not_here_is_refused_and_not_asked_for(attacked: BadDomain, kind: str) -> None:
    with socket.create_connection(("127.0.0.1", attacked.front.port), 5) as client:
        client.sendall(SLOW_FORMS[kind])
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_form_as_large_as_may_be_is_taken_however_slowly_it_comes(attacked: BadDomain) -> None:
    body = b"username=" + b"a" * 32_000
    with socket.create_connection(("127.0.0.1", attacked.front.port), 5) as client:
        client.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 8000):
            client.sendall(body[start : start + 8000])
            time.sleep(0.02)
        assert client.recv(1000).startswith(b"HTTP/1.1 403 ")  # read, and found to be no form of ours


def test_unread_answers_delay_no_other_request() -> None:
    """A client that asks and asks, and reads nothing, waits without a thread until it does. The server has 4."""
    unread = b"GET /giant?65536 HTTP/1.1\r\nHost: a\r\n\r\n" * 600
    with running() as server, clients(server.port, [unread] * 8, receive_bytes=1024):
        for _ in range(6):
            began = time.monotonic()
            assert server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").endswith(b"hello")
            assert time.monotonic() - began < 2
            time.sleep(0.2)


def test_a_client_that_takes_its_answers_late_gets_all_of_them() -> None:
    ask = b"GET /giant?65536 HTTP/1.1\r\nHost: a\r\n\r\n"
    with running() as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        client.connect(("127.0.0.1", server.port))
        client.sendall(ask * 79 + ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        time.sleep(0.5)
        answers = read_to_end(client)
    assert answers.count(b"HTTP/1.1 200 ") == 80
    assert len(answers) > 80 * 65536
