"""Timelion's expressions: which indices their data sources read.

`.es(index=logs-*, q=a)` reads what it names; without `index=` it reads every index. Other sources call out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

_SOURCES = ("es", "elasticsearch", "opensearch")
_FUNCTIONS = frozenset(
    (
        "abs", "add", "aggregate", "bars", "color", "condition", "cusum", "derivative", "divide", "first", "fit",
        "hide", "holt", "if", "label", "legend", "lines", "log", "max", "min", "movingaverage", "movingstd",
        "multiply", "mvavg", "mvstd", "plus", "points", "precision", "range", "scale_interval", "static", "subtract",
        "sum", "title", "trend", "trim", "value", "yaxis",
    )
)  # fmt: skip
_TOKEN = re.compile(
    r"(?P<blank>\s+)|\.(?P<call>[A-Za-z_]\w*)\(|(?P<name>[A-Za-z_]\w*)\s*=|(?P<quoted>\"[^\"\\]*\"|'[^'\\]*')"
    r"|(?P<close>\))|(?P<open>\()|(?P<comma>,)|(?P<plain>[^\s,()\"'=\\]+)"
)
_UNREADABLE = "its Timelion expression cannot be read without doubt"


def needs_of_expression(expression: object) -> Iterator[Need]:
    """The reads of one expression. Raises Unjudgeable where a source does not name its index."""
    if not isinstance(expression, str):
        raise Unjudgeable(_UNREADABLE)
    open_calls: list[_Call] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise Unjudgeable(_UNREADABLE)
        at = match.end()
        yield from _take(match, open_calls)
    if open_calls:
        raise Unjudgeable(_UNREADABLE)


class _Call:
    """A function whose parenthesis is open: what it is called, and the index it names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.index: str | None = None
        self.argument: str | None = None  # the name before the value that comes next
        self.position = 0
        self.last_unnamed = -1


def _take(match: re.Match[str], calls: list[_Call]) -> Iterator[Need]:
    kind, text = str(match.lastgroup), match[match.lastgroup or 0]
    if kind == "call":
        calls.append(_Call(text.lower()))
    elif kind == "open":
        calls.append(_Call(""))
    elif kind == "close":
        if not calls:
            raise Unjudgeable(_UNREADABLE)
        yield from _close(calls.pop())
    elif calls and kind == "name":
        if calls[-1].argument is not None:
            raise Unjudgeable(_UNREADABLE)
        calls[-1].argument = text.lower()
    elif calls and kind == "comma":
        calls[-1].argument = None
        calls[-1].position += 1
    elif calls and kind in ("quoted", "plain"):
        _value(calls[-1], text.strip("\"'") if kind == "quoted" else text)


def _value(call: _Call, text: str) -> None:
    if call.argument == "index":
        if call.index is not None:
            raise Unjudgeable(_UNREADABLE)
        call.index = text
    elif call.argument is None:
        call.last_unnamed = call.position


def _close(call: _Call) -> Iterator[Need]:
    if call.name in _SOURCES:
        if not call.index or call.last_unnamed > 2:  # the fourth argument is the index
            raise Unjudgeable("a source in its Timelion expression does not name its index with index=")
        yield Need("read", call.index)
    elif call.name and call.name not in _FUNCTIONS:
        raise Unjudgeable("a function in its Timelion expression is not known")
