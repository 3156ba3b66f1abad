"""Long lists: the part that matches the filter, one page of it at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import request

T = TypeVar("T")
PER_PAGE = 50
_MAX_WORDS = 100


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One page of a list. `number` counts from 1; `total` are those that match the filter."""

    items: Sequence[T]
    number: int
    total: int
    words: str

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1

    def query(self, number: int) -> str:
        """The query of another page of the same list."""
        return urlencode({"q": self.words, "page": number} if self.words else {"page": number})

    @property
    def facts(self) -> dict[str, object]:
        """What programs read beside the items."""
        return {"total": self.total, "page": self.number, "pages": self.pages}


def asked_words() -> str:
    """What the filter field says."""
    return request.args.get("q", "").strip()[:_MAX_WORDS]


def asked_part(items: Iterable[T], texts: Callable[[T], Iterable[str]]) -> Part[T]:
    """The page that was asked for, of the items that have every word of the filter in one of their texts."""
    asked = asked_words()
    words = asked.casefold().split()
    found = [item for item in items if not words or _has(words, texts(item))]
    last = max(1, -(-len(found) // PER_PAGE))
    number = min(max(1, _number()), last)
    return Part(found[(number - 1) * PER_PAGE : number * PER_PAGE], number, len(found), asked)


def _has(words: Iterable[str], texts: Iterable[str]) -> bool:
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words)


def _number() -> int:
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
