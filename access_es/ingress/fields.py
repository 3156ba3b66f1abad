"""Reads the fields of a Lambda event. Undocumented content is a BadRequest, never a crash."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from access_es.errors import BadRequest
from access_es.messages import Headers

Event = Mapping[str, Any]
_DOOR_REQUEST_ID = re.compile(r"[A-Za-z0-9._=+/-]{8,128}")


def unreadable(what: str) -> BadRequest:
    return BadRequest("The request cannot be read: the gateway sent it in an unknown form.", detail=f"event: {what}")


def read_text(fields: Event, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise unreadable(f"{name} is not text")
    return value


def read_map(fields: Event, name: str) -> Event:
    """An object, empty where it is null or missing."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unreadable(f"{name} is not an object")
    return value


def read_values(fields: Event, multi_name: str, single_name: str) -> Iterable[tuple[str, str]]:
    """Names and values with repeats, from the map of lists, or the map of single values where there is no such."""
    multi = fields.get(multi_name)
    if multi is None:
        for name, value in read_map(fields, single_name).items():
            yield name, _as_text(value, single_name)
        return
    for name, values in read_map(fields, multi_name).items():
        if not isinstance(values, list):
            raise unreadable(f"{multi_name} holds no lists")
        for value in values:
            yield name, _as_text(value, multi_name)


def read_headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Header pairs as everywhere here: latin-1 text, one character per byte."""
    return tuple((to_bytes(name).decode("latin-1"), _as_received(value)) for name, value in pairs)


def read_body(event: Event) -> bytes:
    """The body, decoded as its flag says: no method and no content type decides that."""
    body = event.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise unreadable("body is not text")
    if not event.get("isBase64Encoded"):
        return to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise unreadable("body is not base64") from None


def as_stream(body: bytes) -> BytesIO:
    return BytesIO(body)


def read_id(context: Event) -> str:
    """The door's own request id, which its logs name too; one of ours where it has none."""
    found = context.get("requestId")
    if isinstance(found, str) and _DOOR_REQUEST_ID.fullmatch(found):
        return found
    return secrets.token_hex(8)


def checked_mount(mount: str) -> str:
    """What stands before our paths begins our redirects too: `//host` there would lead to another site."""
    return "" if mount.startswith("//") or not mount.isascii() else mount


def to_bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # JSON can spell half a character, which no byte of a request was
        raise unreadable("text with a lone surrogate") from None


def _as_text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unreadable(f"{where} holds what is not text")
    return value


def _as_received(value: str) -> str:
    """The bytes of a header value. No door documents how it decodes them; this is right for UTF-8 either way.

    A value decoded as latin-1 shows it: taken back to bytes it is UTF-8. Any other was decoded as UTF-8.
    """
    if value.isascii():
        return value
    try:
        value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return to_bytes(value).decode("latin-1")
    return value
