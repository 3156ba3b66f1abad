"""What is wrong with a method or a target that cannot be passed on, and what was probably meant."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_SHOWN_CHARACTERS = 200


def explain_method(method: str) -> str | None:
    """A sentence for a method that is not one; None for any other. Methods differ by case (RFC 9110, 9.1)."""
    if not _TOKEN.fullmatch(method):
        return "The method has characters that HTTP does not allow in it."
    if method != method.upper():
        shown = method[:_SHOWN_CHARACTERS]
        return f"HTTP methods are written in capital letters: send {shown.upper()}, not {shown}."
    return None


def explain_target(target: bytes) -> str | None:
    """A sentence for a target that names no path on this host; None for one that does."""
    if target.startswith(b"/"):
        return None
    if target == b"*":
        return "The target '*' means the server as a whole. Name a path, such as /_cat/indices."
    shown = target[:_SHOWN_CHARACTERS].decode("ascii", "replace")
    if b"://" in target or re.fullmatch(rb"[^/?#]*:\d+", target):
        return f"The target '{shown}' names another scheme or host. Name a path on this host, such as /_cat/indices."
    return f"The path must begin with a slash: send /{shown}"
