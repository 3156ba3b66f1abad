"""The doors as servers: their limits, their timeouts, and what they make of a function's answer."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from access_es.demo.cloud.doors.registry import NAMES, open_door
from tests.cloud.running_function import RunningFunction, running_function
from tests.eventually import eventually
from tests.running_proxy import Reply


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFunction]:
    with running_function(tmp_path_factory.mktemp("probe"), timeout_seconds=20) as running:
        yield running


def ask(port: int, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body or None, dict(headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, tuple(answer.getheaders()), answer.read())
    finally:
        connection.close()


def answered(probe: RunningFunction, door: str, answer: Any, **how: Any) -> Reply:
    """What a client gets when the function answers so."""
    code = f"import json\ndef run(event, context): return json.loads({json.dumps(answer)!r})\n"
    folder = probe.function.folder / f"{abs(hash(code))}"
    with running_function(folder, code=code) as running, running.behind(open_door(door)) as port:
        return ask(port, how.get("method", "GET"), "/x")


def sized(probe: RunningFunction, door: str, size: int, content_type: str = "application/octet-stream") -> Reply:
    with probe.behind(open_door(door)) as port:
        return ask(port, "POST", "/x", {"Content-Type": content_type}, b"\x00" * size)


@pytest.mark.parametrize("door", NAMES)
def test_a_request_goes_through(probe: RunningFunction, door: str) -> None:
    with probe.behind(open_door(door)) as port:
        reply = ask(port, "GET", "/dev/x?a=1")
    # No form of an answer: HTTP API and Function URL take it for a body, the others for a fault.
    assert reply.status == (200 if door in ("http", "http-stage", "url") else 502)


@pytest.mark.parametrize(
    ("door", "largest", "limit_words"),
    [
        ("rest", 4_718_000, {"message": "Request Too Long"}),
        ("http", 4_718_000, {"message": "Request Entity Too Large"}),
        ("url", 4_718_000, {"Message": "Request Entity Too Large"}),
    ],
)
def test_the_event_has_to_fit_into_6_megabytes(
    probe: RunningFunction, door: str, largest: int, limit_words: object
) -> None:
    assert sized(probe, door, largest - 2000).status != 413
    refused = sized(probe, door, largest + 2000)
    assert (refused.status, refused.json()) == (413, limit_words)


def test_beyond_10_megabytes_the_rest_api_says_so_in_text(probe: RunningFunction) -> None:
    refused = sized(probe, "rest", 10_485_761)
    assert (refused.status, refused.body) == (413, b"HTTP content length exceeded 10485760 bytes.")


def test_a_balancer_takes_1_megabyte_and_gives_1_megabyte(probe: RunningFunction) -> None:
    assert sized(probe, "alb", 1_048_576).status != 413
    assert sized(probe, "alb", 1_048_577).status == 413
    whole = {"statusCode": 200, "multiValueHeaders": {}, "body": "x" * 1_048_000}
    assert answered(probe, "alb", whole).status == 200
    assert answered(probe, "alb", {**whole, "body": "x" * 1_048_576}).status == 502


@pytest.mark.parametrize(("door", "limit"), [("rest", 20_480), ("http", 10_240)])
def test_headers_have_a_limit(probe: RunningFunction, door: str, limit: int) -> None:
    with probe.behind(open_door(door)) as port:
        assert ask(port, "GET", "/x", {"X-Long": "x" * (limit - 500)}).status != 431
        assert ask(port, "GET", "/x", {"X-Long": "x" * limit}).status == 431


@pytest.mark.parametrize(
    ("door", "status", "body"),
    [
        ("rest", 504, {"message": "Endpoint request timed out"}),
        ("http", 503, {"message": "Service Unavailable"}),
    ],
)
def test_a_door_stops_waiting_but_the_function_goes_on(
    probe: RunningFunction, door: str, status: int, body: object
) -> None:
    before = len(probe.function.reports)
    with probe.behind(open_door(door), time_scale=0.01) as port:
        reply = ask(port, "POST", "/x", {"Content-Type": "application/json"}, b'{"sleep": 1}')
        assert (reply.status, reply.json()) == (status, body)
        assert len(probe.function.reports) == before
        eventually(lambda: len(probe.function.reports) > before)
        assert len(probe.function.reports) == before + 1 and probe.function.reports[-1].error is None


def test_a_client_that_goes_away_does_not_stop_the_function(probe: RunningFunction) -> None:
    before = len(probe.function.reports)
    with probe.behind(open_door("http")) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            body = b'{"sleep": 0.5}'
            head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(body) + body)
            time.sleep(0.2)
        eventually(lambda: len(probe.function.reports) > before)
    assert len(probe.function.reports) == before + 1 and probe.function.reports[-1].error is None


@pytest.mark.parametrize(
    ("door", "status", "body"),
    [
        ("rest", 502, b'{"message": "Internal server error"}'),
        ("http", 500, b'{"message":"Internal Server Error"}'),
    ],
)
@pytest.mark.parametrize(
    "answer", [{"statusCode": "fine"}, {"statusCode": 200, "body": {"a": 1}}, {"statusCode": 200, "headers": []}]
)
def test_an_answer_of_the_wrong_form(
    probe: RunningFunction, door: str, status: int, body: bytes, answer: object
) -> None:
    reply = answered(probe, door, answer)
    assert (reply.status, reply.body) == (status, body)


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 200, "headers": {"X-A": 1}},
        {"statusCode": 200, "multiValueHeaders": {"X-A": "1"}},
        {"statusCode": 200, "more": 1},
    ],
)
def test_what_a_rest_api_alone_refuses(probe: RunningFunction, answer: object) -> None:
    assert answered(probe, "rest", answer).status == 502


def test_a_rest_api_merges_headers_and_renames_some(probe: RunningFunction) -> None:
    answer = {
        "statusCode": 401,
        "headers": {"X-One": "1", "Set-Cookie": "b", "WWW-Authenticate": "Bearer", "Content-Length": "9", "Date": "x"},
        "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
        "body": "AP8=",
        "isBase64Encoded": True,
    }
    reply = answered(probe, "rest", answer)
    names = [name for name, _ in reply.headers]
    assert (reply.status, reply.body, reply.header("content-length")) == (401, b"\x00\xff", "2")
    assert [value for name, value in reply.headers if name == "Set-Cookie"] == ["a", "b"]
    assert reply.header("x-one") == "1" and reply.header("content-type") == "application/json"
    assert {"x-amzn-Remapped-WWW-Authenticate", "x-amzn-Remapped-Content-Length", "x-amzn-Remapped-Date"} <= {*names}
    assert "WWW-Authenticate" not in names and reply.header("date") != "x"


@pytest.mark.parametrize(("door", "content_type"), [("http", "text/plain; charset=utf-8"), ("url", "application/json")])
def test_cookies_and_content_type_of_payload_2(probe: RunningFunction, door: str, content_type: str) -> None:
    reply = answered(probe, door, {"statusCode": 200, "cookies": ["a=1", "b=2"], "body": "é"})
    assert [value for name, value in reply.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert (reply.header("content-type"), reply.body.decode()) == (content_type, "é")


def test_a_balancer_reads_the_map_that_its_setting_names(probe: RunningFunction) -> None:
    answer = {
        "statusCode": 200,
        "statusDescription": "200 Very Well",
        "headers": {"X-A": "single"},
        "multiValueHeaders": {"X-A": ["one", "two"]},
    }
    assert [value for name, value in answered(probe, "alb", answer).headers if name == "X-A"] == ["one", "two"]
    assert [value for name, value in answered(probe, "alb-single", answer).headers if name == "X-A"] == ["single"]


@pytest.mark.parametrize("door", ["rest", "http", "url", "alb"])
def test_head_has_no_body(probe: RunningFunction, door: str) -> None:
    answer = {"statusCode": 200, "headers": {}, "multiValueHeaders": {}, "body": ""}
    if door in ("http", "url"):
        del answer["multiValueHeaders"]
    reply = answered(probe, door, answer, method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
