"""Index expressions: whether all that one may mean lies inside what is allowed, without knowing what exists.

The engines split an expression at commas, resolve date math, then wildcards. `,` alone, `<*>`, `_all`, and much else
mean every index, so an item counts only in a form that has a single reading; anything else lies outside.
"""

from __future__ import annotations

import re

from access_es.permissions.roles import Patterns

# What a name or a pattern may consist of: only `*` is a wildcard, and `:` belongs to remote clusters. `_ - +` first
# have meanings of their own: `_all`, exclusion, and on Elasticsearch 5 inclusion.
_NOT_PLAIN = r"\\/?\"<>|,;#:{}\s\x00-\x1f\x7f-\xa0\ud800-\udfff"
_PLAIN = re.compile(rf"[^_+\-*{_NOT_PLAIN}][^*{_NOT_PLAIN}]*")
_PATTERN = re.compile(rf"[^_+\-{_NOT_PLAIN}][^{_NOT_PLAIN}]*")
_EXCLUDED = re.compile(rf"-[^{_NOT_PLAIN}]+")
# Text before the first brace is taken as it stands; the braces can spell anything, and a backslash hides them.
_DATE_MATH = re.compile(r"<([^{}<>\\]+)\{[^<>\\]*\}[^<>\\]*>")


def first_outside(patterns: Patterns, expression: str) -> str | None:
    """The first item of an expression that may mean something outside `patterns`; None if there is none."""
    if patterns.everything or (_PLAIN.fullmatch(expression) and patterns.cover(expression)):
        return None
    has_positive = False
    for item in expression.split(","):
        if has_positive and _EXCLUDED.fullmatch(item):
            continue  # it takes away; it never adds
        if not _is_inside(patterns, item):
            return item or expression
        has_positive = True
    return None


def one_name_outside(patterns: Patterns, name: str) -> str | None:
    """The same for a place that takes one name: no list, no wildcard, no exclusion."""
    if patterns.everything:
        return None
    is_one = _PLAIN.fullmatch(name) or ("*" not in name and "," not in name and _DATE_MATH.fullmatch(name))
    return None if is_one and _is_inside(patterns, name) else name


def _is_inside(patterns: Patterns, item: str) -> bool:
    if _PATTERN.fullmatch(item):
        return patterns.cover(item)
    date_math = _DATE_MATH.fullmatch(item)
    return date_math is not None and bool(_PATTERN.fullmatch(date_math[1])) and patterns.cover_start(date_math[1])
