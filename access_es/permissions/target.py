"""A raw request target, read as the engines read it: literals by their bytes, parameters decoded.

Where two readers could differ (empty and dot segments, escapes that are none, repeated keys, `;`) it is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from access_es.permissions.unjudgeable import Unjudgeable

_UNUSUAL = re.compile(rb"[^\x21\x24-\x5b\x5d-\x7e]")  # blanks, controls, quotes, #, backslash, and bytes beyond ASCII
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN_QUERY = re.compile(rb"[A-Za-z0-9_=&.,*:/~@-]*")


def read_path(path: bytes) -> tuple[str, ...]:
    """The segments of a raw path, as they were sent. Raises Unjudgeable where they have more than one reading.

    A single slash at the end has no meaning to the engines.
    """
    if not path.startswith(b"/") or _UNUSUAL.search(path) or _BAD_ESCAPE.search(path):
        raise Unjudgeable("its path has characters or escapes that may be read in different ways")
    segments = tuple(path[1:].decode("ascii").split("/"))
    if segments[-1] == "":
        segments = segments[:-1]
    if "" in segments or any(_DOTS.fullmatch(segment) for segment in segments):
        raise Unjudgeable("its path has an empty or a dot segment")
    if segments and segments[0][:3].lower() == "%5f":
        raise Unjudgeable("its path begins with an escaped underscore")
    return segments


def decode(segment: str) -> str:
    """A parameter of the path, decoded once. Raises Unjudgeable where it is not UTF-8, or holds control characters."""
    return _decoded(segment.encode("ascii")) if "%" in segment else segment


def read_query(query: bytes) -> Mapping[str, str]:
    """The parameters of a query string. Raises Unjudgeable for repeated or escaped names, and for `;`."""
    if not query:
        return {}
    if _UNUSUAL.search(query) or _BAD_ESCAPE.search(query) or b";" in query:
        raise Unjudgeable("its query string has characters or escapes that may be read in different ways")
    is_plain = _PLAIN_QUERY.fullmatch(query) is not None
    found: dict[str, str] = {}
    for part in query.split(b"&"):
        if not part:
            continue
        key, _, value = part.partition(b"=")
        if b"%" in key or b"+" in key or not key:
            raise Unjudgeable("a parameter's name in its query string is escaped or empty")
        name = key.decode("ascii")
        if name in found:
            raise Unjudgeable(f"the parameter {name} stands in its query string twice")
        found[name] = value.decode("ascii") if is_plain else _value(value)
    return found


def _value(value: bytes) -> str:
    try:
        return unquote_to_bytes(value.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Unjudgeable("its query string is not UTF-8") from None


def _decoded(segment: bytes) -> str:
    try:
        text = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise Unjudgeable("its path is not UTF-8") from None
    if _CONTROL.search(text):
        raise Unjudgeable("its path has control characters")
    return text
