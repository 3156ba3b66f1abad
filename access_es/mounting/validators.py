"""The ETag of a rewritten document: marked, so that it stands for our bytes and still finds the domain's.

A marked tag is weak (RFC 9110, 8.8.1: the same content, not the same bytes) and names the version of the rewriting, so
that what an older one made is asked for again. The mount need not be in it: it is part of the document's address.
"""

from __future__ import annotations

import re

_MARK = "~m1"
_WAS_WEAK = "w"
_TAG = re.compile(r'(?:W/)?"[^"]*"')
_MARKED = re.compile(rf'W/"([^"]*){_MARK}({_WAS_WEAK}?)"')
_OTHER_MARK = re.compile(r'W/"[^"]*~m\d+w?"')


def marked(tag: str) -> str:
    """The tag of the rewritten document, of the domain's own tag."""
    weak = _WAS_WEAK if tag.startswith("W/") else ""
    return f'W/{tag.removeprefix("W/")[:-1]}{_MARK}{weak}"' if _TAG.fullmatch(tag) else tag


def unmarked(if_none_match: str) -> str:
    """The domain's own tags in an If-None-Match; empty where it has none of them."""
    if "~m" not in if_none_match:
        return if_none_match
    tags = [_original(tag) for tag in _TAG.findall(if_none_match)]
    return ", ".join(tag for tag in tags if tag)


def is_marked(if_none_match: str) -> bool:
    """Whether it names a rewritten document."""
    return _MARKED.search(if_none_match) is not None


def _original(tag: str) -> str:
    if match := _MARKED.fullmatch(tag):
        return f'{"W/" if match[2] else ""}"{match[1]}"'
    return "" if _OTHER_MARK.fullmatch(tag) else tag
