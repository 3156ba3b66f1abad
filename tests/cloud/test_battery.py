"""Every hostile target, body and answer through every door: what arrives is what was sent, but for what a door breaks."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.cloud.doors.registry import NAMES
from access_es.demo.measures import tiny_page
from tests.cloud import impossible
from tests.cloud.lambda_door import LambdaDoor, OpenLambdaDoor
from tests.cloud.meaning import means_the_same
from tests.cloud.package import CREDENTIAL
from tests.fidelity.described import answer_target
from tests.fidelity.equivalence import is_equivalent
from tests.fidelity.raw_client import Pairs, RawAnswer, exchange, request_bytes
from tests.fidelity.recording_domain import Arrived, RecordingDomain, recording_domain
from tests.fidelity.test_request_bodies import BODIES, TEXT
from tests.fidelity.test_requests import FORGED, SIGNATURE

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


HEADERS: Pairs = [
    (b"User-Agent", b"curl/8"), (b"X-One", b"1"), (b"Accept", b"text/csv"), (b"X-Two", b"a, b"), (b"X-One", b"2"),
    (b"Accept", b"*/*;q=0.1"), (b"X-Empty", b""), (b"x-one", b"1"), (b"Accept-Encoding", b"zstd, br;q=0.5"),
    (b"Content-Type", b"application/json; foo"), (b"X-Opaque-Id", b'find "foo'), (b"kbn-xsrf", b"true"),
    (b"If-None-Match", b'"a"'), (b"Range", b"bytes=0-1"), (b"Origin", b"https://a.example"), (b"osd-version", b"1"),
    (b"Referer", b"https://a.example/"), (b"X-Tab", b"a\tb"), (b"X-Euro", "größer €".encode()), (b"Cookie", b"a=1; b=2"),
]  # fmt: skip
ANSWER_HEADERS: Pairs = [
    (b"Content-Type", b"text/html;charset=x"), (b"ETag", b'W/"a"'), (b"Cache-Control", b"private, max-age=1"),
    (b"Vary", b"Accept"), (b"Vary", b"Origin"), (b"Warning", b'299 - "a, b"'), (b"Warning", b'299 - "c"'),
    (b"Set-Cookie", b"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT"), (b"Set-Cookie", b"b=2"), (b"Link", b"</a>; rel=next"),
    (b"kbn-name", b"kibana"), (b"X-Opaque-Id", b"a"), (b"X-Empty", b""), (b"Access-Control-Allow-Origin", b"*"),
    (b"Content-Security-Policy", b"script-src 'self'"), (b"Content-Disposition", b'attachment; filename="a.csv"'),
    (b"Content-Range", b"bytes 0-0/1"), (b"Retry-After", b"1"), (b"Last-Modified", b"Sat, 21 Nov 2026 10:00:00 GMT"),
    DATE, (b"Server", b"Jetty"), (b"User-Agent", b"a"), (b"Content-MD5", b"a"), (b"X-Euro", "größer €".encode()),
]  # fmt: skip


def changed(sent: Pairs, arrived: Pairs) -> set[str]:
    """Names that are missing, invented, or have other values."""
    before, after = by_name(sent), by_name(arrived)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def by_name(headers: Pairs) -> dict[str, list[bytes]]:
    """The values of each name, however they are divided among lines."""
    found: dict[str, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name.decode().lower(), []).extend(part.strip() for part in value.split(b","))
    return found


def request_body(case: Any) -> tuple[dict[str, str], bytes]:
    headers, body = case.values
    return headers, body


@dataclass(frozen=True)
class Through:
    """One door, and the domain that remembers what came through it."""

    name: str
    door: LambdaDoor
    domain: RecordingDomain

    def ask(
        self, method: str, target: bytes, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> RawAnswer:
        prefix = b"/dev" if self.name.endswith("-stage") else b""
        pairs = {**self.door.bearer, **(headers or {})}
        return exchange(self.door.port, request_bytes(method, prefix + target, pairs, body))

    def described(self, headers: Pairs) -> Pairs:
        """Those of an answer that the query of `answer_target` still describes behind this door."""
        return headers[-1:] if self.name == "alb-single" else headers

    def arrived(self, *request: Any) -> Arrived | None:
        """What the domain got of it, None if nothing."""
        before = self.domain.count
        self.ask(*request)
        assert self.domain.count <= before + 1
        return self.domain.last if self.domain.count > before else None


@pytest.fixture(scope="module")
def domain() -> Iterator[RecordingDomain]:
    with recording_domain(CREDENTIAL) as recording:
        yield recording


@pytest.fixture(scope="module", params=NAMES)
def through(request: pytest.FixtureRequest, lambda_door: OpenLambdaDoor, domain: RecordingDomain) -> Through:
    return Through(request.param, lambda_door(request.param, domain=domain.url), domain)


def test_every_target_but_the_impossible_ones_arrives_with_its_meaning(through: Through) -> None:
    broken = set()
    for name, target in TARGETS.items():
        arrived = through.arrived("GET", target)
        assert arrived is None or arrived.verdict == "verified"
        if arrived is None or not means_the_same(target, arrived.target):
            broken.add(name)
    assert broken == impossible.TARGETS[through.name]


def test_a_function_url_changes_no_spelling(lambda_door: OpenLambdaDoor, domain: RecordingDomain) -> None:
    through = Through("url", lambda_door("url", domain=domain.url), domain)
    changed = set()
    for name, target in TARGETS.items():
        arrived = through.arrived("GET", target)
        if arrived is None or not is_equivalent(target, arrived.target):
            changed.add(name)
    assert changed == impossible.VERBATIM["url"]


@pytest.mark.parametrize("name", ["rest", "alb", "alb-single"])
def test_rest_api_and_balancer_change_no_spelling_of_a_path(
    lambda_door: OpenLambdaDoor, domain: RecordingDomain, name: str
) -> None:
    through = Through(name, lambda_door(name, domain=domain.url), domain)
    for target in (target.partition(b"?")[0] for target in TARGETS.values()):
        arrived = through.arrived("GET", target)
        assert arrived is not None and is_equivalent(target, arrived.target)


def test_every_body_but_the_impossible_ones_arrives_byte_for_byte(through: Through) -> None:
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
    assert broken == impossible.BODIES.get(through.name, set())


def test_every_method_arrives_that_the_door_lets_in(through: Through) -> None:
    refused = {method for method in METHODS if through.arrived(method, b"/logs/_doc/1") is None}
    assert refused == impossible.METHODS.get(through.name, set())


def test_every_header_but_the_impossible_ones_arrives_and_none_is_invented(through: Through) -> None:
    """By name: a door may respell names, and give the values of one as a list (RFC 9110, 5.1 and 5.3)."""
    pairs = [*through.door.bearer.items(), *((name.decode(), value.decode("latin-1")) for name, value in HEADERS)]
    prefix = b"/dev" if through.name.endswith("-stage") else b""
    before = through.domain.count
    exchange(through.door.port, request_bytes("GET", prefix + b"/_search", [*pairs, *FORGED]))
    assert through.domain.count == before + 1 and through.domain.last.verdict == "verified"
    ours = {"host", "x-amz-security-token", *SIGNATURE}
    assert changed(HEADERS, through.domain.last.headers) - ours == impossible.HEADERS.get(through.name, set())


def test_every_header_of_an_answer_but_the_impossible_ones_comes_back(through: Through) -> None:
    if through.described(HEADERS) != HEADERS:
        return
    answer = through.ask("GET", answer_target(headers=ANSWER_HEADERS, body=b"x"))
    framing = {"content-length", "connection", "transfer-encoding"}
    assert changed(ANSWER_HEADERS, answer.headers) - framing == impossible.ANSWER_HEADERS.get(through.name, set())


def test_both_of_two_headers_arrive(through: Through) -> None:
    """The example that started this: `/_demo/echo?foo=1&foo=2` with `Foo: 1` and `Foo: 2`."""
    pairs = [*through.door.bearer.items(), ("Foo", "1"), ("Foo", "2")]
    prefix = b"/dev" if through.name.endswith("-stage") else b""
    answer = exchange(through.door.port, request_bytes("GET", prefix + b"/_demo/echo?foo=1&foo=2", pairs))
    seen = json.loads(answer.body)
    values = [part.strip() for name, value in seen["headers"] if name.lower() == "foo" for part in value.split(",")]
    only_the_last = through.name == "alb-single"
    assert values == (["2"] if only_the_last else ["1", "2"])
    assert seen["target"] == ("/_demo/echo?foo=2" if only_the_last else "/_demo/echo?foo=1&foo=2")


def test_the_tiny_page_comes_as_the_same_compressed_bytes(through: Through) -> None:
    """Another example: deflated, without a Content-Type, and none of JSON invented."""
    answer = through.ask("GET", b"/_demo/tiny", {"Accept-Encoding": "deflate"})
    assert (answer.status, answer.values("content-encoding"), answer.body) == (200, [b"deflate"], tiny_page())
    assert not any(b"json" in value for value in answer.values("content-type"))


def test_a_multipart_upload_arrives_byte_for_byte(through: Through) -> None:
    """And the last example: `/_demo/compress`."""
    case = next(case for case in BODIES if case.id == "multipart")
    headers, body = request_body(case)
    arrived = through.arrived("POST", b"/_demo/compress", headers, body)
    assert arrived is not None and (arrived.body, arrived.values("content-type")[0].decode()) == (
        body,
        *headers.values(),
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_comes_back_byte_for_byte(through: Through, name: str) -> None:
    headers, body = ANSWERS[name]
    answer = through.ask("GET", answer_target(headers=headers, body=body))
    assert (answer.status, answer.body) == (200, body)
    for header, value in through.described(headers):
        assert answer.values(header.decode().lower()) == [value]


def test_every_status_comes_back_with_its_body(through: Through) -> None:
    for status in STATUSES:
        answer = through.ask("GET", answer_target(status=status, headers=[DATE], body=TEXT))
        assert (answer.status, answer.tail) == (status, b"" if status in (204, 304) else TEXT)


def test_repeated_headers_and_cookies_come_back(through: Through) -> None:
    cookies = [b"a=1; Path=/; HttpOnly", b"b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"]
    sent = [(b"Set-Cookie", cookie) for cookie in cookies]
    sent += [(b"Warning", b'299 - "one"'), (b"Warning", b'299 - "two"')]
    answer = through.ask("GET", answer_target(headers=sent, body=b"x"))
    if through.described(sent) != sent:
        return
    warnings = b", ".join(answer.values("warning"))
    assert answer.values("set-cookie") == cookies
    assert (warnings.count(b'"one"'), warnings.count(b'"two"')) == (1, 1)


def test_head_has_no_body_and_its_own_status(through: Through) -> None:
    answer = through.ask("HEAD", answer_target(status=404, headers=[DATE], body=TEXT))
    assert (answer.status, answer.tail) == (404, b"")
