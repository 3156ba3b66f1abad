"""Who is asking, and over what, where a proxy with TLS stands in front of the server."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from access_es.server.forwarded import read_forwarded
from tests.server_process import running

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
