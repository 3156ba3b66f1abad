"""Counts changes, for stores that other processes change too without notice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class ChangeCounter(Protocol):
    def revision(self) -> int:
        """A number that differs after users, tokens or revocations changed, by whomever; asked at every request.

        A store that cannot know cheaply always gives the same: then changes take effect after the recheck time.
        """
        ...


class LocalChangeCounter:
    """Counts what this process changed, so that it takes effect at once; other changes do after the recheck time."""

    def __init__(self) -> None:
        self._revision = 0
        self._lock = threading.Lock()

    def revision(self) -> int:
        return self._revision

    @contextmanager
    def change(self) -> Iterator[None]:
        """Around a change, done or not: one that failed for want of an answer may have happened."""
        try:
            yield
        finally:
            with self._lock:  # two that counted at once would pass for one, and hide the one that ended later
                self._revision += 1
