"""Headers of requests and answers through every door: what arrives is what was sent, but for what a door changes."""

from __future__ import annotations

import pytest

from tests.cloud import unsupported_headers
from tests.cloud.client_calls import RecordedDoor
from tests.fidelity.answer_targets import answer_target
from tests.fidelity.raw_client import Pairs, exchange, request_bytes
from tests.fidelity.test_requests import FORGED, SIGNATURE

pytestmark = pytest.mark.cloud
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
    (b"Date", b"Sat, 21 Nov 2026 10:00:00 GMT"), (b"Server", b"Jetty"), (b"User-Agent", b"a"), (b"Content-MD5", b"a"), (b"X-Euro", "größer €".encode()),
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


def test_every_header_but_the_impossible_ones_arrives_and_none_is_invented(through: RecordedDoor) -> None:
    """By name: a door may respell names, and give the values of one as a list (RFC 9110, 5.1 and 5.3)."""
    pairs = [*through.door.bearer.items(), *((name.decode(), value.decode("latin-1")) for name, value in HEADERS)]
    prefix = b"/dev" if through.name.endswith("-stage") else b""
    before = through.domain.count
    exchange(through.door.port, request_bytes("GET", prefix + b"/_search", [*pairs, *FORGED]))
    assert through.domain.count == before + 1 and through.domain.last.verdict == "verified"
    ours = {"host", "x-amz-security-token", *SIGNATURE}
    assert changed(HEADERS, list(through.domain.last.headers)) - ours == unsupported_headers.HEADERS.get(
        through.name, set()
    )


def test_every_header_of_an_answer_but_the_impossible_ones_comes_back(through: RecordedDoor) -> None:
    if through.described(HEADERS) != HEADERS:
        return
    answer = through.ask("GET", answer_target(headers=ANSWER_HEADERS, body=b"x"))
    framing = {"content-length", "connection", "transfer-encoding"}
    assert changed(ANSWER_HEADERS, list(answer.headers)) - framing == unsupported_headers.ANSWER_HEADERS.get(
        through.name, set()
    )
