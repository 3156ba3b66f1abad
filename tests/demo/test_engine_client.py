from __future__ import annotations

import hashlib
import json
import socket
import threading
from typing import Any

import pytest

from access_es.demo.running_gateway import running_gateway
from tests.scripted_server import hang_up, say, scripted_server

from .botocore_requests import KEY
from .raw_http import Reply, call, connection, raw_request, read_reply

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def forwarded(answer: bytes, method: str = "GET", target: bytes = b"/logs", body: bytes = b"", **how: Any) -> Reply:
    with scripted_server([say(answer)]) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        return call(gw, method, target, body, **how)


def test_headers_arrive_in_order_without_those_of_the_signature() -> None:
    extra = (("X-Two", "1"), ("Accept-Encoding", "br"), ("x-lower", "a  b"), ("TE", "trailers"))
    with scripted_server([say(OK)]) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        call(gw, "POST", b"/_bulk", b"{}\n", extra=extra, content_sha256=True)
        host = f"127.0.0.1:{gw.port}"
    head, _, body = engine.requests[0].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n")[1:] == [
        f"Host: {host}",
        "X-Two: 1",
        "Accept-Encoding: br",
        "x-lower: a  b",
        "Content-Length: 3",
    ]
    assert body == b"{}\n"


def test_get_with_a_body_and_a_post_without() -> None:
    with scripted_server([say(OK), say(OK)]) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        call(gw, "GET", b"/_search", b'{"size":0}')
        call(gw, "POST", b"/_refresh")
    assert engine.requests[0].endswith(b'Content-Length: 10\r\n\r\n{"size":0}')
    assert engine.requests[1].endswith(b"Content-Length: 0\r\n\r\n")


def test_answer_comes_back_as_it_was() -> None:
    """Status, reason, order and repeats of headers, latin-1 bytes, no Content-Type, a body that stays compressed."""
    head = b"HTTP/1.1 299 Tr\xe9s bien\r\nSet-Cookie: a=1\r\nX-Name: caf\xe9\r\nset-cookie: b=2\r\n"
    reply = forwarded(
        head
        + b"Content-Encoding: gzip\r\nContent-Length: 4\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n\x1f\x8b\x00\xff"
    )
    assert (reply.status, reply.reason, reply.body) == (299, b"Tr\xe9s bien", b"\x1f\x8b\x00\xff")
    assert reply.headers == [
        (b"Set-Cookie", b"a=1"),
        (b"X-Name", b"caf\xe9"),
        (b"set-cookie", b"b=2"),
        (b"Content-Encoding", b"gzip"),
        (b"Content-Length", b"4"),
    ]


def test_chunked_answer_stays_chunked() -> None:
    reply = forwarded(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n"
    )
    assert reply.body == b"abc0123456789"
    assert reply.values(b"Transfer-Encoding") == [b"chunked"]


def test_answer_that_ends_with_its_connection() -> None:
    plays = [say(b"HTTP/1.1 200 OK\r\n\r\nto the end", then_close=True)]
    with scripted_server(plays) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        assert call(gw, "GET", b"/").body == b"to the end"


@pytest.mark.parametrize(
    ("method", "answer", "length"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", [b"1234"]),
        ("HEAD", b"HTTP/1.1 404 Not Found\r\n\r\n", []),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", []),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", [b"77"]),
        ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n", []),
    ],
)
def test_answers_without_a_body(method: str, answer: bytes, length: list[bytes]) -> None:
    """Their connection, and the engine's, serve on."""
    with scripted_server([say(answer), say(OK)]) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        with connection(gw) as (sock, reader):
            sock.sendall(raw_request(gw, method, b"/a"))
            assert read_reply(reader, method).values(b"Content-Length") == length
            sock.sendall(raw_request(gw, "GET", b"/b"))
            assert read_reply(reader).body == b"ok"
        assert engine.connections == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [(b"Content-Length: 10\r\n\r\nhalf", b"half"), (b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", b"half\r\n")],
)
def test_half_an_answer_does_not_look_whole(start: bytes, end: bytes) -> None:
    plays = [say(b"HTTP/1.1 200 OK\r\n" + start, then_close=True)]
    with (
        scripted_server(plays) as engine,
        running_gateway([KEY], elasticsearch=engine.url) as gw,
        connection(gw) as (sock, reader),
    ):
        sock.sendall(raw_request(gw, "GET", b"/"))
        assert reader.read().endswith(end)


def test_stale_connection_is_retried_for_what_may_run_twice_only() -> None:
    plays = [say(OK), hang_up, say(OK), hang_up]
    with scripted_server(plays) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        assert call(gw, "GET", b"/a").body == b"ok"
        assert call(gw, "GET", b"/b").body == b"ok"
        assert call(gw, "POST", b"/c").status == 503
        assert len(engine.requests) == 4


def test_engine_that_is_not_there() -> None:
    with running_gateway([KEY], elasticsearch="http://127.0.0.1:1") as gw:
        reply = call(gw, "GET", b"/")
        assert (reply.status, json.loads(reply.body)) == (503, {"message": "Http/1.1 Service Unavailable"})


def test_large_upload_is_forwarded_whole() -> None:
    """Beyond a megabyte it waits in a file, because the hash has to come first."""
    body = bytes(range(256)) * 12_000
    with scripted_server([say(OK)]) as engine, running_gateway([KEY], elasticsearch=engine.url) as gw:
        assert call(gw, "POST", b"/_bulk", body).status == 200
    assert hashlib.sha256(engine.requests[0][-len(body) :]).digest() == hashlib.sha256(body).digest()


def test_answer_before_the_upload_is_read() -> None:
    """An engine that finds a body too large says so at once; the client sees that, and no 503."""
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\ntoo"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def refuse_early() -> None:
            engine, _ = listener.accept()
            with engine:
                engine.recv(1000)
                engine.sendall(refusal)
                done.wait(10)

        thread = threading.Thread(target=refuse_early)
        thread.start()
        with running_gateway([KEY], elasticsearch=f"http://127.0.0.1:{listener.getsockname()[1]}") as gw:
            reply = call(gw, "POST", b"/_bulk", bytes(30_000_000))
            assert (reply.status, reply.body) == (413, b"too")
        done.set()
        thread.join()
