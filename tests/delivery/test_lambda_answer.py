"""Each door gets an answer in its own form, with every byte of the body."""

from __future__ import annotations

import base64
import gzip
import json
import random
import sys
from dataclasses import replace
from typing import Any

import pytest

from access_es.delivery.lambda_answer import DoorSizeLimit, build_answer, envelope_bytes, fits, header_bytes
from access_es.demo.cloud.doors.messages import Door
from access_es.demo.cloud.doors.registry import open_door
from access_es.front_doors import ALB_MULTI, ALB_SINGLE, HTTP, LOCAL, REST, URL, FrontDoor
from access_es.messages import Headers, ProxyResponse
from tests.ingress.events import arrived

JSON: Headers = (("Content-Type", "application/json"),)
LAMBDA_DOORS = {"rest": REST, "http": HTTP, "url": URL, "alb": ALB_MULTI, "alb-single": ALB_SINGLE}


def body_of(answer: dict[str, Any]) -> bytes:
    text: str = answer["body"]
    return base64.b64decode(text) if answer["isBase64Encoded"] else text.encode()


def through(name: str, status: int, headers: Headers, body: bytes, method: str = "GET") -> Any:
    """What a client gets of it from the emulated door, by the JSON that leaves the function."""
    door: Door = open_door(name)
    answer = build_answer(LAMBDA_DOORS[name], status, headers, body, method=method)
    return door.read_answer(json.dumps(answer).encode(), arrived(method, b"/x"))


def values(answer: Any, name: bytes) -> list[bytes]:
    return [value for known, value in answer.headers if known.lower() == name]


BODIES = {
    "json": b'{"a":"\xce\xbb\\n"}',
    "latin-1": b"caf\xe9",
    "utf-16": "λ".encode("utf-16"),
    "invalid": b'{"a":"\xff"}',
    "every byte": bytes(range(256)),
    "control": bytes(range(32)),
    "byte order mark": b"\xef\xbb\xbfx",
    "surrogate": b"\xed\xa0\x80",
    "line separators": "\u2028\u2029\u0085".encode(),
    "gzip": gzip.compress(b"x" * 999),
    "empty": b"",
}
TYPES: dict[str, Headers] = {
    "json": JSON,
    "ndjson": (("Content-Type", "application/x-ndjson"),),
    "text latin-1": (("Content-Type", "text/plain; charset=latin-1"),),
    "none": (),
    "an empty one": (("Content-Type", ""),),
    "coded": (("Content-Type", "text/html"), ("Content-Encoding", "gzip")),
}


@pytest.mark.parametrize("name", LAMBDA_DOORS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("headers", TYPES.values(), ids=TYPES)
def test_any_bytes_of_any_type_arrive(name: str, body: bytes, headers: Headers) -> None:
    got = through(name, 200, headers, body)
    assert got.status == 200 and got.body == body
    if headers and headers[0][1]:
        assert values(got, b"content-type") == [headers[0][1].encode()]


@pytest.mark.parametrize("name", LAMBDA_DOORS)
def test_a_body_without_a_type_is_not_called_json_or_text(name: str) -> None:
    """The doors would invent one."""
    assert values(through(name, 200, (("Content-Encoding", "deflate"),), b"x\x9c"), b"content-type") == [
        b"application/octet-stream"
    ]


@pytest.mark.parametrize("name", LAMBDA_DOORS)
def test_cookies_leave_one_by_one_and_once_each(name: str) -> None:
    headers = (("Set-Cookie", "a=1; Path=/"), ("set-cookie", "b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT"), *JSON)
    got = through(name, 200, headers, b"{}")
    assert sorted(values(got, b"set-cookie")) == [b"a=1; Path=/", b"b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT"]


@pytest.mark.parametrize("name", LAMBDA_DOORS)
def test_repeated_headers_keep_every_value(name: str) -> None:
    got = through(name, 200, (("Warning", "299 - one"), ("warning", "299 - two"), *JSON), b"{}")
    assert b", ".join(values(got, b"warning")) == b"299 - one, 299 - two"


@pytest.mark.parametrize("name", LAMBDA_DOORS)
@pytest.mark.parametrize(
    ("status", "method"), [(204, "GET"), (304, "GET"), (200, "HEAD"), (404, "HEAD"), (200, "DELETE")]
)
def test_answers_without_a_body_have_none(name: str, status: int, method: str) -> None:
    got = through(name, status, (("Content-Length", "999"), *JSON), b"" if method != "DELETE" else b"{}", method)
    assert got.status == status and got.body == (b"{}" if method == "DELETE" else b"")


def test_a_head_answer_keeps_the_length_of_what_a_get_would_bring() -> None:
    assert (
        build_answer(HTTP, 200, (("Content-Length", "999"),), b"", method="HEAD")["headers"]["Content-Length"] == "999"
    )
    assert "Content-Length" not in build_answer(HTTP, 304, (("Content-Length", "999"),), b"")["headers"]
    assert "Content-Length" not in build_answer(HTTP, 200, (("Content-Length", "2"), *JSON), b"{}")["headers"]


def test_a_body_is_text_where_it_can_be() -> None:
    """REST decodes base64 only for some Accept headers."""
    assert build_answer(REST, 200, (("Content-Type", "application/x-ndjson"),), b"{}\n")["isBase64Encoded"] is False
    assert build_answer(REST, 200, (("Content-Encoding", "br"),), b"ascii")["isBase64Encoded"] is True
    assert build_answer(REST, 200, (("Content-Encoding", "identity"),), b"ascii")["isBase64Encoded"] is False


def test_a_large_body_is_base64_where_only_that_fits() -> None:
    """An escaped control character takes six bytes, base64 four for three."""
    body = b"\x01" * 2_000_000
    answer = build_answer(REST, 200, JSON, body)
    assert answer["isBase64Encoded"] is True and body_of(answer) == body and fits(REST, 200, JSON, [body])


def test_the_keys_are_those_that_the_door_knows() -> None:
    common = {"statusCode", "isBase64Encoded", "body"}
    assert build_answer(REST, 200, JSON, b"").keys() == common | {"multiValueHeaders"}
    assert build_answer(HTTP, 200, JSON, b"").keys() == common | {"headers", "cookies"}
    assert build_answer(ALB_MULTI, 200, JSON, b"").keys() == common | {"multiValueHeaders", "statusDescription"}
    assert build_answer(ALB_SINGLE, 200, JSON, b"").keys() == common | {"headers", "statusDescription"}


@pytest.mark.parametrize(
    ("status", "reason", "described"),
    [
        (200, None, "200 OK"),
        (404, "Gone Fishing", "404 Gone Fishing"),
        (599, None, "599 Unknown"),
        (418, "", "418 I'm a Teapot"),
    ],
)
def test_the_balancer_gets_the_reason(status: int, reason: str | None, described: str) -> None:
    assert build_answer(ALB_MULTI, status, JSON, b"", reason=reason)["statusDescription"] == described


@pytest.mark.parametrize("door", [REST, ALB_SINGLE], ids=lambda door: door.name)
@pytest.mark.parametrize(
    "unit", [b"x", b'"', b"\xce\xbb", b"\xff", b"\x00"], ids=["plain", "quotes", "greek", "binary", "nul"]
)
def test_what_is_said_to_fit_does_and_the_next_byte_does_not(door: FrontDoor, unit: bytes) -> None:
    """The size that counts is that of the whole JSON."""
    limit = door.answer_bytes or 0
    low, high = limit // 8, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(door, 200, JSON, [unit * middle]) else (low, middle)
    largest = envelope_bytes(door, 200, JSON, [unit * low])
    assert limit - 5000 < largest <= limit
    assert envelope_bytes(door, 200, JSON, [unit * (low + 1)]) > limit


def test_the_quick_check_of_small_answers_is_never_wrong() -> None:
    chance = random.Random(1)
    for _ in range(50):
        body = bytes(chance.choices(range(256), k=chance.randrange(200)))
        assert fits(ALB_SINGLE, 200, JSON, [body]) and envelope_bytes(ALB_SINGLE, 200, JSON, [body]) < 1_000_000


@pytest.mark.parametrize("door", [REST, HTTP, ALB_MULTI, ALB_SINGLE], ids=["rest", "http", "alb", "alb-single"])
@pytest.mark.parametrize("reason", [None, "A reason of the domain's own"])
def test_the_envelope_is_what_the_serializer_makes_of_it(door: FrontDoor, reason: str | None) -> None:
    """Counted, not written; over every character that JSON escapes, and some that it does not."""
    headers = (*JSON, ("Set-Cookie", 'a="1"'), ("X-Thing", "\xe9"))
    for text in ("".join(map(chr, range(256))), "\u2028\U0001f600\x7f", '"' * 9, "", "plain", "\x7f", "\u7fff"):
        for body in (text.encode(), text.encode() + b"\xff"):
            answer = build_answer(door, 200, headers, body, reason=reason)
            written = len(serialize(answer).encode())
            assert envelope_bytes(door, 200, headers, [body], reason=reason) == written
            assert envelope_bytes(door, 200, headers, cut(body), reason=reason) == written


def cut(body: bytes) -> list[bytes]:
    """One byte at a time, so that every character of more than one is cut."""
    return [body[place : place + 1] for place in range(len(body))]


def serialize(answer: dict[str, Any]) -> str:
    """As awslambdaric's marshaller does it on this Python: simplejson, whose escapes are not quite those of json."""
    text = json.dumps(answer, ensure_ascii=sys.version_info < (3, 12))
    return text.replace("\x7f", "\\u007f") if sys.version_info < (3, 12) else text


def test_the_size_limit_of_a_door() -> None:
    room = DoorSizeLimit(ALB_MULTI)
    assert room.limit_bytes == 1_000_000
    answer = ProxyResponse.held(200, JSON, b"")
    assert room.fits(answer, [b"x" * 900_000]) and not room.fits(answer, [b"x" * 1_000_000])
    longer = replace(answer, reason="x" * 200_000)
    assert not room.fits(longer, [b"x" * 900_000])
    assert fits(LOCAL, 200, JSON, [b"x" * 10])
    assert header_bytes((("A", "bc"), ("D", ""))) == len("A: bc\r\nD: \r\n")


def test_more_cookies_than_spellings_lose_the_last_and_break_nothing() -> None:
    headers = tuple(("Set-Cookie", f"c{number}=1") for number in range(520))
    sent = build_answer(ALB_SINGLE, 200, headers, b"")["headers"]
    assert len(sent) == 512 and {name.lower() for name in sent} == {"set-cookie"}
