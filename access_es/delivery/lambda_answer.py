"""Builds the object that a Lambda front door turns back into HTTP. Pure.

Zappa's own translation decodes bodies by their content type, invents types and doubles cookies; here a body is text
where its bytes are UTF-8 and base64 where not, whatever its headers say.
"""

from __future__ import annotations

import base64
import codecs
import json
import sys
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import product
from typing import Any

from access_es.front_doors import LAMBDA_ANSWER_BYTES, FrontDoor
from access_es.messages import Headers, ProxyResponse

# awslambdaric's marshaller writes non-ASCII characters as they are from Python 3.12 on, and as \uXXXX before.
_ESCAPES_NON_ASCII = sys.version_info < (3, 12)
_MAX_BYTES_PER_BYTE = 6  # of a body byte, serialized: a control character becomes \u00XX
_ESCAPED_SHORT = b'"\\\b\f\n\r\t'  # with a backslash; RFC 8259, 7
# As \u00XX. DEL is no control character to JSON, but simplejson, which the marshaller uses, escapes all but " " to "~".
_ESCAPED_LONG = bytes(set(range(32)) - set(_ESCAPED_SHORT) | ({127} if _ESCAPES_NON_ASCII else set()))
_NEVER_ESCAPED = bytes(set(range(256)) - set(_ESCAPED_SHORT + _ESCAPED_LONG))
_ASCII, _CONTINUING, _FIRST_OF_FOUR = bytes(range(0x80)), bytes(range(0x80, 0xC0)), bytes(range(0xF0, 0xF8))
_FALSE_OVER_TRUE = 1  # `false` against `true`, for a body that leaves as base64
_DROPPED = frozenset(("content-length",))  # the door counts for itself; but see `door_headers`
_REASONS = {status.value: status.phrase for status in HTTPStatus}

Answer = dict[str, Any]


def build_answer(
    door: FrontDoor, status: int, headers: Headers, body: bytes, *, method: str = "GET", reason: str | None = None
) -> Answer:
    """The object for this door. It need not fit: see `fits`."""
    sent = b"" if method == "HEAD" or status in (204, 304) else body
    answer = _without_body(door, status, door_headers(headers, bool(sent), method), reason)
    answer["isBase64Encoded"] = is_base64 = _leaves_as_base64(door, headers, (sent,), _json_bytes(answer))
    answer["body"] = base64.b64encode(sent).decode("ascii") if is_base64 else sent.decode()
    return answer


def envelope_bytes(
    door: FrontDoor, status: int, headers: Headers, pieces: Sequence[bytes], *, reason: str | None = None
) -> int:
    """What an answer to a GET takes on its way out of the function. Counted piece by piece, never written."""
    sent = () if status in (204, 304) else pieces
    wrapper = _json_bytes(_without_body(door, status, door_headers(headers, any(sent), "GET"), reason))
    as_base64 = wrapper - _FALSE_OVER_TRUE + _base64_bytes(_length(sent))
    if _is_coded(headers) or not _is_text(sent):
        return as_base64
    as_text = wrapper + _text_bytes(sent)
    limit = door.answer_bytes
    return as_base64 if limit is not None and as_base64 <= limit < as_text else as_text


def fits(door: FrontDoor, status: int, headers: Headers, pieces: Sequence[bytes], reason: str | None = None) -> bool:
    """Whether a finished answer gets through the door whole."""
    if door.answer_bytes is None:
        return True
    if (_length(pieces) + header_bytes(headers)) * _MAX_BYTES_PER_BYTE + 512 < door.answer_bytes:
        return True  # so most are never counted
    return envelope_bytes(door, status, headers, pieces, reason=reason) <= door.answer_bytes


def header_bytes(headers: Headers) -> int:
    """What the headers take on the wire."""
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers)


class DoorSizeLimit:
    """The size limit of one front door, for `delivery.fit`."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door

    @property
    def limit_bytes(self) -> int:
        """The limit of a serialized answer: no larger body ever fits."""
        return self._door.answer_bytes or LAMBDA_ANSWER_BYTES

    def fits(self, answer: ProxyResponse, pieces: Sequence[bytes]) -> bool:
        """Whether `answer` gets through with these bytes in place of its body."""
        return fits(self._door, answer.status, answer.headers, pieces, answer.reason)


def _without_body(door: FrontDoor, status: int, headers: Headers, reason: str | None) -> Answer:
    """The object without its body."""
    answer: Answer = {"statusCode": status, "isBase64Encoded": False, "body": "", **shape_headers(door, headers)}
    if door.name == "alb":  # REST refuses answers with keys it does not know
        answer["statusDescription"] = f"{status} {reason or _REASONS.get(status, 'Unknown')}"
    return answer


def _leaves_as_base64(door: FrontDoor, headers: Headers, pieces: Sequence[bytes], wrapper_bytes: int) -> bool:
    """Text where nothing can happen to it, else base64.

    Text where it can be, since REST decodes base64 only for a request whose first Accept type is among its binary
    types (recorded on AWS: localstack, test_aws_proxy_binary_response); base64 where only that fits.
    """
    return _is_coded(headers) or not _is_text(pieces) or _fits_as_base64_alone(door, pieces, wrapper_bytes)


def _is_text(pieces: Iterable[bytes]) -> bool:
    """Whether it is UTF-8, whose characters may be cut in two between pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            if not piece.isascii() or decoder.getstate()[0]:
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_coded(headers: Headers) -> bool:
    return any(name.lower() == "content-encoding" and value.lower() != "identity" for name, value in headers)


def _fits_as_base64_alone(door: FrontDoor, pieces: Sequence[bytes], wrapper_bytes: int) -> bool:
    length = _length(pieces)
    if door.answer_bytes is None or length * _MAX_BYTES_PER_BYTE + wrapper_bytes < door.answer_bytes:
        return False
    left_bytes = door.answer_bytes - wrapper_bytes
    return _base64_bytes(length) - _FALSE_OVER_TRUE <= left_bytes < _text_bytes(pieces)


def _length(pieces: Iterable[bytes]) -> int:
    return sum(map(len, pieces))


def _base64_bytes(length: int) -> int:
    return (length + 2) // 3 * 4  # RFC 4648, 4: four for each three, and for what is left


def _text_bytes(pieces: Iterable[bytes]) -> int:
    """What UTF-8 takes inside of a JSON string; counted, since writing megabytes to know their length is slow."""
    return sum(_piece_bytes(piece) for piece in pieces)


def _piece_bytes(piece: bytes) -> int:
    size = len(piece)
    if _ESCAPES_NON_ASCII and not piece.isascii():  # a character of four bytes leaves as a pair of surrogates
        wide = piece.translate(None, _ASCII)
        characters = len(wide.translate(None, _CONTINUING))
        pairs = len(wide) - len(wide.translate(None, _FIRST_OF_FOUR))
        size += 6 * (characters + pairs) - len(wide)
    escaped = piece.translate(None, _NEVER_ESCAPED)
    long = escaped.translate(None, _ESCAPED_SHORT)
    return size + len(escaped) + 4 * len(long)


def _json_bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=_ESCAPES_NON_ASCII).encode())


def door_headers(headers: Headers, has_body: bool, method: str) -> Headers:
    """The headers that the door gets. A HEAD answer keeps the length that a GET would have brought.

    Where a body has no type, the doors call it JSON or text: application/octet-stream says as little as its absence
    (RFC 9110, 8.3), and no client parses it.
    """
    is_head = method == "HEAD"
    kept = [(name, value) for name, value in headers if is_head or name.lower() not in _DROPPED]
    typed = [value for name, value in kept if name.lower() == "content-type" and value.strip()]
    if typed or not (has_body or is_head):
        return tuple(kept)
    return (
        *((name, value) for name, value in kept if name.lower() != "content-type"),
        ("Content-Type", "application/octet-stream"),
    )


def shape_headers(door: FrontDoor, headers: Headers) -> Answer:
    """The keys that carry the headers of an answer for this door."""
    return _FORMS[door.answer_form](headers)


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
    return {"headers": {**joined["headers"], **dict(zip(_case_variants("set-cookie"), cookies, strict=False))}}


def _case_variants(name: str) -> Iterable[str]:
    """512 spellings of set-cookie."""
    return ("".join(letters) for letters in product(*_cases(name)))


def _cases(name: str) -> list[tuple[str, ...]]:
    return [(letter.lower(), letter.upper()) if letter.isalpha() else (letter,) for letter in name]


_FORMS = {"multi": _multi, "joined": _joined, "single": _single}
