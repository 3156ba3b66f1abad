"""Answers through the real runtime client and an emulated REST API that streams."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import subprocess
import time
from urllib.parse import urlencode

import pytest
import requests

from access_es.demo.large_content import content
from tests.streaming.running import OpenDoor, StreamingFunction

MB = 1_000_000


def answered(status: int, body: bytes = b"", *headers: str) -> str:
    """A path of the domain that answers so."""
    pairs = [("status", str(status)), *(("header", line) for line in headers)]
    return f"/_demo/answer?{urlencode([*pairs, ('body', base64.b64encode(body).decode())])}"


@pytest.mark.parametrize("size", [1, 500_000, 5 * MB, 12 * MB, 60 * MB])
def test_every_byte_arrives_with_its_length(door: OpenDoor, size: int) -> None:
    reply = door.ask("GET", f"/_demo/giant?kind=random&size={size}")
    assert (reply.status, reply.header("content-length"), len(reply.body)) == (200, str(size), size)
    assert reply.body == b"".join(content("random", size))


def test_a_large_search_leaves_compressed_for_who_takes_it(door: OpenDoor) -> None:
    reply = door.ask("GET", f"/_demo/giant?kind=json&size={50 * MB}", {"Accept-Encoding": "gzip"})
    assert reply.header("content-encoding") == "gzip" and len(reply.body) < 6 * MB
    body = gzip.decompress(reply.body)
    assert len(body) == 50 * MB and json.loads(body)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("HEAD", "/_demo/giant?size=9000000", 200),
        ("GET", answered(204), 204),
        ("GET", answered(304, b"", "ETag: x"), 304),
        ("GET", answered(200), 200),
        ("GET", answered(303, b"", "Location: /x"), 303),
        ("GET", "/--access-es/health", 200),
        ("HEAD", "/--access-es/health", 200),
    ],
)
def test_an_answer_without_a_body_ends_at_once(door: OpenDoor, method: str, target: str, status: int) -> None:
    """A hang would take the 15 s of silence that the door bears. A second sandbox may have to start meanwhile."""
    began = time.monotonic()
    reply = door.ask(method, target)
    assert (reply.status, reply.body) == (
        status,
        b'{"status":"ok"}\n' if method == "GET" and "health" in target else b"",
    )
    assert time.monotonic() - began < 6
    assert reply.header("transfer-encoding") is None


def test_bytes_and_headers_are_the_domains_own(door: OpenDoor) -> None:
    reply = door.ask("GET", answered(404, b"caf\xe9" + bytes(8) + b"x", "Content-Type: text/plain; charset=latin-1",
                                     "Set-Cookie: a=1", "Set-Cookie: b=2", "X-Elastic: caf\u00e9"))  # fmt: skip
    assert (reply.status, reply.body) == (404, b"caf\xe9" + bytes(8) + b"x")
    assert [value for name, value in reply.headers if name.lower() == "set-cookie"] == ["a=1", "b=2"]
    assert reply.header("content-type") == "text/plain; charset=latin-1"


@pytest.mark.parametrize(("letters", "status"), [(2600, 200), (2650, 502)])
def test_16_kilobytes_of_headers_and_no_more(door: OpenDoor, letters: int, status: int) -> None:
    """In the prelude's JSON a letter beyond ASCII takes six bytes: 15.8 and 16.1 KB. Beyond, the door says 500."""
    line = base64.urlsafe_b64encode(b"X-Long: " + b"\xe9" * letters).decode()
    reply = door.ask("GET", f"/_demo/answer?{urlencode({'body': 'eA==', 'header64': line})}")
    assert reply.status == status
    if status == 200:
        assert (reply.header("x-long") or "").count("\xe9") == letters
    else:
        assert reply.json()["error"]["code"] == "answer_headers_too_large"


def test_the_first_byte_does_not_wait_for_the_last(door: OpenDoor, function: StreamingFunction) -> None:
    """The domain takes 2 s for it."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
    began = time.monotonic()
    connection.request(
        "GET", f"/_demo/giant?size={10 * MB}&rate={5 * MB}", headers={"Authorization": f"Bearer {door.token}"}
    )
    answer = connection.getresponse()
    assert answer.read(1) and time.monotonic() - began < 0.5
    assert len(answer.read()) == 10 * MB - 1 and time.monotonic() - began > 1.5
    connection.close()


@pytest.mark.parametrize(
    "target", ["/_demo/giant?size=9000000&fail_after=8000000", "/_demo/giant?size=9000000&fail_after=8000000&chunked=1"]
)
def test_where_the_domain_breaks_off_so_does_the_answer(
    door: OpenDoor, function: StreamingFunction, target: str
) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        door.ask("GET", target)
    assert function.await_delivery(target) == "cut"
    assert door.ask("GET", "/--access-es/health").status == 200  # the process lives on


@pytest.mark.parametrize("more", ["kind=random", "kind=random&chunked=1", "kind=json"], ids=["", "no length", "coded"])
def test_curl_and_requests_see_that_it_broke_off(door: OpenDoor, more: str) -> None:
    url = f"{door.url}/_demo/giant?size=9000000&fail_after=8000000&{more}"
    bearer = {"Authorization": f"Bearer {door.token}"}
    words = ["curl", "-sS", "--compressed", "-o", "/dev/null", "-H", f"Authorization: Bearer {door.token}", url]
    assert subprocess.run(words, capture_output=True).returncode == 18  # CURLE_PARTIAL_FILE
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        requests.get(url, headers=bearer, timeout=30)


def test_a_domain_that_breaks_off_at_once_is_still_an_error_of_ours(door: OpenDoor) -> None:
    reply = door.ask("GET", "/_demo/giant?size=60000&fail_after=30000")
    assert (reply.status, reply.json()["error"]["code"]) == (502, "domain_broke_off")


def test_errors_and_pages_of_our_own(door: OpenDoor) -> None:
    assert door.ask("GET", "/_demo/echo", {"Authorization": "Bearer wrong"}).status == 401
    page = door.ask("GET", "/--access-es/login", {"Accept": "text/html"}, signed_in=False)
    assert page.status == 200 and b"<form" in page.body and page.header("set-cookie")
