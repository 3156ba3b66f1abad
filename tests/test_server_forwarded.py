"""Who is asking, and over what, where a proxy with TLS stands in front of the server."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from access_es.server.forwarded import read_forwarded
from tests.eventually import eventually
from tests.server_process import read_answer, read_to_end, running

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("127.0.0.1"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.1.1.1"], "203.0.113.7"),  # two proxies of ours
        (["203.0.113.7", "10.1.1.1"], "203.0.113.7"),  # told in two lines
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),  # the left one is the client's to invent
        (["10.9.9.9, 203.0.113.7"], "203.0.113.7"),
        (["10.2.2.2"], "10.2.2.2"),  # somebody within our own network
        (["unknown"], "127.0.0.1"),
        (["203.0.113.7, unknown"], "127.0.0.1"),
        (["203.0.113.7, unknown, 10.1.1.1"], "10.1.1.1"),
        (["2001:db9::1"], "2001:db9::1"),
        (["203.0.113.9:51008"], "203.0.113.9"),  # Azure's gateways, and ALB where it is told to, add the port
        (["[2001:db9::1]:443"], "2001:db9::1"),
        (["[2001:db9::1]"], "2001:db9::1"),
        (['"[2001:db9::1]:443"'], "2001:db9::1"),
        (["203.0.113.9:51008, 10.1.1.1:80"], "203.0.113.9"),  # one of ours is known with its port, too
        (["203.0.113.9:port"], "127.0.0.1"),
        (["2001:db9::1, 2001:db8::5"], "2001:db9::1"),
        ([""], "127.0.0.1"),
        ([], "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_not_a_proxy_of_ours(lines: list[str], client: str) -> None:
    headers = [("X-Forwarded-For", line) for line in lines]
    assert read_forwarded(headers, "127.0.0.1", TRUSTED) == (None, client)


@pytest.mark.parametrize(
    ("lines", "scheme"),
    [
        (["https"], "https"),
        (["HTTPS"], "https"),
        (["http"], "http"),
        (["https", "http"], "http"),
        (["ftp"], None),
        ([], None),
    ],
)
def test_the_scheme_is_what_the_nearest_proxy_says(lines: list[str], scheme: str | None) -> None:
    assert read_forwarded([("x-forwarded-proto", line) for line in lines], "10.0.0.9", TRUSTED) == (scheme, "10.0.0.9")


@pytest.mark.parametrize("peer", ["203.0.113.1", "::1", ""])
def test_headers_of_other_peers_are_not_trusted(peer: str) -> None:
    headers = [("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Proto", "https")]
    assert read_forwarded(headers, peer, TRUSTED) == (None, peer)
    assert read_forwarded(headers, "10.0.0.1", []) == (None, "10.0.0.1")


def test_an_ipv4_mapped_ipv6_address_is_known() -> None:
    """As a socket that listens on both sees them."""
    assert read_forwarded([("X-Forwarded-For", "203.0.113.7")], "::ffff:10.0.0.1", TRUSTED) == (None, "203.0.113.7")


@pytest.mark.parametrize(
    ("trusted", "seen"), [("127.0.0.0/8", ("https", "203.0.113.7")), ("10.0.0.1", ("http", "127.0.0.1"))]
)
def test_the_server_trusts_the_named_proxies_only(trusted: str, seen: tuple[str, str]) -> None:
    with running(trusted=[trusted]) as server:
        found = server.echo(
            b"GET / HTTP/1.0\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\r\n"
        )
    assert (found["scheme"], found["address"]) == seen


def test_behind_a_proxy_requests_are_counted_by_the_address_that_it_names() -> None:
    """All connections are the proxy's own."""
    with running(trusted=("127.0.0.1",), connections_per_address=1) as server, ExitStack() as stack:
        slow, same, other = (stack.enter_context(server.connect()) for _ in range(3))
        slow.sendall(b"GET /slow?3 HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        eventually(lambda: b"/slow?3" in server.exchange(b"GET /served HTTP/1.0\r\n\r\n"))
        same.sendall(b"GET /hello HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        assert b"CONNECTIONS_PER_ADDRESS" in read_to_end(same)
        other.sendall(b"GET /hello HTTP/1.0\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n")
        assert read_to_end(other).endswith(b"hello")
        assert read_to_end_of_slow(slow)
        assert server.exchange(b"GET /hello HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n").endswith(b"hello")


def read_to_end_of_slow(client: socket.socket) -> bool:
    return read_answer(client)[1] == b"done"
