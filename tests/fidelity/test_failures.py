"""A domain that cannot be reached, is slow, or breaks off: the client is told, and never takes a part for the whole."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

import pytest

from tests.fidelity.bad_domain import BadDomain, reset, respond_then, stall
from tests.fidelity.raw_client import CutShortError, RawAnswer, exchange, request_bytes
from tests.fidelity.recording_domain import RecordingDomain
from tests.running_proxy import RunningProxy, running_proxy
from tests.scripted_server import Play, hang_up, say

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BIG = 10_000_000
MALFORMED = [
    b"not http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 ", b"\x15\x03\x01\x00\x02\x02\x28",
]  # fmt: skip
# What the domain does, and what the client is told of it.
FAULTS: dict[str, tuple[Play, int, str]] = {
    "hangs up": (hang_up, 502, "domain_broke_off"),
    "resets": (reset, 502, "domain_broke_off"),
    "is silent": (stall, 504, "domain_timeout"),
    "hangs up in its head": (say(HEAD, then_close=True), 502, "domain_broke_off"),
    "stalls in its head": (respond_then(HEAD, stall), 504, "domain_timeout"),
    "hangs up in a small body": (say(HEAD + b"Content-Length: 20\r\n\r\n{", then_close=True), 502, "domain_broke_off"),
    "resets in a small body": (respond_then(HEAD + b"Content-Length: 20\r\n\r\n{", reset), 502, "domain_broke_off"),
    "stalls in a small body": (respond_then(HEAD + b"Content-Length: 20\r\n\r\n{", stall), 504, "domain_timeout"),
    "hangs up before its first chunk": (say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", then_close=True), 502, "domain_broke_off"),
    **{f"says {text[:40]!r}": (say(text, then_close=True), 502, "domain_broke_off") for text in MALFORMED},
}  # fmt: skip
CUT: dict[str, Play] = {
    "chunked": say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", then_close=True),
    "chunked, within a chunk": say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nab", then_close=True),
    "chunked, then nonsense": say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n\r\n", then_close=True),
    "chunked, silent": respond_then(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", stall),
    "chunked, reset": respond_then(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", reset),
    "without a length, reset": respond_then(HEAD + b"\r\nabc", reset),
    "large": say(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 99_999, then_close=True),
    "large, silent": respond_then(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 99_999, stall),
    "large, reset": respond_then(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 99_999, reset),
}


def ask(front: RunningProxy, target: bytes = b"/_search", **headers: str) -> RawAnswer:
    return exchange(front.port, request_bytes("GET", target, {**front.bearer, **headers}))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_program_gets_the_error_as_json(bad: BadDomain, fault: str) -> None:
    play, status, code = FAULTS[fault]
    bad.play(play)
    answer = ask(bad.front)
    told = json.loads(answer.body)
    assert (answer.status, told["status"], told["error"]["code"], told["error"]["layer"]) == (
        status,
        status,
        code,
        "network",
    )
    assert told["error"]["request_id"] == bad.front.audit()[-1]["request_id"]
    assert answer.values("content-type") == [b"application/json"]


@pytest.mark.parametrize("fault", ["hangs up", "is silent"])
def test_a_person_gets_the_error_as_a_page(bad: BadDomain, fault: str) -> None:
    play, status, code = FAULTS[fault]
    bad.play(play)
    answer = ask(bad.front, Accept="text/html,*/*;q=0.8")
    assert (answer.status, answer.values("content-type")) == (status, [b"text/html; charset=utf-8"])
    assert code.encode() in answer.body
    assert bad.front.audit()[-1]["request_id"].encode() in answer.body
    for part in (
        b"The search domain",
        b'href="">Try again',
        b"/--access-es/logout",
        b"mailto:search-team@example.com",
        b" UTC</time>",
    ):
        assert part in answer.body
    assert b"Bad Gateway" not in answer.body


def test_the_sign_in_page_names_whom_to_ask(bad: BadDomain) -> None:
    answer = exchange(bad.front.port, request_bytes("GET", b"/--access-es/login", {"Accept": "text/html"}))
    assert b'Ask <a href="mailto:search-team@example.com">search-team@example.com</a>.' in answer.body


# As rsyslog 8.2302 sends them. It drops the lines of a batch that is answered with JSON, and keeps those of any other.
RSYSLOG = {"Accept": "*/*", "Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize("fault", ["hangs up", "is silent", "resets in a small body"])
def test_rsyslog_keeps_its_lines_for_later(bad: BadDomain, fault: str) -> None:
    play, _, code = FAULTS[fault]
    bad.play(play)
    answer = exchange(bad.front.port, request_bytes("POST", b"/_bulk", {**bad.front.bearer, **RSYSLOG}, b"{}\n"))
    assert (answer.status, answer.values("content-type")) == (503, [b"text/plain; charset=utf-8"])
    assert code.encode() in answer.body and not answer.body.startswith(b"{")
    assert bad.front.audit()[-1]["error"] == code


def test_programs_with_a_token_of_the_setting_get_text_too(bad: BadDomain) -> None:
    bad.play(hang_up)
    token = bad.front.command("tokens", "add", "alice", "logs").stdout.strip()
    for path in (b"/_bulk", b"/_search"):
        answer = exchange(bad.front.port, request_bytes("POST", path, {"Authorization": f"Bearer {token}"}, b"{}\n"))
        assert (answer.status, answer.values("content-type")) == (503, [b"text/plain; charset=utf-8"])
    assert ask(bad.front).values("content-type") == [b"application/json"]  # any other token


def test_rsyslog_reads_json_where_trying_again_would_be_in_vain(bad: BadDomain) -> None:
    headers = {**RSYSLOG, "Authorization": "Bearer wrong"}
    answer = exchange(bad.front.port, request_bytes("POST", b"/_bulk", headers, b"{}\n"))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (401, "wrong_credentials")


def test_an_unreachable_domain_is_a_502_that_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    with running_proxy(f"http://127.0.0.1:{closed}", tmp_path) as front:
        for accept in ("application/json", "text/html"):
            answer = ask(front, Accept=accept)
            assert (answer.status, b"domain_unreachable" in answer.body) == (502, True)
            line = front.audit()[-1]
            assert line["request_id"].encode() in answer.body
            assert line["error"] == "domain_unreachable"
        assert front.ask("GET", "/--access-es/ready").status == 503


@pytest.mark.parametrize("fault", CUT)
def test_half_an_answer_is_visibly_cut_for_the_client(bad: BadDomain, fault: str) -> None:
    """A 502 cannot be said any more once bytes have gone out, so the connection is reset before the announced end."""
    bad.play(CUT[fault])
    answer = ask(bad.front)
    assert (answer.status, answer.is_reset) == (200, True)
    with pytest.raises(CutShortError):
        _ = answer.body
    line = bad.front.audit()[-1]
    assert (line["delivery"], line["status"]) == ("cut", 200)
    assert line["error"] == ("domain_timeout" if "silent" in fault else "domain_broke_off")


@pytest.mark.parametrize("option", ["", "&chunked=1", "&encoding=gzip&kind=random"])
def test_a_large_answer_that_breaks_off_is_cut_for_the_client(front: RunningProxy, option: str) -> None:
    """Python's own client raises where it would otherwise have handed out a part as the whole."""
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)
    try:
        connection.request("GET", f"/_demo/giant?size={BIG}&fail_after={BIG - 1}{option}", headers=front.bearer)
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
    finally:
        connection.close()


def test_a_small_answer_that_breaks_off_is_a_502(front: RunningProxy) -> None:
    answer = ask(front, b"/_demo/giant?size=60000&fail_after=59999")
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (502, "domain_broke_off")


def test_a_write_that_met_a_fault_was_sent_once(bad: BadDomain) -> None:
    for play in (hang_up, reset, CUT["chunked"]):
        bad.play(play)
        before = len(bad.server.requests)
        exchange(bad.front.port, request_bytes("POST", b"/logs/_doc", bad.front.bearer, b"{}"))
        assert len(bad.server.requests) == before + 1


def test_after_a_fault_the_next_answer_is_the_next_requests_own(bad: BadDomain) -> None:
    """Nothing of a broken answer stays in a connection that is used again."""
    for play in (*CUT.values(), FAULTS["hangs up in a small body"][0], FAULTS["is silent"][0]):
        bad.play(play)
        ask(bad.front)
        bad.play(say(HEAD + b"Content-Length: 3\r\n\r\nown"))
        assert ask(bad.front).body == b"own"


def test_a_write_after_the_domain_has_closed_idle_connections_is_sent_once(
    front: RunningProxy, domain: RecordingDomain
) -> None:
    """As load balancers do after a while; the client notices nothing."""
    for _ in range(5):
        ask(front, b"/_demo/tiny")
        domain.running.drop_idle_connections()
        before = domain.count
        answer = exchange(front.port, request_bytes("POST", b"/_demo/echo", front.bearer, b"{}"))
        assert (answer.status, domain.count) == (200, before + 1)
