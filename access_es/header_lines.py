"""Header lines as HTTP/1.1 writes them, and what follows from their names alone.

A program sends the same lines in the same order with every request, and the domain does so with its answers: only the
values differ. What the names decide is therefore found once for each sequence of names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")
Names = tuple[str, ...]
Pairs = Sequence[tuple[str, str]]
Take = Callable[[Pairs], tuple[tuple[str, str], ...]]

CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\r\n")
_BLANKS = " \t"  # no part of a value (RFC 9110, 5.5)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_MOST_SEQUENCES = 512
_MOST_NAMES = 64
_MOST_CHARACTERS = 2_048


class ByNames(Generic[Found]):
    """`find`, remembered. Names come from outside, so what is kept of them is bounded."""

    __slots__ = ("_find", "_known")

    def __init__(self, find: Callable[[Names], Found]) -> None:
        self._find = find
        self._known: dict[Names, Found] = {}

    def of(self, headers: Pairs) -> Found:
        names = tuple([name for name, _ in headers])
        known = self._known.get(names)
        return self._remember(names) if known is None else known

    def _remember(self, names: Names) -> Found:
        found = self._find(names)
        if len(names) <= _MOST_NAMES and sum(map(len, names)) <= _MOST_CHARACTERS:
            if len(self._known) >= _MOST_SEQUENCES:
                self._known.clear()
            self._known[names] = found
        return found


def places_of(names: Names, *wanted: str) -> tuple[int, ...]:
    """Where names stand, in whatever case."""
    return tuple(place for place, name in enumerate(names) if name.lower() in wanted)


def taking(places: Iterable[int]) -> Take:
    """What takes the lines at these places."""
    chosen = tuple(places)
    if len(chosen) < 2:  # for which itemgetter gives no tuple
        return lambda headers: tuple([headers[place] for place in chosen])
    take: Any = itemgetter(*chosen)
    return take  # type: ignore[no-any-return]


def _require_tokens(names: Names) -> bool:
    if not all(map(_TOKEN.fullmatch, names)):
        raise ValueError("a header name with bytes that HTTP does not allow")
    return True


_TOKENS = ByNames(_require_tokens)


def write_lines(headers: Pairs, forbidden: bytes = b"\0") -> bytes:
    """Each as a line of its own, without the blanks around its value. Raises ValueError where others would be read, or
    a value has a `forbidden` byte."""
    _TOKENS.of(headers)
    data = "".join([f"{name}: {value.strip(_BLANKS)}\r\n" for name, value in headers]).encode("latin-1")
    count = len(headers)
    if data.count(b"\n") != count or data.count(b"\r") != count or len(data.translate(None, forbidden)) != len(data):
        raise ValueError("a header value with bytes that HTTP does not allow")
    return data
