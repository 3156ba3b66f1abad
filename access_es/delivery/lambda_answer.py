"""An answer as the object that a Lambda front door turns back into HTTP. Pure: the door, the answer, and nothing else.

Zappa's own translation decodes bodies by their content type, invents types and doubles cookies; here a body is text
where its bytes are UTF-8 and base64 where not, whatever its headers say.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from http import HTTPStatus
from itertools import product
from typing import Any

from access_es.front_doors import LAMBDA_ANSWER_BYTES, FrontDoor
from access_es.messages import Headers

# awslambdaric's marshaller writes non-ASCII characters as they are from Python 3.12 on, and as \uXXXX before.
_ESCAPES_NON_ASCII = sys.version_info < (3, 12)
_MOST_BYTES_PER_BYTE = 6  # of a body byte, serialized: a control character becomes \u00XX
_ESCAPED_SHORT = b'"\\\b\f\n\r\t'  # with a backslash; RFC 8259, 7
_ESCAPED_LONG = bytes(set(range(32)) - set(_ESCAPED_SHORT))  # as \u00XX
_LEFT_OUT = frozenset(("content-length",))  # the door counts for itself; but see `_kept`
_REASONS = {status.value: status.phrase for status in HTTPStatus}

Answer = dict[str, Any]


def build_answer(
    door: FrontDoor, status: int, headers: Headers, body: bytes, *, method: str = "GET", reason: str | None = None
) -> Answer:
    """The object for this door. It need not fit: see `fits`."""
    sent = b"" if method == "HEAD" or status in (204, 304) else body
    text, is_base64 = _encode(door, sent, headers)
    answer: Answer = {"statusCode": status, "isBase64Encoded": is_base64, "body": text}
    answer.update(_FORMS[door.answer_form](_kept(headers, sent, method)))
    if door.name == "alb":  # REST refuses answers with keys it does not know
        answer["statusDescription"] = f"{status} {reason or _REASONS.get(status, 'Unknown')}"
    return answer


def envelope_bytes(answer: Answer) -> int:
    """What an answer takes on its way out of the function, as the runtime serializes it."""
    return _json_bytes({**answer, "body": ""}) + _escaped_bytes(answer["body"])


def fits(door: FrontDoor, status: int, headers: Headers, body: bytes) -> bool:
    """Whether a finished answer gets through the door whole."""
    if door.answer_bytes is None:
        return True
    if (len(body) + header_bytes(headers)) * _MOST_BYTES_PER_BYTE + 512 < door.answer_bytes:
        return True  # so most are never serialized twice
    return envelope_bytes(build_answer(door, status, headers, body)) <= door.answer_bytes


def header_bytes(headers: Headers) -> int:
    """What the headers take on the wire."""
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers)


class DoorRoom:
    """What one door takes, for `delivery.fit`."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door

    @property
    def limit_bytes(self) -> int:
        """What a serialized answer may take: no body above this ever fits."""
        return self._door.answer_bytes or LAMBDA_ANSWER_BYTES

    def fits(self, status: int, headers: Headers, body: bytes) -> bool:
        return fits(self._door, status, headers, body)


def _encode(door: FrontDoor, body: bytes, headers: Headers) -> tuple[str, bool]:
    """The body as text where nothing can happen to it, else as base64.

    Text where it can be, since REST decodes base64 only for a request whose first Accept type is among its binary
    types (recorded on AWS: localstack, test_aws_proxy_binary_response); base64 where only that fits.
    """
    text = None if _is_coded(headers) else _as_text(body)
    if text is None or _is_shorter_as_base64(door, text, body):
        return base64.b64encode(body).decode("ascii"), True
    return text, False


def _as_text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_coded(headers: Headers) -> bool:
    return any(name.lower() == "content-encoding" and value.lower() != "identity" for name, value in headers)


def _is_shorter_as_base64(door: FrontDoor, text: str, body: bytes) -> bool:
    if door.answer_bytes is None or len(body) * _MOST_BYTES_PER_BYTE < door.answer_bytes:
        return False
    return _escaped_bytes(text) > max(door.answer_bytes - 4096, 4 * len(body) // 3)


def _escaped_bytes(text: str) -> int:
    """What a text takes inside of a JSON string; counted, since writing megabytes to know their length is slow."""
    if _ESCAPES_NON_ASCII and not text.isascii():
        return _json_bytes(text) - 2
    raw = text.encode()
    short = len(raw) - len(raw.translate(None, _ESCAPED_SHORT))
    long = len(raw) - len(raw.translate(None, _ESCAPED_LONG))
    return len(raw) + short + 5 * long


def _json_bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=_ESCAPES_NON_ASCII).encode())


def _kept(headers: Headers, body: bytes, method: str) -> Headers:
    """The headers that the door gets. A HEAD answer keeps the length that a GET would have brought.

    Where a body has no type, the doors call it JSON or text: application/octet-stream says as little as its absence
    (RFC 9110, 8.3), and no client parses it.
    """
    is_head = method == "HEAD"
    kept = [(name, value) for name, value in headers if is_head or name.lower() not in _LEFT_OUT]
    typed = [value for name, value in kept if name.lower() == "content-type" and value.strip()]
    if typed or not (body or is_head):
        return tuple(kept)
    return (
        *((name, value) for name, value in kept if name.lower() != "content-type"),
        ("Content-Type", "application/octet-stream"),
    )


def _multi(headers: Headers) -> Answer:
    return {"multiValueHeaders": _listed(headers)}


def _listed(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Values by name, under the spelling that came first."""
    spelling: dict[str, str] = {}
    listed: dict[str, list[str]] = {}
    for name, value in headers:
        listed.setdefault(spelling.setdefault(name.lower(), name), []).append(value)
    return listed


def _joined(headers: Headers) -> Answer:
    """Payload format 2.0: one value a name, joined as RFC 9110, 5.3 allows for all but Set-Cookie."""
    cookies = [value for name, value in headers if name.lower() == "set-cookie"]
    others = _listed(pair for pair in headers if pair[0].lower() != "set-cookie")
    return {"headers": {name: ", ".join(values) for name, values in others.items()}, "cookies": cookies}


def _single(headers: Headers) -> Answer:
    """ALB without multi-value headers: each cookie under another spelling of its name.

    The load balancer keeps one value a name, and compares names as they are written (Kludex/mangum#186).
    """
    joined = _joined(headers)
    cookies = joined.pop("cookies")
    return {"headers": {**joined["headers"], **dict(zip(_spellings("set-cookie"), cookies, strict=False))}}


def _spellings(name: str) -> Iterable[str]:
    """512 spellings of set-cookie."""
    return ("".join(letters) for letters in product(*_cases(name)))


def _cases(name: str) -> list[tuple[str, ...]]:
    return [(letter.lower(), letter.upper()) if letter.isalpha() else (letter,) for letter in name]


_FORMS = {"multi": _multi, "joined": _joined, "single": _single}
