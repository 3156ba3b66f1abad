"""What strangers send does not end up in the log, and writes no lines of its own there."""

from __future__ import annotations

import base64
import json
import socket

import pytest

from tests.fidelity.bad_domain import BadDomain
from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.sessions import LOGIN

CANARY = b"whispered"
BROKEN = {
    "a chunk that has become a size": b"5\r\nhello\r\npassword=%b\r\n0\r\n\r\n",
    "a size": b"%b\r\n\r\n",
    "a trailer": b"5\r\nhello\r\n0\r\n%b\r\n\r\n",
    "an extension": b"5;%b\r;\r\nhello\r\n0\r\n\r\n",
    "a chunk that is too long": b"3\r\nhello%b\r\n0\r\n\r\n",
    "a chunk whose end is read": b"0\r\n%b: 1 \x01\r\n\r\n",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("target", [LOGIN.encode(), b"/_bulk"])
def test_a_body_that_cannot_be_read_is_not_quoted(attacked: BadDomain, target: bytes, body: bytes) -> None:
    head = request_bytes("POST", target, {**attacked.front.bearer, "Transfer-Encoding": "chunked"})
    with socket.create_connection(("127.0.0.1", attacked.front.port), 5) as client:
        client.sendall(head + body % CANARY)
        client.shutdown(socket.SHUT_WR)
        assert b" 4" in client.recv(1000)
    assert CANARY.decode() not in attacked.front.log.read_text()


NAMES = ["alice\r\n{}", "\x1b[31m\x00", "\u2028\u202e{}", "%s%n{0.__class__}"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_writes_a_line(attacked: BadDomain, name: str) -> None:
    before = len(attacked.front.log.read_text().splitlines())
    basic = base64.b64encode(f"{name}:wrong-{name}".encode()).decode()
    answer = exchange(attacked.front.port, request_bytes("GET", b"/x", {"Authorization": f"Basic {basic}"}))
    assert answer.status in (401, 429)
    new = attacked.front.log.read_text().splitlines()[before:]
    assert [line for line in new if not (line.startswith("{") or " WARNING access_es." in line)] == []


@pytest.mark.parametrize("path", [b"/a%0d%0a{}", b"/a\xe2\x80\xa8b", b"/\x85\x9b31m", b'/"},{"user":"admin', b"/%s{0}"])
def test_no_path_writes_a_line(attacked: BadDomain, path: bytes) -> None:
    exchange(attacked.front.port, request_bytes("GET", path))
    line = attacked.front.log.read_bytes().split(b"\n")[-2]
    assert line.isascii()
    assert json.loads(line)["path"].encode("latin-1") == path
