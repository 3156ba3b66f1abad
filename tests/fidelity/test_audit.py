"""The audit: one line for every request, however it went, and no secret in anything that the process ever writes."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fidelity.bad_domain import BadDomain, bad_domain, reset, respond_then, stall
from tests.fidelity.raw_client import RawAnswer, exchange, request_bytes
from tests.fidelity.sessions import sign_in
from tests.running_proxy import KEY, PASSWORD
from tests.scripted_server import Play, hang_up, say

CANARY = "canary-7c1f"
HEAD = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=" + CANARY.encode() + b"\r\nX-Secret: " + CANARY.encode() + b"\r\n"
SECRET_BODY = b'{"password":"' + CANARY.encode() + b'"}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(SECRET_BODY) + SECRET_BODY
LARGE = HEAD + b"Content-Length: 9000000\r\n\r\n" + SECRET_BODY * 3000
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(SECRET_BODY), SECRET_BODY)
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n" % len(SECRET_BODY) + SECRET_BODY

# How the domain behaves; status, delivery and error of the line that must come of it.
KINDS: dict[str, tuple[Play, int, str, str | None]] = {
    "held": (say(WHOLE), 200, "held", None),
    "streamed": (say(CHUNKED + b"0\r\n\r\n"), 200, "streamed", None),
    "refused": (say(REFUSED), 403, "held", None),
    "nothing": (say(b"HTTP/1.1 204 No Content\r\n\r\n"), 204, "held", None),
    "hung-up": (hang_up, 502, "error", "domain_broke_off"),
    "reset": (reset, 502, "error", "domain_broke_off"),
    "slow": (stall, 504, "error", "domain_timeout"),
    "malformed": (say(SECRET_BODY + b"\r\n\r\n", then_close=True), 502, "error", "domain_broke_off"),
    "malformed-header": (say(b"HTTP/1.1 200 OK\r\n" + SECRET_BODY + b"\r\n\r\n", then_close=True), 502, "error", "domain_broke_off"),
    "malformed-length": (say(b"HTTP/1.1 200 OK\r\nContent-Length: " + SECRET_BODY + b"\r\n\r\n"), 502, "error", "domain_broke_off"),
    "malformed-chunk": (say(CHUNKED + SECRET_BODY + b"\r\n", then_close=True), 200, "cut", "domain_broke_off"),
    "malformed-first-chunk": (say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + SECRET_BODY + b"\r\n", then_close=True), 502, "error",
                              "domain_broke_off"),
    "cut": (say(LARGE, then_close=True), 200, "cut", "domain_broke_off"),
    "cut-chunked": (say(CHUNKED, then_close=True), 200, "cut", "domain_broke_off"),
    "cut-silent": (respond_then(LARGE, stall), 200, "cut", "domain_timeout"),
}  # fmt: skip


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadDomain]:
    """With AWS credentials that are canaries too, and a folder for uploads that can be taken away."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "uploads").mkdir()
    token = f"{CANARY}-aws-session-token"
    with bad_domain(folder, AWS_SESSION_TOKEN=token, TMPDIR=str(folder / "uploads")) as running:
        yield running


def lines_of(bad: BadDomain, path: str, *, wait: bool = True) -> list[dict[str, Any]]:
    """The lines of one path, once there is one; a client that left early may be noticed late."""
    deadline = time.monotonic() + (5 if wait else 0)
    while not (found := [line for line in bad.front.audit() if line["path"] == path]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def only_line(bad: BadDomain, path: str) -> dict[str, Any]:
    time.sleep(0.05)
    (line,) = lines_of(bad, path)
    return line


def send(
    bad: BadDomain, path: str, method: str = "POST", body: bytes | None = SECRET_BODY, **headers: str
) -> RawAnswer:
    """With a canary wherever a client can put one."""
    secrets = {
        **bad.front.bearer, "Cookie": f"a={CANARY}", "X-Api-Key": CANARY, "X-Amz-Security-Token": CANARY,
        "Referer": f"http://a.example/?{CANARY}", "User-Agent": CANARY, "Proxy-Authorization": CANARY, **headers,
    }  # fmt: skip
    return exchange(bad.front.port, request_bytes(method, f"{path}?token={CANARY}".encode(), secrets, body))


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_of_the_domain_leaves_one_line(bad: BadDomain, kind: str) -> None:
    play, status, delivery, error = KINDS[kind]
    bad.play(play)
    send(bad, f"/{kind}")
    line = only_line(bad, f"/{kind}")
    assert (line["status"], line["delivery"], line.get("error")) == (status, delivery, error)
    assert (line["user"], line["via"], line["method"], line["client"]) == ("alice", "token", "POST", "127.0.0.1")
    assert line["bytes_in"] == len(SECRET_BODY)
    assert line["ms"] >= line["upstream_ms"] > 0


def test_the_bytes_of_both_ways_are_counted(bad: BadDomain) -> None:
    bad.play(say(HEAD + b"Content-Length: 500000\r\n\r\n" + b"x" * 500_000))
    send(bad, "/counted", body=b"y" * 2_000_000)
    line = only_line(bad, "/counted")
    assert (line["bytes_in"], line["bytes_out"], line["delivery"]) == (2_000_000, 500_000, "streamed")


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_a_client_that_leaves_early_leaves_one_line_that_says_cut(bad: BadDomain, kind: str) -> None:
    piece = b"x" * 100_000
    whole = b"Content-Length: 20000000\r\n\r\n" + piece * 200
    chunked = b"Transfer-Encoding: chunked\r\n\r\n" + b"186a0\r\n%b\r\n" % piece * 200 + b"0\r\n\r\n"
    bad.play(say(HEAD + (whole if kind == "length" else chunked)))
    with socket.create_connection(("127.0.0.1", bad.front.port), 10) as client:
        client.sendall(request_bytes("GET", f"/left-{kind}".encode(), bad.front.bearer))
        client.recv(1000)
    line = only_line(bad, f"/left-{kind}")
    assert (line["status"], line["delivery"], line.get("error")) == (200, "cut", "client_gone")
    assert line["bytes_out"] < 20_000_000


def test_a_client_that_leaves_within_its_upload_leaves_one_line(bad: BadDomain) -> None:
    headers = {**bad.front.bearer, "Content-Length": "100000"}
    with socket.create_connection(("127.0.0.1", bad.front.port), 10) as client:
        client.sendall(request_bytes("POST", b"/left-upload", headers) + SECRET_BODY)
    line = only_line(bad, "/left-upload")
    assert (line["status"], line["delivery"], line["error"]) == (400, "error", "broken_request_body")


def test_an_upload_that_finds_no_folder_is_an_answer_and_a_line(bad: BadDomain) -> None:
    folder = bad.front.environment["TMPDIR"]
    bad.play(say(WHOLE))
    assert send(bad, "/spooled", body=SECRET_BODY * 100_000).status == 200
    shutil.rmtree(folder)
    answer = send(bad, "/unspooled", body=SECRET_BODY * 100_000)
    Path(folder).mkdir()
    line = only_line(bad, "/unspooled")
    told = json.loads(answer.body)["error"]
    assert (answer.status, told["code"], line["error"]) == (500, "internal_error", "internal_error")
    assert told["request_id"] == line["request_id"]


def test_anonymous_requests_and_redirects_leave_one_line(bad: BadDomain) -> None:
    port = bad.front.port
    exchange(port, request_bytes("GET", b"/stranger-program", {"Authorization": f"Bearer aes_000000000000_{CANARY}"}))
    exchange(port, request_bytes("GET", b"/stranger-person", {"Accept": "text/html", "Cookie": f"access-es={CANARY}"}))
    exchange(port, request_bytes("GET", b"/", {**bad.front.bearer, "Accept": "text/html"}))
    program, person, home = (only_line(bad, path) for path in ("/stranger-program", "/stranger-person", "/"))
    assert (program["status"], program["user"], program["error"]) == (401, None, "wrong_credentials")
    assert (person["status"], person["user"], person["error"]) == (303, None, "not_signed_in")
    assert (home["status"], home["user"], home["delivery"]) == (303, "alice", "redirect")


ACCOUNT, LOGIN = "/--access-es/account", "/--access-es/login"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


def ask_page(
    bad: BadDomain, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[RawAnswer, dict[str, Any]]:
    """One of our own pages, and its line, which is written after the answer."""
    before = len(lines_of(bad, path, wait=False))
    body = None if form is None else urlencode(form).encode()
    answer = exchange(bad.front.port, request_bytes(method, path.encode(), {**FORM, **headers}, body))
    deadline = time.monotonic() + 5
    while len(lines := lines_of(bad, path, wait=False)) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    (line,) = lines[before:]
    return answer, {name: line.get(name) for name in ("user", "via", "event", "token", "error")}


def page_line(
    bad: BadDomain, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> dict[str, Any]:
    return ask_page(bad, method, path, form, **headers)[1]


def facts(user: str | None, via: str | None = None, event: str | None = None, **more: str) -> dict[str, Any]:
    return {"user": user, "via": via, "event": event, "token": None, "error": None, **more}


def form_field(bad: BadDomain, path: str, **headers: str) -> tuple[str, str]:
    """The form's own field, and the cookie that came with it."""
    page, _ = ask_page(bad, "GET", path, None, **headers)
    field = re.search(rb'name="anti_forgery" value="([^"]+)"', page.body)
    assert field
    return field[1].decode(), cookie_of(page)


def cookie_of(page: RawAnswer) -> str:
    return b"".join(page.values("set-cookie")).decode().partition(";")[0]


def test_our_pages_say_who_did_what(bad: BadDomain) -> None:
    def open_session() -> tuple[str, str]:
        field, cookie = form_field(bad, LOGIN)
        form = {"username": "alice", "password": PASSWORD, "anti_forgery": field}
        answer, line = ask_page(bad, "POST", LOGIN, form, Cookie=cookie)
        assert line == facts("alice", "password", "sign_in")
        return cookie_of(answer), form_field(bad, ACCOUNT, Cookie=cookie_of(answer))[0]

    def post(path: str, **fields: str) -> dict[str, Any]:
        return page_line(bad, "POST", path, {"anti_forgery": field, **fields}, Cookie=session)

    session, field = open_session()
    assert page_line(bad, "GET", ACCOUNT, Cookie=session) == facts("alice", "session")
    made = facts("alice", "session", "token_created", token="nightly")
    assert post(f"{ACCOUNT}/tokens", label=" nightly ", days="1") == made
    gone = facts("alice", "session", "token_revoked", token="nightly")
    assert post(f"{ACCOUNT}/tokens/revoke", label="nightly") == gone
    refused = facts("alice", "session", "password_change_failed", error="wrong_credentials")
    assert post(f"{ACCOUNT}/password", current=CANARY, new="x" * 20, repeated="x" * 20) == refused
    # The same one again, so that the other tests go on with it.
    assert post(f"{ACCOUNT}/password", current=PASSWORD, new=PASSWORD, repeated=PASSWORD)["event"] == "password_changed"
    session, field = open_session()
    assert post("/--access-es/logout") == facts("alice", "session", "sign_out")


@pytest.mark.parametrize(("typed", "user"), [("alice", "alice"), ("Alice ", "alice"), (CANARY, None), ("", None)])
def test_a_failed_sign_in_names_the_user_only_where_there_is_one(bad: BadDomain, typed: str, user: str | None) -> None:
    """What was typed may be a password in the wrong field."""
    field, cookie = form_field(bad, "/--access-es/login")
    form = {"username": typed, "password": CANARY, "anti_forgery": field}
    failed = facts(user, None, "sign_in_failed", error="wrong_credentials")
    assert page_line(bad, "POST", "/--access-es/login", form, Cookie=cookie) == failed
    basic = base64.b64encode(f"{typed}:{CANARY}".encode()).decode()
    assert page_line(bad, "GET", "/failed", Authorization=f"Basic {basic}") == failed
    wrong_token = base64.b64encode(f"{typed}:aes_000000000000_{'x' * 40}".encode()).decode()
    assert page_line(bad, "GET", "/failed", Authorization=f"Basic {wrong_token}") == failed


def test_a_token_is_named_by_its_label(bad: BadDomain) -> None:
    bad.play(say(WHOLE))
    secret = bad.front.bearer["Authorization"]
    assert page_line(bad, "GET", "/by-token", Authorization=secret) == facts("alice", "token", token="tests")
    assert page_line(bad, "GET", ACCOUNT, Authorization=secret) == facts("alice", "token", token="tests")
    wrong = secret[:-1] + ("b" if secret.endswith("a") else "a")
    failed = facts("alice", None, "sign_in_failed", token="tests", error="wrong_credentials")
    assert page_line(bad, "GET", "/by-token", Authorization=wrong) == failed
    assert page_line(bad, "GET", ACCOUNT, Authorization=wrong) == failed


@pytest.mark.parametrize(
    "path", ["/--access-es/health", "/--access-es/nothing-here", "/--access-es/static/access-es.css"]
)
def test_our_own_pages_leave_one_line(bad: BadDomain, path: str) -> None:
    before = len([line for line in bad.front.audit() if line["path"] == path])
    answer = exchange(bad.front.port, request_bytes("GET", path.encode()))
    (line,) = lines_of(bad, path)[before:]
    assert (line["status"], line["delivery"], line["bytes_out"]) == (answer.status, "page", len(answer.body))


def sign_in_by_form(bad: BadDomain) -> None:
    session = sign_in(bad.front, "alice")
    send(bad, "/by-session", Cookie=session, Authorization="")
    form = f"username={CANARY}&password={CANARY}&anti_forgery={CANARY}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"access-es={CANARY}"}
    exchange(bad.front.port, request_bytes("POST", b"/--access-es/login", headers, form))


def sign_in_by_header(bad: BadDomain) -> None:
    for password in (PASSWORD, CANARY, bad.front.tokens["alice"]):
        basic = base64.b64encode(f"alice:{password}".encode()).decode()
        send(bad, "/by-password", Authorization=f"Basic {basic}")


def break_the_framing(bad: BadDomain) -> None:
    for request in (
        b"GET /a HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % CANARY.encode(),
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%b\r\n"
        % CANARY.encode(),
        b"%b\r\n\r\n" % CANARY.encode(),
    ):
        with socket.create_connection(("127.0.0.1", bad.front.port), 10) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            client.recv(1000)


def test_nothing_the_process_writes_holds_a_secret(bad: BadDomain) -> None:
    """Standard output and standard error together, after every kind of answer and of sign-in, and broken framing."""
    for kind, (play, *_) in KINDS.items():
        bad.play(play)
        send(bad, f"/secret-{kind}")
    bad.play(say(WHOLE))
    for happening in (sign_in_by_form, sign_in_by_header, break_the_framing):
        happening(bad)
    session = sign_in(bad.front, "alice").partition("=")[2]
    written = bad.front.log.read_text()
    assert '"path":"/by-session"' in written and "domain_broke_off" in written
    basic = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    token = bad.front.tokens["alice"]
    for secret in (
        CANARY,
        PASSWORD,
        basic,
        token,
        token.rpartition("_")[2],
        session,
        KEY[1],
        "AWS4-HMAC",
        "Signature=",
    ):
        assert secret not in written, context(written, secret)


def context(written: str, secret: str) -> str:
    """Where a secret got out."""
    start = written.index(secret)
    return written[max(0, start - 1500) : start + 100]
