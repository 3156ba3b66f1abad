"""What several doors do alike with the function's answer."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from email.utils import format_datetime
from typing import Any

from access_es.demo.canonical import HeaderPairs
from access_es.demo.cloud.doors.messages import Arrived, MalformedAnswer
from access_es.demo.http_messages import HOP_BY_HOP, Answer, has_no_body

Pairs = list[tuple[str, str]]
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NO_LINE_BREAK = re.compile(r"[^\x00\r\n]*")


def parse_answer(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError as fault:
        raise MalformedAnswer("not JSON") from fault


def read_status(answer: Mapping[str, Any]) -> int:
    status = answer.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 999:
        raise MalformedAnswer(f"statusCode {status!r}")
    return status


def read_body(answer: Mapping[str, Any]) -> bytes:
    """The body's bytes, decoded where the answer says that it is base64."""
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedAnswer("body is no text")
    if not answer.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise MalformedAnswer("body is no base64") from fault


def read_single(value: object) -> Pairs:
    """A map of names to one value each."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise MalformedAnswer("headers are no map")
    for each in value.values():
        if not isinstance(each, str | bool):  # recorded: a number is refused, a boolean is not
            raise MalformedAnswer(f"header value {each!r}")
    return [(name, _text(each)) for name, each in value.items()]


def read_multiple(value: object) -> Pairs:
    """A map of names to a list of values each."""
    if value is None:
        return []
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        raise MalformedAnswer("multiValueHeaders are no map of lists")
    pairs = [(name, item) for name, items in value.items() for item in items]
    if not all(isinstance(item, str | bool) for _, item in pairs):
        raise MalformedAnswer("header value")
    return [(name, _text(item)) for name, item in pairs]


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def has(headers: Pairs, name: str) -> bool:
    return any(known.lower() == name for known, _ in headers)


def encode(headers: Iterable[tuple[str, str]]) -> HeaderPairs:
    """Header lines as bytes. Latin-1 where it can be, else UTF-8; a line break is no header."""
    lines = []
    for name, value in headers:
        if _NAME.fullmatch(name) is None or _NO_LINE_BREAK.fullmatch(value) is None:
            raise MalformedAnswer(f"header {name!r}")
        try:
            lines.append((name.encode("ascii"), value.strip(" \t").encode("latin-1")))
        except UnicodeEncodeError:
            lines.append((name.encode("ascii"), value.strip(" \t").encode("utf-8", "replace")))
    return tuple(lines)


def without(headers: Pairs, dropped: Iterable[str]) -> Pairs:
    names = frozenset(dropped)
    return [(name, value) for name, value in headers if name.lower() not in names]


def connection_headers() -> frozenset[str]:
    """Those of the connection and Content-Length: every door frames its own answer."""
    return frozenset(name.decode("ascii") for name in HOP_BY_HOP)


def dated(arrived: Arrived) -> tuple[str, str]:
    return "Date", format_datetime(arrived.moment.at, usegmt=True)


def finished(status: int, headers: Pairs, body: bytes, arrived: Arrived, reason: bytes | None = None) -> Answer:
    """The answer as it is written: no body where HTTP has none, and no Content-Length but the real one."""
    if has_no_body(arrived.method, status):
        tells = 0 if arrived.method == "HEAD" and status not in (204, 304) else None
        return Answer(status, encode(headers), b"", tells, reason)
    return Answer(status, encode(headers), body, None, reason)


def own_answer(status: int, body: str, content_type: str, arrived: Arrived, *more: tuple[str, str]) -> Answer:
    """An answer that the function has no part in."""
    headers = [dated(arrived), ("Content-Type", content_type), *more]
    return finished(status, headers, body.encode(), arrived)
