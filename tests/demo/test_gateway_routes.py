from __future__ import annotations

import base64
import bz2
import hashlib
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from access_es.demo.running_gateway import RunningGateway, running_gateway

from .botocore_requests import KEY
from .raw_http import call, connection, raw_request, read_reply


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running_gateway([KEY]) as running:
        yield running


# --- slow


def test_slow_answers_late() -> None:
    with running_gateway([KEY]) as gateway:
        before = time.monotonic()
        assert json.loads(call(gateway, "GET", b"/_demo/slow?delay=0.2").body) == {"delay": 0.2}
        assert time.monotonic() - before >= 0.2
        stats = json.loads(call(gateway, "GET", b"/_demo/slow/stats").body)
        assert stats == {"started": 1, "answered": 1, "hung_up": 0}


def test_slow_notices_a_client_that_hangs_up() -> None:
    with running_gateway([KEY]) as gateway:
        with connection(gateway) as (sock, _):
            sock.sendall(raw_request(gateway, "GET", b"/_demo/slow?delay=60"))
            wait_until(lambda: gateway.slow.started == 1)
        wait_until(lambda: gateway.slow.hung_up == 1)
        assert gateway.slow.answered == 0


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_slow_with_a_delay_that_is_none(gateway: RunningGateway) -> None:
    assert call(gateway, "GET", b"/_demo/slow?delay=soon").status == 400


# --- echo


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE"])
def test_echo_of_any_method_with_a_body(gateway: RunningGateway, method: str) -> None:
    body = bytes(range(256))
    document = json.loads(call(gateway, method, b"/_demo/echo", body).body)
    assert document["method"] == method
    assert document["sha256"] == hashlib.sha256(body).hexdigest()
    assert base64.b64decode(document["body"]) == body


def test_echo_shows_order_case_and_latin_1(gateway: RunningGateway) -> None:
    raw = raw_request(
        gateway, "GET", b"/_demo/echo?a=%2F&b", framing=[(b"x-B", b"caf\xe9"), (b"X-a", b"1"), (b"x-B", b"2")]
    )
    with connection(gateway) as (sock, reader):
        sock.sendall(raw)
        document = json.loads(read_reply(reader).body)
    assert document["target"] == "/_demo/echo?a=%2F&b"
    assert document["headers"][-3:] == [["x-B", "café"], ["X-a", "1"], ["x-B", "2"]]


def test_echo_of_a_target_with_raw_bytes(gateway: RunningGateway) -> None:
    """Not legal, but on the wire: the verifier reads bytes, and so does the echo."""
    raw = raw_request(gateway, "GET", "/_demo/echo?q=é|{}".encode())
    with connection(gateway) as (sock, reader):
        sock.sendall(raw)
        assert json.loads(read_reply(reader).body)["target"].encode("latin-1") == "/_demo/echo?q=é|{}".encode()


def test_echo_of_a_large_body_has_its_hash_only(gateway: RunningGateway) -> None:
    body = b"x" * (8 * 1024 * 1024 + 1)
    document = json.loads(call(gateway, "POST", b"/_demo/echo", body).body)
    assert (document["length"], document["body"]) == (len(body), None)
    assert document["sha256"] == hashlib.sha256(body).hexdigest()


# --- tiny and compress


def test_tiny_does_not_say_what_it_is(gateway: RunningGateway) -> None:
    reply = call(gateway, "GET", b"/_demo/tiny")
    assert reply.values(b"Content-Type") == []
    assert reply.values(b"Content-Encoding") == [b"deflate"]
    assert zlib.decompress(reply.body).startswith(b"<!doctype html>")


def test_compress_measures_each_part(gateway: RunningGateway) -> None:
    content = b"--x\r\n" * 1000 + b"\xff\r\n"
    head = (
        b'--b0\r\nContent-Disposition: form-data; name="file"; filename="log.txt"\r\nContent-Type: text/plain\r\n\r\n'
    )
    note = b'\r\n--b0\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--b0--\r\n'
    kind = (("Content-Type", 'multipart/form-data; boundary="b0"'),)
    parts = json.loads(call(gateway, "POST", b"/_demo/compress", head + content + note, extra=kind).body)["parts"]
    assert [(part["name"], part["filename"], part["size"]) for part in parts] == [
        ("file", "log.txt", len(content)),
        ("note", "", 5),
    ]
    assert parts[0]["bzip2"] == len(bz2.compress(content))
    assert parts[0]["deflate"] == len(zlib.compress(content, level=6))
    assert parts[0]["gzip"] < 100
    assert parts[0]["xz"] < 200


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "multipart/form-data; boundary=b0"])
def test_compress_wants_multipart(gateway: RunningGateway, kind: str) -> None:
    assert call(gateway, "POST", b"/_demo/compress", b"--b0\r\n\r\nx", extra=(("Content-Type", kind),)).status == 415


# --- answer and log


def test_answer_is_what_was_asked_for(gateway: RunningGateway) -> None:
    headers = b"header=Set-Cookie:+a=1&header=Set-Cookie:+b=2&header=X-Name:+caf%C3%A9&header=Location:+/x%3Fy"
    reply = call(gateway, "GET", b"/_demo/answer?status=418&reason=I'm+a+teapot&body=/w==&" + headers)
    assert (reply.status, reply.reason, reply.body) == (418, b"I'm a teapot", b"\xff")
    assert reply.headers == [
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"X-Name", "café".encode()),
        (b"Location", b"/x?y"),
        (b"Content-Length", b"1"),
    ]


def test_answer_with_a_latin_1_header(gateway: RunningGateway) -> None:
    line = base64.urlsafe_b64encode(b"X-Name: caf\xe9")
    assert call(gateway, "GET", b"/_demo/answer?header64=" + line).headers[0] == (b"X-Name", b"caf\xe9")


@pytest.mark.parametrize("status", [204, 304])
def test_answer_without_a_body(gateway: RunningGateway, status: int) -> None:
    reply = call(gateway, "GET", b"/_demo/answer?header=ETag:+x&status=%d" % status)
    assert (reply.status, reply.headers) == (status, [(b"ETag", b"x")])


def test_answer_after_informational_ones(gateway: RunningGateway) -> None:
    reply = call(gateway, "GET", b"/_demo/answer?interim=102&interim=103&chunked=1&body=aGk=")
    assert (reply.interim, reply.status, reply.body) == ([102, 103], 200, b"hi")
    assert reply.values(b"Transfer-Encoding") == [b"chunked"]


def test_answer_with_a_body_that_is_not_base64(gateway: RunningGateway) -> None:
    assert call(gateway, "GET", b"/_demo/answer?body=!").status == 400


def test_log_keeps_no_secrets() -> None:
    with running_gateway([KEY]) as gateway:
        call(gateway, "POST", b"/_demo/echo?a=1", b"body")
        call(gateway, "GET", b"/_demo/echo", region="elsewhere")
        document = json.loads(call(gateway, "GET", b"/_demo/log?last=3").body)
    assert document["counts"] == {"verified": 2, "scope": 1}
    first, second, third = document["last"]
    assert (first["method"], first["target"], first["body_bytes"]) == ("POST", "/_demo/echo?a=1", 4)
    assert (first["access_key"], second["access_key"]) == (KEY.access_key, None)
    assert [second["verdict"], third["verdict"]] == ["scope", "verified"]
    assert "Signature" not in json.dumps(document)
