"""The domain's answers are strangers: they reach the one who asked, and change nothing about who is signed in."""

from __future__ import annotations

import socket
import time

import pytest

from access_es.errors import AnswerHeadTooLarge
from access_es.upstream.answer import ArrivingBody
from access_es.upstream.connection import Connection
from tests.attacks.conftest import SESSION_TOKEN
from tests.fidelity.bad_domain import BadDomain, respond_then
from tests.fidelity.raw_client import CutShortError, RawAnswer, exchange, request_bytes
from tests.scripted_server import Play, say

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


def ask(attacked: BadDomain, target: bytes = b"/x", method: str = "GET", user: str = "bob") -> RawAnswer:
    token = {"Authorization": f"Bearer {attacked.front.tokens[user]}"}
    return exchange(attacked.front.port, request_bytes(method, target, token))


COOKIES = [b"access-es=a", b" access-es =a", b"=access-es=a", b" = access-es=a", b"==access-es=a", b"access-es",
           b"\x00access-es=a", b"\t=\taccess-es=a", b"=__Host-access-es=a; Secure; Path=/", b"\xa0access-es=a"]  # fmt: skip


@pytest.mark.parametrize("cookie", COOKIES)
def test_no_cookie_of_the_domain_is_sent_back_as_ours(attacked: BadDomain, cookie: bytes) -> None:
    """A browser keeps `=name=value` as a cookie without a name, and sends it as `name=value`."""
    attacked.play(say(b"HTTP/1.1 200 OK\r\nSet-Cookie: %b\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n" % cookie))
    assert ask(attacked).values("set-cookie") == [b"b=2"]


@pytest.mark.parametrize("scheme", [b"Basic realm=x", b"Digest realm=x, nonce=y", b"Negotiate"])
def test_the_domain_opens_no_password_window_in_our_name(attacked: BadDomain, scheme: bytes) -> None:
    """What is typed there would be tried on us, and then sent by the browser with the forms of any other site."""
    attacked.play(say(b"HTTP/1.1 401 No\r\nWWW-Authenticate: %b\r\nContent-Length: 0\r\n\r\n" % scheme))
    answer = ask(attacked)
    assert (answer.status, answer.values("www-authenticate")) == (401, [])


def echo(status: bytes) -> Play:
    """What we sent, in a header and, where it is a refusal, in the body as well."""

    def play(connection: socket.socket, request: bytes) -> None:
        token = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"x-amz-security-token:"))
        assert SESSION_TOKEN.encode() in token
        body = request if status >= b"4" else b""
        head = b"HTTP/1.1 %b\r\nX-Echo: %b\r\nContent-Length: %d\r\n\r\n" % (status, token, len(body))
        connection.sendall(head + body)

    return play


@pytest.mark.parametrize("status", [b"200 OK", b"403 Forbidden", b"400 Bad Request", b"302 Found"])
def test_a_domain_that_echoes_us_does_not_give_our_session_token_away(attacked: BadDomain, status: bytes) -> None:
    attacked.play(echo(status))
    answer = ask(attacked)
    assert answer.status == int(status[:3])
    assert b"x-amz-security-token:" in answer.values("x-echo")[0].lower()
    assert SESSION_TOKEN.encode() not in answer.head + answer.tail and b"****" in answer.head
    assert (b"x-amz-date" in answer.body.lower()) == (status >= b"4")


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_tunnels_and_echoes_are_not_asked_for(attacked: BadDomain, method: str) -> None:
    """A tunnel would carry the requests of others, an echo would show our signature and session token."""
    before = len(attacked.server.requests)
    assert (ask(attacked, method=method).status, len(attacked.server.requests)) == (405, before)


SURPLUS: dict[str, Play] = {
    "at once": say(OK + SECRET),
    "a large one at once": say(OK + SECRET.replace(b"6", b"60000") + bytes(59_994)),
    "after a while": respond_then(OK, say(SECRET)),
    "after HEAD": say(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" + SECRET),
    "after 204": say(b"HTTP/1.1 204 No\r\n\r\n" + SECRET),
    "after 304": say(b"HTTP/1.1 304 Not\r\nContent-Length: 60\r\n\r\n" + SECRET),
    "after chunks": say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECRET),
    "after interim answers": say(b"HTTP/1.1 103 Early\r\n\r\n" * 31 + OK + SECRET),
}


@pytest.mark.parametrize("surplus", SURPLUS.values(), ids=SURPLUS.keys())
def test_an_answer_nobody_asked_for_reaches_nobody(attacked: BadDomain, surplus: Play) -> None:
    """Whatever was left on a connection is not taken for the answer to the next request: another user's."""
    for _ in range(3):
        attacked.play(surplus)
        ask(attacked, method="HEAD", user="alice")
        time.sleep(0.06)
        attacked.play(say(OK))
        assert ask(attacked).body == b"ok"


@pytest.mark.parametrize("size", [b"+2", b"0x2", b" 2", b"0_2", b"-2", b"", b"2\n", b"\xb2", b"2" * 20])
def test_chunks_that_others_read_differently_are_no_answer(attacked: BadDomain, size: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    attacked.play(say(head + size + b"\r\nok\r\n0\r\n\r\n", then_close=True))
    answer = ask(attacked)
    if answer.status == 200:
        with pytest.raises(CutShortError):
            _ = answer.body
    else:
        assert answer.status == 502


def test_trailers_without_end_are_given_up() -> None:
    """They would hold a thread for as long as they come."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        theirs.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 7000)
        theirs.shutdown(socket.SHUT_WR)
        connection = Connection(ours)
        body = ArrivingBody(connection, connection.read_final_head(), "GET", lambda *_: None)
        with pytest.raises(AnswerHeadTooLarge):
            body.read()


def test_control_bytes_split_no_answer(attacked: BadDomain) -> None:
    attacked.play(say(b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: access-es=a\r\nY: \x00\x0b\r\nContent-Length: 0\r\n\r\n"))
    answer = ask(attacked)
    assert (answer.values("set-cookie"), answer.values("x")) == ([], [b"aSet-Cookie: access-es=a"])
