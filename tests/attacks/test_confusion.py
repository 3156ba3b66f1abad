"""Targets, hosts and origins that mean one thing to us and another to somebody else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.fidelity.bad_domain import BadDomain
from tests.fidelity.raw_client import RawAnswer, exchange, request_bytes
from tests.fidelity.sessions import LOGIN, sign_in


def get(attacked: BadDomain, target: bytes, **headers: str) -> RawAnswer:
    return exchange(attacked.front.port, request_bytes("GET", target, {"Accept": "text/html", **headers}))


CONFUSABLE_TARGETS = [
    b"//--access-es/login", b"/%2d%2daccess-es/login", b"/x/../--access-es/login", b"/./--access-es/login",
    b"/--ACCESS-ES/login", b"/--access-es;x/login", b"/--access-es%2flogin", b"/--access-es\\login", b"/-\xad-access-es/login",
    b"http://a\\--access-es/login", b"/?/--access-es/login", b"/#/--access-es/login",
]  # fmt: skip


@pytest.mark.parametrize("target", CONFUSABLE_TARGETS)
def test_what_only_looks_like_our_page_wants_a_sign_in(attacked: BadDomain, target: bytes) -> None:
    before = len(attacked.server.requests)
    answer = get(attacked, target)
    assert (answer.status, len(attacked.server.requests)) == (303, before)
    assert answer.values("location")[0].startswith(LOGIN.encode())


ODD_PAGES = [
    b"/--access-es//login", b"/--access-es/../x", b"/--access-es/login/", b"/--access-es/login;x",
    b"/--access-es/login%00", b"/--access-es/%ff", b"/--access-es/static/..%2f..%2fapp.py", b"/--access-es/static//etc/passwd",
    b"/--access-es/static/%2e%2e/app.py", b"/--access-es/static/..\\app.py", b"/--access-es/static/%2fetc/passwd",
    b"/--access-es/static/", b"/--access-es/{{12345*10001}}", b"/--access-es/<script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize(
    "target", [b"/--access-es", b"/--access-es/", b"/--access-es?x", b"/--access-es/?x=//evil.example"]
)
def test_the_start_of_our_prefix_leads_to_the_account(attacked: BadDomain, target: bytes) -> None:
    before = len(attacked.server.requests)
    answer = get(attacked, target)
    assert (answer.status, len(attacked.server.requests)) == (303, before)
    assert answer.values("location") == [b"/--access-es/account"]


@pytest.mark.parametrize("target", ODD_PAGES)
def test_below_our_prefix_is_nothing_but_our_pages(attacked: BadDomain, target: bytes) -> None:
    """And an error page shows nothing of what was asked."""
    before = len(attacked.server.requests)
    answer = get(attacked, target)
    assert (answer.status, len(attacked.server.requests)) == (404, before)
    assert b"123462345" not in answer.body and b"alert" not in answer.body
    assert b"default-src 'none'" in answer.values("content-security-policy")[0]


@pytest.mark.parametrize("host", [b"%", b"[::", b"]", b"xn--", b"a..b", b":", b":80", b"a:999999", b"a:b", b"1:2:3", b"'", b"a,b", b"x" * 300])  # fmt: skip
@pytest.mark.parametrize("path", [LOGIN.encode(), b"/--access-es/account", b"/--access-es/static/access-es.css", b"/"])
def test_no_host_makes_us_fail(attacked: BadDomain, host: bytes, path: bytes) -> None:
    request = b"GET %b HTTP/1.1\r\nHost: %b\r\nAccept: text/html\r\nConnection: close\r\n\r\n" % (path, host)
    answer = exchange(attacked.front.port, request)
    assert answer.status < 500
    assert not any(b"//" in value for value in answer.values("location"))


OTHER_ORIGINS = ["null", "http://evil.example", "http://proxy.example.evil.example", "http://proxy.example:81",
                 "http://evil.example#proxy.example", "proxy.example", "http://", "", "http://PROXY.example@evil.example"]  # fmt: skip


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PURGE"])
def test_no_other_site_changes_anything(attacked: BadDomain, method: str, origin: str) -> None:
    """A plain-text form as well, over plain http, where browsers tell the Origin alone."""
    cookie = cookie_of(attacked)
    before = len(attacked.server.requests)
    headers = {"Cookie": cookie, "Origin": origin, "Content-Type": "text/plain", "X-HTTP-Method-Override": "GET"}
    answer = exchange(attacked.front.port, request_bytes(method, b"/x?_method=GET", headers, b"{}="))
    assert (answer.status, len(attacked.server.requests)) == (403, before)


_cookies: dict[int, str] = {}


def cookie_of(attacked: BadDomain) -> str:
    """Of a session that no test ends."""
    port = attacked.front.port
    if port not in _cookies:
        _cookies[port] = sign_in(attacked.front, "alice")
    return _cookies[port]


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize("credentials", [b"", b"Authorization: Bearer x\r\n", b"Cookie: access-es=x\r\n"])
def test_an_anonymous_upload_is_refused_before_it_is_read(
    attacked: BadDomain, expect: bytes, credentials: bytes
) -> None:
    head = b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n%b%b\r\n"
    with socket.create_connection(("127.0.0.1", attacked.front.port), 5) as client:
        client.sendall(head % (expect, credentials))
        assert client.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_an_upgrade_header_is_not_forwarded(attacked: BadDomain) -> None:
    upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c, websocket", "HTTP2-Settings": "AAMAAABkAAQ"}
    assert get(attacked, b"/x", **attacked.front.bearer, **upgrade).status == 200
    sent = attacked.server.requests[-1].lower()
    assert b"upgrade" not in sent and b"http2-settings" not in sent


def test_what_is_kept_is_readable_by_its_owner_only(attacked: BadDomain) -> None:
    state = attacked.front.state
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in state.iterdir()} >= {"users.db", "session-secret"}
    assert {path.stat().st_mode & 0o777 for path in state.iterdir()} == {0o600}


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads the process list from /proc")
def test_the_process_list_holds_no_secret(attacked: BadDomain) -> None:
    shown = Path(f"/proc/{attacked.front.pid}/cmdline").read_bytes()
    secret = (attacked.front.state / "session-secret").read_text()
    for kept in (secret, *attacked.front.tokens.values(), attacked.front.environment["AWS_SECRET_ACCESS_KEY"]):
        assert os.fsencode(kept) not in shown
