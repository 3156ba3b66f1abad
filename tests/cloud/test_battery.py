"""Every hostile target, body and answer through every door: what arrives is what was sent, but for what a door breaks."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.form_parts import tiny_page
from tests.cloud import unsupported_headers
from tests.cloud.client_calls import RecordedDoor
from tests.cloud.front_door import OpenLambdaDoor
from tests.cloud.header_comparison import means_the_same
from tests.fidelity.answer_targets import answer_target
from tests.fidelity.equivalence import is_equivalent
from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.recording_domain import RecordingDomain
from tests.fidelity.test_request_bodies import BODIES, TEXT

pytestmark = pytest.mark.cloud
VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "targets.json").read_text("utf-8"))
TARGETS = {case["name"]: case["target"].encode() for case in [*VECTORS["targets"], *VECTORS["beyond"]]}
DATE = (b"Date", b"Sat, 21 Nov 2026 10:00:00 GMT")
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "REPORT"]
STATUSES = [200, 201, 202, 204, 206, 299, 301, 302, 303, 304, 307, 400, 401, 403, 404, 405, 409, 413, 418, 429, 499, 500,
            502, 503, 504, 599]  # fmt: skip
ANSWERS: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {
    "json": ([(b"Content-Type", b"application/json; charset=UTF-8")], TEXT),
    "ndjson": ([(b"Content-Type", b"application/x-ndjson")], TEXT),
    "vendor": ([(b"Content-Type", b"application/vnd.elasticsearch+json;compatible-with=7")], TEXT),
    "latin-1": ([(b"Content-Type", b"text/html; charset=iso-8859-1")], "größer".encode("latin-1")),
    "not utf-8 in json": ([(b"Content-Type", b"application/json")], b'{"a":"\xff\xfe"}'),
    "utf-16": ([(b"Content-Type", b"text/plain; charset=utf-16")], "größer".encode("utf-16")),
    "binary": ([(b"Content-Type", b"image/png")], bytes(range(256))),
    "gzip": ([(b"Content-Type", b"application/json"), (b"Content-Encoding", b"gzip")], gzip.compress(TEXT)),
    "deflate": ([(b"Content-Encoding", b"deflate")], zlib.compress(TEXT)),
    "no type": ([], bytes(range(256))),
    "empty": ([(b"Content-Type", b"text/plain")], b""),
    "nul and marks": ([(b"Content-Type", b"text/plain")], b'\x00\x01"\\\x7f\xe2\x80\xa8'),
}


def request_body(case: Any) -> tuple[dict[str, str], bytes]:
    headers, body = case.values
    return headers, body


def test_every_target_but_the_impossible_ones_arrives_with_its_meaning(through: RecordedDoor) -> None:
    broken = set()
    for name, target in TARGETS.items():
        arrived = through.arrived("GET", target)
        assert arrived is None or arrived.verdict == "verified"
        if arrived is None or not means_the_same(target, arrived.target):
            broken.add(name)
    assert broken == unsupported_headers.TARGETS[through.name]


def test_a_function_url_changes_no_spelling(lambda_door: OpenLambdaDoor, domain: RecordingDomain) -> None:
    through = RecordedDoor("url", lambda_door("url", domain=domain.url), domain)
    changed = set()
    for name, target in TARGETS.items():
        arrived = through.arrived("GET", target)
        if arrived is None or not is_equivalent(target, arrived.target):
            changed.add(name)
    assert changed == unsupported_headers.VERBATIM["url"]


@pytest.mark.parametrize("name", ["rest", "alb", "alb-single"])
def test_rest_api_and_balancer_change_no_spelling_of_a_path(
    lambda_door: OpenLambdaDoor, domain: RecordingDomain, name: str
) -> None:
    through = RecordedDoor(name, lambda_door(name, domain=domain.url), domain)
    for target in (target.partition(b"?")[0] for target in TARGETS.values()):
        arrived = through.arrived("GET", target)
        assert arrived is not None and is_equivalent(target, arrived.target)


def test_every_body_but_the_impossible_ones_arrives_byte_for_byte(through: RecordedDoor) -> None:
    broken = set()
    for case in BODIES:
        headers, body = request_body(case)
        for method in ("POST", "GET", "DELETE"):
            arrived = through.arrived(method, b"/_bulk?pipeline=a", headers, body)
            assert arrived is not None and arrived.verdict == "verified"
            types = [arrived.values(name.lower()) for name in headers]
            assert types == [[value.encode()] for value in headers.values()]
            if arrived.body != body:
                broken.add(case.id)
    assert broken == unsupported_headers.BODIES.get(through.name, set())


def test_every_method_arrives_that_the_door_lets_in(through: RecordedDoor) -> None:
    refused = {method for method in METHODS if through.arrived(method, b"/logs/_doc/1") is None}
    assert refused == unsupported_headers.METHODS.get(through.name, set())


def test_both_of_two_headers_arrive(through: RecordedDoor) -> None:
    """The example that started this: `/_demo/echo?foo=1&foo=2` with `Foo: 1` and `Foo: 2`."""
    pairs = [*through.door.bearer.items(), ("Foo", "1"), ("Foo", "2")]
    prefix = b"/dev" if through.name.endswith("-stage") else b""
    answer = exchange(through.door.port, request_bytes("GET", prefix + b"/_demo/echo?foo=1&foo=2", pairs))
    seen = json.loads(answer.body)
    values = [part.strip() for name, value in seen["headers"] if name.lower() == "foo" for part in value.split(",")]
    only_the_last = through.name == "alb-single"
    assert values == (["2"] if only_the_last else ["1", "2"])
    assert seen["target"] == ("/_demo/echo?foo=2" if only_the_last else "/_demo/echo?foo=1&foo=2")


def test_the_tiny_page_comes_as_the_same_compressed_bytes(through: RecordedDoor) -> None:
    """Another example: deflated, without a Content-Type, and none of JSON invented."""
    answer = through.ask("GET", b"/_demo/tiny", {"Accept-Encoding": "deflate"})
    assert (answer.status, answer.values("content-encoding"), answer.body) == (200, [b"deflate"], tiny_page())
    assert not any(b"json" in value for value in answer.values("content-type"))


def test_a_multipart_upload_arrives_byte_for_byte(through: RecordedDoor) -> None:
    """And the last example: `/_demo/compress`."""
    case = next(case for case in BODIES if case.id == "multipart")
    headers, body = request_body(case)
    arrived = through.arrived("POST", b"/_demo/compress", headers, body)
    assert arrived is not None and (arrived.body, arrived.values("content-type")[0].decode()) == (
        body,
        *headers.values(),
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_comes_back_byte_for_byte(through: RecordedDoor, name: str) -> None:
    headers, body = ANSWERS[name]
    answer = through.ask("GET", answer_target(headers=headers, body=body))
    assert (answer.status, answer.body) == (200, body)
    for header, value in through.described(headers):
        assert answer.values(header.decode().lower()) == [value]


def test_every_status_comes_back_with_its_body(through: RecordedDoor) -> None:
    for status in STATUSES:
        answer = through.ask("GET", answer_target(status=status, headers=[DATE], body=TEXT))
        assert (answer.status, answer.tail) == (status, b"" if status in (204, 304) else TEXT)


def test_repeated_headers_and_cookies_come_back(through: RecordedDoor) -> None:
    cookies = [b"a=1; Path=/; HttpOnly", b"b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"]
    sent = [(b"Set-Cookie", cookie) for cookie in cookies]
    sent += [(b"Warning", b'299 - "one"'), (b"Warning", b'299 - "two"')]
    answer = through.ask("GET", answer_target(headers=sent, body=b"x"))
    if through.described(sent) != sent:
        return
    warnings = b", ".join(answer.values("warning"))
    mounted = [cookie.replace(b"Path=/", f"Path={through.mount}/".encode()) for cookie in cookies]
    assert answer.values("set-cookie") == mounted
    assert (warnings.count(b'"one"'), warnings.count(b'"two"')) == (1, 1)


def test_head_has_no_body_and_its_own_status(through: RecordedDoor) -> None:
    answer = through.ask("HEAD", answer_target(status=404, headers=[DATE], body=TEXT))
    assert (answer.status, answer.tail) == (404, b"")
